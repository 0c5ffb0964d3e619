import { describe, expect, test } from 'vitest';

import { lateness, patienceMs, suspicionMs } from '../../../src/protocol/patience.ts';

describe('how long somebody is suspected, from 2 to 30 s', () => {
  // The first three are memberlist's own, with the time that had passed added again.
  test.each([
    [0, 3, 30_000],
    [1, 3, 16_000],
    [2, 3, 7_810],
    [3, 3, 2_000],
    [4, 3, 2_000],
    [1, 1, 2_000],
    [0, 0, 30_000],
  ])('%i of %i don’t reach it either: %i ms', (confirmations, wanted, ms) => {
    expect(suspicionMs(confirmations, wanted, 2_000, 30_000)).toBe(ms);
  });
});

describe('what a late timer says of this peer', () => {
  test.each([
    [-Infinity, 0],
    [-1, 0],
    [250, 0],
    [251, 1],
    [999, 1],
    [1_000, 2],
    [3_000, 4],
    [3_600_000, 3_601],
  ])('%i ms late: %i points', (lateMs, points) => {
    expect(lateness(lateMs)).toBe(points);
  });
});

describe('how long one that came back is waited for', () => {
  test.each([
    [0, 8_000],
    [1, 16_000],
    [3, 64_000],
    [1_000, 64_000],
  ])('after %i times %i ms', (times, ms) => {
    expect(patienceMs(8_000, times)).toBe(ms);
  });
});
