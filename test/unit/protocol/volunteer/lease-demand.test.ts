import { describe, expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import {
  leasesWanted,
  runsWanted,
  runSize,
} from '../../../../src/protocol/volunteer/lease-demand.ts';

describe('leases to hold of a job', () => {
  test.each([
    { slots: 0, chunkMs: undefined, leases: 0 },
    { slots: 2, chunkMs: undefined, leases: 6 },
    { slots: 1, chunkMs: 1000, leases: 2 },
    { slots: 4, chunkMs: 250, leases: 8 },
    { slots: 4, chunkMs: 25, leases: 20 },
    { slots: 2, chunkMs: 0.05, leases: 1026 },
    { slots: 1, chunkMs: 0, leases: 513 },
    { slots: 8, chunkMs: 0, leases: 4096 },
    { slots: 10_000, chunkMs: 1000, leases: 4096 },
  ])('$slots slots, $chunkMs ms a chunk: $leases', ({ slots, chunkMs, leases }) => {
    expect(leasesWanted(slots, chunkMs, undefined)).toBe(leases);
  });

  test.each([
    { inputBytes: 10, leases: 1026 },
    { inputBytes: 64 * 1024, leases: 256 },
    { inputBytes: 1024 * 1024, leases: 16 },
    { inputBytes: 64 * 1024 * 1024, leases: 2 },
  ])('2 slots, quick chunks of $inputBytes bytes: $leases', ({ inputBytes, leases }) => {
    expect(leasesWanted(2, 0.01, inputBytes)).toBe(leases);
  });
});

describe('chunks of a run', () => {
  test.each([
    { chunkMs: undefined, chunks: 1 },
    { chunkMs: 1000, chunks: 1 },
    { chunkMs: 25, chunks: 1 },
    { chunkMs: 12, chunks: 2 },
    { chunkMs: 1, chunks: 25 },
    { chunkMs: 0.01, chunks: 256 },
    { chunkMs: 0, chunks: 256 },
  ])('$chunkMs ms a chunk: $chunks', ({ chunkMs, chunks }) => {
    expect(runSize(chunkMs, undefined)).toBe(chunks);
  });

  test.each([
    { resultBytes: 0, chunks: 256 },
    { resultBytes: 64 * 1024, chunks: 256 },
    { resultBytes: 1024 * 1024, chunks: 16 },
    { resultBytes: limits.resultBytesMax, chunks: 1 },
  ])('quick ones with results of $resultBytes bytes: $chunks', ({ resultBytes, chunks }) => {
    expect(runSize(0.01, resultBytes)).toBe(chunks);
  });
});

describe('runs in the sandbox', () => {
  test.each([
    { slots: 3, chunkMs: undefined, runs: 3 },
    { slots: 3, chunkMs: 51, runs: 3 },
    { slots: 3, chunkMs: 50, runs: 6 },
    { slots: 3, chunkMs: 0.1, runs: 6 },
  ])('$slots slots, $chunkMs ms a chunk: $runs', ({ slots, chunkMs, runs }) => {
    expect(runsWanted(slots, chunkMs)).toBe(runs);
  });
});
