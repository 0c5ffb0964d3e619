import { expect, test } from 'vitest';

import { checkRate } from '../../../../src/protocol/requester/credibility.ts';
import { SpotChecks } from '../../../../src/protocol/requester/spot-checks.ts';
import { anna, bert, digestNumbered } from '../../../support/protocol-fixtures.ts';
import { Dice, standingsOf } from '../../../support/protocol-evidence.ts';

const digestOf = (chunk: number) => digestNumbered(1_000 + chunk);

/** @param passed by Anna */
function checksOf(passed: number, verified = 8) {
  const dice = new Dice();
  const checks = new SpotChecks(standingsOf([[anna, passed]]), dice);
  for (let chunk = 0; chunk < verified; chunk++) checks.verified.add(chunk, digestOf(chunk), []);
  /** Whether Anna is checked when the dice say so. */
  const isChecked = (thrown: number): boolean => {
    dice.clear();
    dice.throw(thrown, 0, 0.2, 0.4, 0.6, 0.8);
    return checks.next(anna) !== undefined;
  };
  return { checks, dice, isChecked };
}

test('nobody is checked while nothing is verified, and nothing is thrown for it', () => {
  const { checks, dice } = checksOf(0, 0);
  dice.throw(0);
  expect(checks.next(anna)).toBeUndefined();
  expect(dice.next()).toBe(0);
});

test.each([0, 10, 1_000])('a peer that passed %i checks is checked at the rate of it', (passed) => {
  const { isChecked } = checksOf(passed);
  const rate = checkRate(passed);
  expect([isChecked(rate - 0.001), isChecked(rate)]).toEqual([true, false]);
});

test('checks that are out count as passed, so that not all of a batch are checks', () => {
  const { checks, isChecked } = checksOf(0);
  const rate = checkRate(0) - 0.01;
  let out = 0;
  for (; isChecked(rate); out++) checks.begin(out, anna, digestOf(0));
  expect(checkRate(out - 1)).toBeGreaterThan(rate);
  expect(checkRate(out)).toBeLessThan(rate);
  checks.end(0);
  checks.worked(anna);
  expect(isChecked(rate)).toBe(true);
});

test('who was not checked is not asked about again until it has worked', () => {
  const { checks, isChecked } = checksOf(0);
  expect(isChecked(0.999)).toBe(false);
  expect(isChecked(0)).toBe(false);
  checks.worked(anna);
  expect(isChecked(0)).toBe(true);
});

test('a check ends once, with what its result should be', () => {
  const { checks } = checksOf(0);
  checks.begin(5, anna, digestOf(1));
  checks.begin(6, bert, digestOf(2));
  expect([checks.end(6), checks.end(5), checks.end(5), checks.end(7)]).toEqual([
    digestOf(2),
    digestOf(1),
    undefined,
    undefined,
  ]);
});

test('one more than its turn is for who has none out, and of what it does not know', () => {
  const { checks } = checksOf(10, 1);
  const more = checks.another(anna);
  expect(more).toMatchObject({ chunk: 0, digest: digestOf(0) });
  expect(checks.another(anna)).toBeUndefined();
  checks.verified.add(9, digestOf(9), []);
  checks.begin(5, anna, digestOf(0));
  expect(checks.another(anna)).toBeUndefined();
  checks.end(5);
  expect(checks.another(bert)).toBeDefined();
});
