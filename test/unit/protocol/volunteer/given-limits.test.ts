import { expect, test } from 'vitest';

import type { ChunkLimits } from '../../../../src/model/job.ts';
import { allowed, unmet } from '../../../../src/protocol/volunteer/given-limits.ts';

const MiB = 2 ** 20;

const given: ChunkLimits = {
  wallMsMax: 120_000,
  memoryBytesMax: 512 * MiB,
  resultBytesMax: 1000,
  stderrBytesMax: 100,
};

test.each<[string, Partial<ChunkLimits>, string | undefined]>([
  ['the same', {}, undefined],
  ['less', { wallMsMax: 1, memoryBytesMax: 1, resultBytesMax: 1, stderrBytesMax: 0 }, undefined],
  ['more stderr', { stderrBytesMax: 5_000 }, undefined],
  [
    'more memory',
    { memoryBytesMax: 1024 * MiB },
    'needs 1 GiB of memory a chunk; this peer gives 512 MiB',
  ],
  ['more time', { wallMsMax: 600_000 }, 'needs 10 min of time a chunk; this peer gives 2 min'],
  [
    'more result',
    { resultBytesMax: 1001 },
    'needs 1001 B of result a chunk; this peer gives 1000 B',
  ],
  [
    'more of two',
    { wallMsMax: 130_000, memoryBytesMax: 513 * MiB },
    'needs 2 min 10 s of time and 513 MiB of memory a chunk; this peer gives 2 min and 512 MiB',
  ],
])('a job that wants %s', (_what, wanted, reason) => {
  expect(unmet({ ...given, ...wanted }, given)).toBe(reason);
});

test('of stderr the smaller holds, of all else what the job says', () => {
  const wanted = { wallMsMax: 5, memoryBytesMax: 6, resultBytesMax: 7, stderrBytesMax: 101 };
  expect(allowed(wanted, given)).toEqual({ ...wanted, stderrBytesMax: 100 });
  expect(allowed({ ...wanted, stderrBytesMax: 99 }, given)).toEqual({
    ...wanted,
    stderrBytesMax: 99,
  });
});
