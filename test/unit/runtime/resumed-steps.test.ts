import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { JobSteps } from '../../../src/model/job.ts';
import { inputFile } from '../../../src/runtime/job-input.ts';
import { ResumedSteps } from '../../../src/runtime/resumed-steps.ts';
import { decodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { specOf } from '../../support/protocol-fixtures.ts';
import { tempDir } from '../../support/temp-dir.ts';

const lines: JobSteps = { type: 'pieces', pieces: { type: 'lines', linesPerChunk: 1 } };

/** Steps of a job that is split from a file, and how that is read. */
async function ofFile(isSplit: boolean) {
  const path = join(tempDir(), 'input.txt');
  await writeFile(path, 'a\nb\n');
  const files = [await inputFile(path)];
  const kept = {
    spec: specOf({ steps: lines }),
    files,
    ...(isSplit && ({ isSplit: true } as const)),
  };
  const steps = new ResumedSteps(kept, { sandbox: fakeSandbox(), store: new MemoryStore() });
  const inputs = async (): Promise<string[]> => {
    const batches = await Array.fromAsync(steps.split(new AbortController().signal));
    return batches.flat().map((input) => Buffer.from(bytesIn(input)).toString());
  };
  return { path, steps, inputs };
}

function bytesIn(input: Uint8Array): Uint8Array {
  const value = decodeCanonical(input);
  if (value instanceof Uint8Array) return value;
  throw new Error('a line is no bytes');
}

test('an input that is what it was is split as it was', async () => {
  const { inputs, steps } = await ofFile(false);
  expect(await inputs()).toEqual(['a\n', 'b\n']);
  await steps.closeInput();
});

test('an input that has changed since is not split, and the job says so', async () => {
  const { path, inputs } = await ofFile(false);
  await utimes(path, 1, 1);
  expect(await gridErrorOf(inputs())).toMatchObject({
    code: 'input-unreadable',
    message: expect.stringContaining(`${path} has changed since`),
  });
});

test('nor is one that is gone', async () => {
  const { path, inputs, steps } = await ofFile(false);
  await rm(path);
  expect((await gridErrorOf(inputs())).message).toContain(`${path} is gone since`);
  await steps.closeInput();
});

test('nothing is asked of the input of a job that is split already', async () => {
  const { path, steps } = await ofFile(true);
  await rm(path);
  const results = async function* () {
    yield [Uint8Array.of(0x41, 0x61)];
  };
  const output = await steps.merge(results, new AbortController().signal);
  expect(output.kind).toBe('bytes');
});
