import { expect, test } from 'vitest';

import { processBytesMax, silentMs } from '../../../src/sandbox/process-health.ts';

const MiB = 1024 * 1024;

test.each([
  ['grows from look to look', 0, 1000, 1000],
  ['grows by what has passed', 3000, 1900, 4900],
  ['does not grow while this process stood still', 3000, 60_000, 3000],
])('the silence of the process %s', (_what, before, elapsed, after) => {
  expect(silentMs(before, elapsed, 1000)).toBe(after);
});

test.each([
  [1, 512, 16_384, 512 + 3 * 768],
  [8, 512, 16_384, 512 + 10 * 768],
  [8, 64, 16_384, 512 + 10 * 320],
  [8, 512, 8192, 0.75 * 8192],
])(
  'with %i threads of %i MiB on a machine of %i MiB the process may have %i MiB',
  (threads, chunkMiB, machineMiB, mib) => {
    expect(processBytesMax(threads, chunkMiB * MiB, machineMiB * MiB) / MiB).toBe(mib);
  },
);
