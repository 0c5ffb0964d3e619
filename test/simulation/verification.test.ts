/** What is accepted where a fifth of the peers lie, and what it costs: `docs/trust.md`. */

import { expect } from 'vitest';

import type { CredibilityTrust } from '../../src/model/job.ts';
import { simulate } from '../support/simulator/seeds.ts';
import { Crowd, honest } from '../support/verification-crowd.ts';
import { byBoinc, byEvidence, byQuorum, knowing, saboteurs } from '../support/verification-runs.ts';

const PEERS = 100;
const CHUNKS = 4_000;
/** As in `bench/verification.ts`, and a tenth more: in smaller jobs less is seen of each peer. */
const cells: readonly (CredibilityTrust & { readonly rate: number; readonly workMax: number })[] = [
  { assumeFaulty: 0.05, identities: 'free', errorRate: 1e-3, rate: 0.2, workMax: 2.34 * 1.1 },
  { assumeFaulty: 0.2, identities: 'scarce', errorRate: 1e-3, rate: 0.05, workMax: 2.38 * 1.1 },
  { assumeFaulty: 0.2, identities: 'free', errorRate: 1e-3, rate: 1, workMax: 2.81 * 1.1 },
  { assumeFaulty: 0.2, identities: 'free', errorRate: 1e-6, rate: 0.2, workMax: 4.75 * 1.1 },
  { assumeFaulty: 0.35, identities: 'free', errorRate: 1e-3, rate: 1, workMax: 3.65 * 1.1 },
];

simulate('wrong results stay under the bound, for little more than the work', [1], (seed) => {
  for (const { rate, workMax, ...trust } of cells) {
    const crowd = saboteurs(PEERS, trust.assumeFaulty, rate);
    const run = byEvidence({ seed, crowd, chunks: CHUNKS, trust });
    expect(run.wrong).toBeLessThanOrEqual(trust.errorRate);
    expect(run.workPerChunk).toBeLessThanOrEqual(workMax);
    expect(run.caught).toBeGreaterThan(0);
    // Those that contradicted a wrong result while it was accepted.
    expect(run.caughtByMistake).toBeLessThanOrEqual(25);
  }
});

const usual: CredibilityTrust = { errorRate: 1e-3, assumeFaulty: 0.2, identities: 'free' };

simulate('a grid of honest peers that are known costs hardly more than the work', [1], (seed) => {
  const crowd = new Crowd().join(PEERS, honest);
  const standings = knowing(crowd, 201);
  const run = byEvidence({ seed, crowd, chunks: CHUNKS, trust: usual, standings });
  expect(run).toMatchObject({ wrong: 0, caught: 0 });
  expect(run.workPerChunk).toBeLessThanOrEqual(1.06);
  // They are still checked.
  expect(run.workPerChunk).toBeGreaterThan(1.01);
});

simulate('what is known of peers saves work in the next job', [1], (seed) => {
  const crowd = new Crowd().join(PEERS, honest);
  const standings = knowing(crowd, 0);
  const works = [1, 2].map(() => {
    return byEvidence({ seed, crowd, chunks: CHUNKS, trust: usual, standings }).workPerChunk;
  });
  expect(works[1]).toBeLessThan(Number(works[0]));
});

simulate('fixed numbers and adaptive replication let a crowd of liars through', [1], (seed) => {
  const size = { seed, peers: PEERS, chunks: CHUNKS };
  const liars = () => saboteurs(PEERS, 0.2, 1);
  expect(byQuorum(2, size, liars()).wrong).toBeGreaterThan(0.05);
  expect(byQuorum(3, size, liars()).wrong).toBeGreaterThan(0.02);
  expect(byBoinc(size, liars()).wrong).toBeGreaterThan(0.05);
  expect(byEvidence({ ...size, crowd: liars(), trust: usual }).wrong).toBeLessThanOrEqual(1e-3);
});

/** The share of an honest host's results that is compared. */
simulate('adaptive replication compares ever less of an honest host', [1], (seed) => {
  const crowd = () => new Crowd().join(PEERS, honest);
  const [first = 0, second = 0] = [100, 500].map((each) => {
    const run = byBoinc({ seed, peers: PEERS, chunks: each * PEERS }, crowd());
    return run.workPerChunk - 1;
  });
  expect(first).toBeLessThan(0.2);
  expect(second).toBeLessThan(first / 2);
});
