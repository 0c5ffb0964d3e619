import { expect, test } from 'vitest';

import { Allowance } from '../../../src/protocol/allowance.ts';

test('so many may be spent at once, then one in a while', () => {
  const allowance = new Allowance(2, 100);
  expect([allowance.has(1_000), allowance.dueAtMs]).toEqual([true, Infinity]);
  allowance.spend();
  expect(allowance.has(1_000)).toBe(true);
  allowance.spend();
  expect([allowance.has(1_000), allowance.dueAtMs]).toEqual([false, 1_100]);
  expect([allowance.has(1_099), allowance.has(1_100)]).toEqual([false, true]);
});

test('what was not spent does not add up beyond the most', () => {
  const allowance = new Allowance(2, 100);
  expect(allowance.has(1_000_000)).toBe(true);
  allowance.spend();
  allowance.spend();
  expect(allowance.has(1_000_000)).toBe(false);
});

test('what came to something costs nothing', () => {
  const allowance = new Allowance(1, 100);
  allowance.spend();
  expect(allowance.has(0)).toBe(false);
  allowance.refund();
  expect(allowance.has(0)).toBe(true);
});

test('several may be asked for and spent together', () => {
  const allowance = new Allowance(5, 100);
  expect([allowance.has(0, 5), allowance.has(0, 6)]).toEqual([true, false]);
  allowance.spend(4);
  expect([allowance.has(0, 2), allowance.has(0, 1), allowance.has(100, 2)]).toEqual([
    false,
    true,
    true,
  ]);
});
