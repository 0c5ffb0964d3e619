import { expect, test } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import type { Sandbox } from '../../../src/ports.ts';
import { ScriptSteps } from '../../../src/runtime/job-steps.ts';
import { loadableScript } from '../../../src/runtime/loadable.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { specOf } from '../../support/protocol-fixtures.ts';

const { signal } = new AbortController();

function stepsIn(sandbox: Partial<Sandbox>): ScriptSteps {
  const { program, limits } = specOf();
  const read = async (): Promise<Uint8Array> => new Uint8Array(0);
  const script = loadableScript(program, limits.memoryBytesMax, ['split', 'merge'], read);
  const params = new Uint8Array(0);
  const given = { script, params, limits, encoding: 'values', input: undefined } as const;
  return new ScriptSteps(given, { sandbox: fakeSandbox(sandbox), store: new MemoryStore() });
}

function died(): never {
  throw new GridError('internal', 'the process was ended');
}

test('a split that was cut off is begun again, and no chunk comes twice', async () => {
  let times = 0;
  const steps = stepsIn({
    async *split() {
      times += 1;
      yield [Uint8Array.of(1), Uint8Array.of(2)];
      if (times === 1) died();
      yield [Uint8Array.of(3)];
      if (times === 2) died();
      yield [Uint8Array.of(4)];
    },
  });
  const chunks = (await Array.fromAsync(steps.split(signal))).flat();
  expect(chunks.map(([first]) => first)).toEqual([1, 2, 3, 4]);
  expect(times).toBe(3);
});

test('a merge that was cut off is begun again with the first result', async () => {
  const seen: unknown[][] = [];
  const steps = stepsIn({
    merge: async (_key, _params, results) => {
      const these: unknown[] = [];
      seen.push(these);
      for await (const some of results) {
        these.push(...some);
        if (seen.length === 1) died();
      }
      return { kind: 'text', value: Buffer.from('A') };
    },
  });
  async function* results(): AsyncGenerator<readonly Uint8Array[]> {
    yield [Uint8Array.of(1)];
    yield [Uint8Array.of(2)];
  }
  expect(await steps.merge(results, signal)).toMatchObject({ kind: 'text' });
  expect(seen).toEqual([[Uint8Array.of(1)], [Uint8Array.of(1), Uint8Array.of(2)]]);
});

test('a step that sees the sandbox end each time fails', async () => {
  let times = 0;
  const steps = stepsIn({
    merge: async () => {
      times += 1;
      return died();
    },
  });
  async function* nothing(): AsyncGenerator<readonly Uint8Array[]> {
    yield [];
  }
  await expect(steps.merge(nothing, signal)).rejects.toThrow('the process was ended');
  expect(times).toBe(4);
});

test('a step that fails of itself is not begun again', async () => {
  let times = 0;
  const steps = stepsIn({
    merge: async () => {
      times += 1;
      throw new GridError('job-failed', 'no');
    },
  });
  async function* nothing(): AsyncGenerator<readonly Uint8Array[]> {
    yield [];
  }
  await expect(steps.merge(nothing, signal)).rejects.toThrow('no');
  expect(times).toBe(1);
});
