import { expect, test } from 'vitest';

import { Sample } from '../../../src/runtime/sample.ts';

const chunksIn = (sample: Sample, chunks: number) =>
  Array.from({ length: chunks }, (_, chunk) => chunk).filter((chunk) => sample.has(chunk));

test('a sample has as many different chunks as were asked for, each with the same chance', () => {
  expect(chunksIn(new Sample(5, 9), 9)).toEqual([0, 1, 2, 3, 4]);
  const counts = new Map<number, number>();
  for (let round = 0; round < 2000; round++) {
    const sample = new Sample(10, 3);
    const chunks = chunksIn(sample, 10);
    expect([sample.size, chunks.length]).toEqual([3, 3]);
    for (const chunk of chunks) counts.set(chunk, (counts.get(chunk) ?? 0) + 1);
  }
  // 600 each, with a deviation of 20.
  for (let chunk = 0; chunk < 10; chunk++) {
    expect(counts.get(chunk)).toBeGreaterThan(480);
    expect(counts.get(chunk)).toBeLessThan(720);
  }
});

test('more chunks than a Set could have may be picked from', () => {
  const sample = new Sample(2 ** 28, 3);
  expect(sample.size).toBe(3);
});
