/**
 * How far a result is believed (Sarmenta, "Sabotage-tolerance mechanisms for volunteer computing
 * systems", 2001).
 *
 * The picture: each peer has a *credibility*, the chance that a result of its is right, by what
 * this requester has seen of it. Peers that returned the same result are a group, and the groups of
 * one chunk bet against each other: a group's *weight* is the product of its peers' odds, and its
 * credibility its share of all weights, "nobody is right" being one more party of weight 1. A chunk
 * is accepted when that share reaches `1 - errorRate`.
 *
 * A fixed number of equal results would be simpler, and costs too much for strangers or too little:
 * two equal results of newcomers, of whom a fifth may lie, are wrong once in 17.
 *
 * Everything here is a pure function of numbers.
 */

import type { CredibilityTrust } from '../../model/job.ts';

/** A result that this peer computed itself. Not infinite, so that sums stay numbers. */
const OWN_WEIGHT = 1e12;
/** No evidence is better than this: memory fails, too. */
const WEIGHT_MAX = 1e9;

/** What a job assumes of peers. */
export type Assumptions = Pick<CredibilityTrust, 'assumeFaulty' | 'identities'>;

/**
 * The chance that a result of a peer is right: `1 - f` of a stranger. Then `1 - f / k` where the
 * caught come back under new names, and `1 - f / ((1 - f) k e)` where they can't.
 *
 * @param passed spot-checks that it passed, k; a fraction counts as less than the next whole one
 */
export function credibilityOf(passed: number, { assumeFaulty, identities }: Assumptions): number {
  const stranger = 1 - assumeFaulty;
  if (passed < 1) return stranger;
  const doubts = identities === 'free' ? assumeFaulty : assumeFaulty / (stranger * Math.E);
  return Math.max(stranger, 1 - doubts / passed);
}

/** The odds `C / (1 - C)`. */
export function weightOf(passed: number, assumptions: Assumptions): number {
  const credibility = credibilityOf(passed, assumptions);
  return Math.min(credibility / (1 - credibility), WEIGHT_MAX);
}

export const ownWeight = OWN_WEIGHT;

/** @param weights of the chunk's groups, the one that is asked about included */
export function groupCredibility(weights: readonly number[], group: number): number {
  const weight = weights[group] ?? 0;
  return weight / (1 + weights.reduce((sum, other) => sum + other, 0));
}

/**
 * By what a group's weight has to be multiplied to be believed against all others: 1 or less if it
 * is already.
 */
export function weightLacking(weight: number, others: number, errorRate: number): number {
  return ((1 - errorRate) / errorRate) * ((1 + others) / weight);
}

/**
 * How often a peer's next lease is a spot-check. A newcomer is checked at once, then at the usual
 * rate, then ever more seldom, and never not at all.
 */
export function checkRate(passed: number): number {
  if (passed < CHECKED_FIRST) return CHECK_RATE_FIRST;
  return Math.max(CHECK_RATE_MIN, Math.min(CHECK_RATE, CHECKS_EACH / passed));
}

/**
 * Chosen by trying, for the least work in all cells of `bench/verification.ts`. A rate of 1 at
 * first would tell a newcomer that it is being checked.
 */
const CHECKED_FIRST = 5;
const CHECK_RATE_FIRST = 0.5;
const CHECK_RATE = 0.055;
const CHECKS_EACH = 4;
/** One in 50: who was honest for long and turns is found out after some 50 results. */
const CHECK_RATE_MIN = 0.02;
