import { expect, test } from 'vitest';

import { PastLeases } from '../../../src/runtime/past-leases.ts';
import { NUMBERS_SKIPPED } from '../../../src/protocol/requester/lease-book.ts';
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

test('leases that come to many blocks are told and answered as those of one', () => {
  const count = 40_000;
  const each = 7;
  const leases = new PastLeases();
  const peerOf = (lease: number) => (Math.floor((lease - 1) / each) % 2 === 0 ? anna : bert);
  const chunkOf = (lease: number) => (lease * 31) % count;
  for (let first = 1; first <= count; first += each) {
    const row = Array.from({ length: each }, (_, index) => chunkOf(first + index));
    leases.add(peerOf(first), first, row);
  }
  const all = Array.from({ length: leases.last }, (_, index) => index + 1);
  for (const lease of all.toReversed().filter((number) => number % 3 === 0)) {
    expect(leases.answer(peerOf(lease), lease, chunkOf(lease))).toBe(true);
    expect(leases.answer(peerOf(lease), lease, chunkOf(lease))).toBe(false);
  }
  expect([...leases.all()]).toEqual(
    all.map((lease) => {
      return { lease, chunk: chunkOf(lease), peer: peerOf(lease), isAnswered: lease % 3 === 0 };
    }),
  );
});

test('a thousand restarts cost what their leases do, and not what lies between', () => {
  const leases = new PastLeases();
  const before = process.memoryUsage().arrayBuffers;
  for (let restart = 0; restart < 1000; restart++) {
    const first = 1 + restart * (NUMBERS_SKIPPED + 20);
    leases.add(
      anna,
      first,
      Array.from({ length: 20 }, (_, index) => index),
    );
    // From where on the next process numbers its own.
    leases.add(bert, first + NUMBERS_SKIPPED + 20, []);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  expect([...leases.all()]).toHaveLength(20_000);
  expect(leases.answer(anna, 1 + 999 * (NUMBERS_SKIPPED + 20), 0)).toBe(true);
  expect(leases.last).toBe(1000 * (NUMBERS_SKIPPED + 20));
});

test('a number that is given twice stays whose it was', () => {
  const leases = leasesOf([anna, 1, [5, 6, 7]], [bert, 3, [8, 9]]);
  expect([...leases.all()].map(({ chunk, peer }) => [chunk, peer])).toEqual([
    [5, anna],
    [6, anna],
    [7, anna],
    [9, bert],
  ]);
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
