import { expect, test } from 'vitest';

import { createRandom, sample } from '../../../src/protocol/random.ts';

function numbers(seed: number, count: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
}

test('the same seed gives the same sequence', () => {
  expect(numbers(42, 100)).toEqual(numbers(42, 100));
});

test('seeds that differ by one give sequences that have nothing in common', () => {
  const first = new Set(numbers(1, 1000));
  expect(numbers(2, 1000).filter((number) => first.has(number))).toEqual([]);
});

test('numbers are spread evenly over [0, 1)', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const number of numbers(7, 10_000)) {
    const tenth = Math.floor(number * 10);
    tenths[tenth] = (tenths[tenth] ?? Number.NaN) + 1;
  }
  expect(tenths).toHaveLength(10);
  expect(Math.min(...tenths)).toBeGreaterThan(850);
  expect(Math.max(...tenths)).toBeLessThan(1150);
});

test('a sample has different items and leaves the list alone', () => {
  const items = ['a', 'b', 'c', 'd', 'e'];
  const taken = sample(createRandom(3), items, 3);
  expect(new Set(taken).size).toBe(3);
  expect(items).toEqual(expect.arrayContaining(taken));
  expect(items).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test.each([
  [0, 0],
  [5, 5],
  [9, 5],
])('a sample of %i from five items has %i', (count, length) => {
  expect(sample(createRandom(1), [1, 2, 3, 4, 5], count)).toHaveLength(length);
});

test('every item is the first of a sample about as often', () => {
  const random = createRandom(5);
  const firsts = Array.from({ length: 4000 }, () => sample(random, [0, 1, 2, 3], 1)[0]);
  for (const item of [0, 1, 2, 3]) {
    const share = firsts.filter((first) => first === item).length;
    expect(share).toBeGreaterThan(850);
    expect(share).toBeLessThan(1150);
  }
});
