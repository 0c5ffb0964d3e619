/**
 * Every job that ships, from its source to its final result through the bundler and the real
 * sandbox, against the answer in its folder. A job without an expected.json is an error.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { bundleJob } from '../src/cli/bundle.ts';
import type { MergeOutput } from '../src/ports.ts';
import { createSandbox } from '../src/sandbox/create-sandbox.ts';
import { encodeCanonical } from '../src/wire/canonical-cbor.ts';
import { digestOf } from '../src/wire/digest.ts';
import { aJobId, generousLimits } from './support/job-runner.ts';

type Expected = {
  readonly meaning: string;
  readonly params: object;
  /** A file beside it. */
  readonly input?: string;
  readonly kind: MergeOutput['kind'];
  /** Of kind json or text. */
  readonly value?: unknown;
  /** Of kind bytes. */
  readonly sha256?: string;
};

const jobs = join(import.meta.dirname, '..', 'jobs');
const names = readdirSync(jobs, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const sandbox = createSandbox({ slots: 2 });
const { signal } = new AbortController();

afterAll(async () => sandbox.close());

test('the jobs that the README promises ship', () => {
  expect(names).toEqual(expect.arrayContaining(['collatz', 'mandelbrot', 'primes', 'wordcount']));
});

describe.each(names)('%s', (name) => {
  test('gives the result that is expected of it', async () => {
    const expected: Expected = JSON.parse(readFileSync(join(jobs, name, 'expected.json'), 'utf8'));
    expect(found(await runJob(name, expected))).toEqual({
      kind: expected.kind,
      value: expected.value ?? expected.sha256,
    });
  });
});

/** A result as an expected.json states it: bytes by their digest. */
function found({ kind, value }: MergeOutput): { readonly kind: string; readonly value: unknown } {
  if (kind === 'bytes') return { kind, value: digestOf(value) };
  const text = new TextDecoder().decode(value);
  return { kind, value: kind === 'json' ? JSON.parse(text) : text };
}

async function runJob(name: string, expected: Expected): Promise<MergeOutput> {
  const { program: source } = await bundleJob(name);
  const program = digestOf(source);
  expect(await sandbox.load(program, source)).toBeUndefined();
  const params = encodeCanonical(expected.params);
  const input =
    expected.input === undefined
      ? undefined
      : { name: expected.input, path: join(jobs, name, expected.input) };
  return sandbox.merge(program, params, results(), signal);

  async function* results(): AsyncGenerator<Uint8Array[]> {
    for await (const inputs of sandbox.split(program, params, input, signal)) {
      const chunks = inputs.map((bytes, chunk) => ({ lease: chunk, chunk, input: bytes }));
      const batch = { job: aJobId, program, limits: generousLimits, chunks };
      const outcomes = await sandbox.run(batch);
      yield outcomes.map(({ outcome }) => {
        if (outcome.type !== 'result') throw new Error(JSON.stringify(outcome));
        return outcome.value;
      });
    }
  }
}
