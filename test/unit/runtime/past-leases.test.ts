import { expect, test } from 'vitest';

import { PastLeases } from '../../../src/runtime/past-leases.ts';
import { anna, bert } from '../../support/protocol-fixtures.ts';

function leasesOf(...rows: Parameters<PastLeases['add']>[]): PastLeases {
  const leases = new PastLeases();
  for (const row of rows) leases.add(...row);
  return leases;
}

test('leases are told in their order, with whether they were answered', () => {
  const leases = leasesOf([anna, 1, [7, 3]], [bert, 3, [7]]);
  expect(leases.answer(anna, 2, 3)).toBe(true);
  expect([...leases.all()]).toEqual([
    { lease: 1, chunk: 7, peer: anna, isAnswered: false },
    { lease: 2, chunk: 3, peer: anna, isAnswered: true },
    { lease: 3, chunk: 7, peer: bert, isAnswered: false },
  ]);
  expect(leases.last).toBe(3);
});

test('an answer is one of the peer that has the lease, on its chunk, and once', () => {
  const leases = leasesOf([anna, 1, [0]], [bert, 2, [0]]);
  expect(leases.answer(anna, 2, 0)).toBe(false);
  expect(leases.answer(bert, 2, 1)).toBe(false);
  expect(leases.answer(bert, 99_999_999, 0)).toBe(false);
  expect(leases.answer(bert, 0, 0)).toBe(false);
  expect(leases.answer(bert, 2, 0)).toBe(true);
  expect(leases.answer(bert, 2, 0)).toBe(false);
});

test('numbers that were never given are nobody’s leases', () => {
  const leases = leasesOf([anna, 1, [5]], [bert, 20_000, [6, 8]]);
  expect([...leases.all()].map(({ lease, chunk }) => [lease, chunk])).toEqual([
    [1, 5],
    [20_000, 6],
    [20_001, 8],
  ]);
  expect(leases.answer(anna, 10_000, 0)).toBe(false);
  expect(leases.last).toBe(20_001);
});
