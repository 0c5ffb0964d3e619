import { describe, expect, test } from 'vitest';

import {
  checkRate,
  credibilityOf,
  groupCredibility,
  ownWeight,
  weightLacking,
  weightOf,
} from '../../../../src/protocol/requester/credibility.ts';

const free = { assumeFaulty: 0.2, identities: 'free' } as const;
const scarce = { assumeFaulty: 0.2, identities: 'scarce' } as const;

describe('the credibility of a peer', () => {
  test.each([
    { passed: 0, assumptions: free, credibility: 0.8 },
    { passed: 0.99, assumptions: free, credibility: 0.8 },
    { passed: 1, assumptions: free, credibility: 0.8 },
    { passed: 2, assumptions: free, credibility: 0.9 },
    { passed: 2.5, assumptions: free, credibility: 0.92 },
    { passed: 100, assumptions: free, credibility: 0.998 },
    { passed: 0, assumptions: scarce, credibility: 0.8 },
    { passed: 1, assumptions: scarce, credibility: 0.90803 },
    { passed: 10, assumptions: scarce, credibility: 0.9908 },
    { passed: 1, assumptions: { ...free, assumeFaulty: 0.05 }, credibility: 0.95 },
  ])('after $passed checks with $assumptions is $credibility', (given) => {
    const { passed, assumptions, credibility } = given;
    expect(credibilityOf(passed, assumptions)).toBeCloseTo(credibility, 5);
  });

  test('is never less than a stranger’s', () => {
    // Of a half, e times as many can't stay out: the formula alone says 0.26.
    const many = { assumeFaulty: 0.49, identities: 'scarce' } as const;
    for (let passed = 1; passed < 2; passed += 0.1) {
      expect(credibilityOf(passed, many)).toBeGreaterThanOrEqual(0.51);
    }
  });
});

describe('the weight of a peer', () => {
  test.each([
    [0, 4],
    [1, 4],
    [2, 9],
    [10, 49],
    [200, 999],
  ])('that passed %i checks is %i', (passed, weight) => {
    expect(weightOf(passed, free)).toBeCloseTo(weight, 6);
  });

  test('is bounded, and the requester’s own is more than that', () => {
    expect(weightOf(1e300, free)).toBe(1e9);
    expect(ownWeight).toBeGreaterThan(1e9);
  });
});

describe('the credibility of a group', () => {
  test.each([
    { weights: [], group: 0, credibility: 0 },
    { weights: [4], group: 0, credibility: 0.8 },
    { weights: [16], group: 0, credibility: 16 / 17 },
    { weights: [4, 4], group: 1, credibility: 4 / 9 },
    { weights: [49, 4, 4], group: 0, credibility: 49 / 58 },
    { weights: [49, 4, 4], group: 2, credibility: 4 / 58 },
  ])('number $group of $weights', ({ weights, group, credibility }) => {
    expect(groupCredibility(weights, group)).toBeCloseTo(credibility, 12);
  });

  test('two equal results of newcomers, a fifth of whom lie, are wrong once in 17', () => {
    expect(1 - groupCredibility([weightOf(0, free) ** 2], 0)).toBeCloseTo(1 / 17, 12);
  });

  test.each([
    { weight: 1, others: 0, lacking: 999 },
    { weight: 4, others: 0, lacking: 249.75 },
    { weight: 4, others: 4, lacking: 1_248.75 },
    { weight: 1_000, others: 0, lacking: 0.999 },
  ])('of $weight against $others lacks $lacking at 1e-3', ({ weight, others, lacking }) => {
    expect(weightLacking(weight, others, 1e-3)).toBeCloseTo(lacking, 6);
    // With what it lacked it is just believed.
    expect(groupCredibility([weight * lacking, others], 0)).toBeCloseTo(0.999, 9);
  });
});

test('a peer is checked often at first, then ever more seldom, and never not at all', () => {
  const rates = Array.from({ length: 1_000 }, (_, passed) => checkRate(passed));
  expect(rates).toEqual(rates.toSorted((a, b) => b - a));
  // If it were 1, a newcomer would know that it is being checked.
  expect(rates[0]).toBe(0.5);
  expect([rates[100], rates[200], rates[999], checkRate(1e9)]).toEqual([0.04, 0.02, 0.02, 0.02]);
});
