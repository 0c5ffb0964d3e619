import { expect, test } from 'vitest';

import { computeAll } from '../../../src/sandbox/compute-batch.ts';
import type { ComputeTask } from '../../../src/sandbox/messages.ts';
import { Progress } from '../../../src/sandbox/progress.ts';
import { pack, unpack } from '../../../src/wire/packed.ts';
import { aJobId, generousLimits } from '../../support/job-runner.ts';

/** Chunks of so many bytes each. */
function taskOf(sizes: readonly number[], fillBytes: number): ComputeTask {
  return {
    program: {
      runtime: 'javascript',
      key: 'javascript:x',
      source: new SharedArrayBuffer(0),
      functions: [],
    },
    job: aJobId,
    chunks: Uint32Array.from(sizes.keys()),
    inputs: pack(sizes.map((size) => new Uint8Array(size))),
    limits: generousLimits,
    fillBytes,
    progress: new Progress().shared,
  };
}

test('results come back until they are too many, the last of them whole', async () => {
  const called: number[] = [];
  const { values, digests } = await computeAll(taskOf([2, 3, 40, 1, 1], 6), (input, index) => {
    called.push(index);
    return input;
  });
  expect(called).toEqual([0, 1, 2]);
  expect(unpack(values).map(({ length }) => length)).toEqual([2, 3, 40]);
  expect(digests).toHaveLength(3);
});

test('failures fill nothing', async () => {
  const failure = { kind: 'threw', detail: 'x'.repeat(100) } as const;
  const { values, failures } = await computeAll(taskOf([1, 1, 1], 2), () => failure);
  expect([unpack(values).length, failures.size]).toEqual([3, 3]);
});
