/** Attacks on what a requester believes, and what comes of each: `docs/trust.md`. */

import { expect } from 'vitest';

import { simulate } from '../support/simulator/seeds.ts';
import type { VerificationFigures } from '../support/verification.ts';
import {
  cheatAtTheEnd,
  cheatOnLargeJobs,
  colludeAsNewcomers,
  colludeOn,
  copy,
  earnThenCheat,
  nobodyAttacks,
  recogniseChecks,
  refuse,
  sybilsAtFirst,
  sybilsJoin,
  twoRequesters,
  whitewash,
  whitewashAtOnce,
} from '../support/verification-attacks.ts';

const CHUNKS = 2_000;
const ERROR_RATE = 1e-3;

function sizeOf(seed: number, peers = 100) {
  return { seed, peers, chunks: CHUNKS };
}

/**
 * It ends, with no more wrong results than were asked for. Hardly any honest peer is taken for a
 * liar: only one that contradicts a wrong result which much evidence speaks for.
 */
function expectWithinBound(run: VerificationFigures): void {
  expect(run.isFailed).toBe(false);
  expect(run.workPerChunk).toBeLessThan(4);
  expect(run.wrong).toBeLessThanOrEqual(ERROR_RATE);
  expect(run.caughtByMistake).toBeLessThanOrEqual(3);
}

simulate('who earns first and then cheats loses what it earned', [1], (seed) => {
  // Of 20 peers each computes more than 200 results.
  for (const run of [
    earnThenCheat(sizeOf(seed), 50),
    earnThenCheat(sizeOf(seed, 20), 50),
    earnThenCheat(sizeOf(seed, 20), 200),
  ]) {
    expectWithinBound(run);
    expect(run.caught).toBeGreaterThan(0);
    expect(run.reopened).toBeGreaterThan(0);
  }
});

simulate('who cheats on large jobs only is found out there', [1], (seed) => {
  const run = cheatOnLargeJobs(sizeOf(seed));
  expectWithinBound(run);
  expect(run.caught).toBeGreaterThanOrEqual(20);
});

simulate('who cheats at the end of a job stays under the bound of all of it', [1], (seed) => {
  for (const share of [0.2, 0.05, 0.01]) {
    // One job alone may have bad luck.
    let wrong = 0;
    for (const job of [0, 1, 2]) wrong += cheatAtTheEnd(sizeOf(seed + 10 * job), share).wrong;
    expect(wrong / 3).toBeLessThanOrEqual(ERROR_RATE);
  }
});

simulate('who copies wrong results among its own names is a liar under each', [1], (seed) => {
  const run = copy(sizeOf(seed), 0.05);
  expectWithinBound(run);
  expect(run.caught).toBeGreaterThanOrEqual(20);
});

simulate('who lies where it can tell that no check is stays under the bound', [1], (seed) => {
  for (const rate of [1, 0.2, 0.05]) {
    // One job alone may have bad luck.
    let wrong = 0;
    for (const job of [0, 1, 2]) wrong += recogniseChecks(sizeOf(seed + 10 * job), rate).wrong;
    expect(wrong / 3).toBeLessThanOrEqual(ERROR_RATE);
  }
});

simulate('as many sybils as peers join, and come to nothing', [1], (seed) => {
  const run = sybilsJoin(sizeOf(seed));
  expectWithinBound(run);
  expect(run.workPerChunk).toBeLessThan(2.6);
});

simulate('as many sybils as peers where nobody is known: above what is assumed', [1], (seed) => {
  const { wrong, caughtByMistake } = sybilsAtFirst(sizeOf(seed));
  // One side or the other is believed in all, as the first few chunks fall.
  if (wrong > 0.5) {
    expect(wrong).toBeGreaterThan(0.99);
    expect(caughtByMistake).toBeGreaterThan(50);
  } else expect(wrong).toBeLessThan(0.01);
});

simulate('a new name gains nothing', [1], (seed) => {
  for (const run of [whitewash(sizeOf(seed)), whitewashAtOnce(sizeOf(seed))]) {
    expectWithinBound(run);
    expect(run.workPerChunk).toBeLessThan(2.81);
  }
});

simulate('who is honest but for one chunk seldom wins that one', [1], (seed) => {
  let won = 0;
  for (let job = 0; job < 12; job++) {
    const size = { seed: seed + 1_000 * job, peers: 50, chunks: 1_000 };
    if (colludeOn(size, (chunk) => chunk === 500).wrong > 0) won += 1;
  }
  // Checks show nothing of them, so the error rate says nothing of that chunk: it is one of 12.
  expect(won).toBeLessThanOrEqual(5);
});

simulate('newcomers that lie together at the very beginning win few chunks', [1], (seed) => {
  const jobs = 100;
  let wrong = 0;
  for (let job = 0; job < jobs; job++) {
    const size = { seed: seed + 1_000 * job, peers: 50, chunks: 40 };
    wrong += colludeAsNewcomers(size).wrong * size.chunks;
  }
  // Expected are less than one in these 800; three times as many happen by chance.
  expect(wrong / (8 * jobs)).toBeLessThanOrEqual(4 * ERROR_RATE);
});

simulate('who reports failures can neither fail a job nor change a result', [1], (seed) => {
  for (const earned of [0, 20]) {
    const run = refuse(sizeOf(seed), 'failure', earned);
    expectWithinBound(run);
    expect(run).toMatchObject({ wrong: 0, caught: 0 });
  }
});

simulate('who falls silent delays a job and changes no result', [1], (seed) => {
  const run = refuse(sizeOf(seed), 'silence');
  expectWithinBound(run);
  expect(run).toMatchObject({ wrong: 0, caught: 0 });
  expect(run.workPerChunk).toBeLessThan(2.6);
});

simulate('who was caught at one requester has to be caught at the next', [1], (seed) => {
  const [first, second] = twoRequesters(sizeOf(seed));
  const undisturbed = nobodyAttacks(sizeOf(seed));
  for (const run of [first, second]) {
    expectWithinBound(run);
    expect(run.caught).toBeGreaterThan(0);
    // Nothing is saved at the second.
    expect(run.workPerChunk).toBeGreaterThan(undisturbed.workPerChunk);
  }
});
