/**
 * What is accepted of 200 peers of which some lie, and what it costs; beside what fixed numbers of
 * equal results and BOINC's rule come to on the same runs. The figures don't depend on the machine:
 * the same seeds give the same ones everywhere. What is modelled is said in
 * `test/support/verification.ts`, and what it all means in `docs/trust.md`.
 */

import type { CredibilityTrust } from '../src/model/job.ts';
import type { VerificationFigures } from '../test/support/verification.ts';
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
  whitewashAtOnce,
} from '../test/support/verification-attacks.ts';
import { Crowd, honest } from '../test/support/verification-crowd.ts';
import {
  byBoinc,
  byEvidence,
  byQuorum,
  knowing,
  saboteurs,
  type Size,
} from '../test/support/verification-runs.ts';
import type { Benchmark, Figure } from './support.ts';

const SEEDS = [1, 2, 3];
const PEERS = 200;
const CHUNKS = 10_000;
const LYING = [1, 0.2, 0.05];

/** Results a chunk at most: what others' simulations of the same formulas came to. */
const CELLS: readonly (CredibilityTrust & { readonly workMax: number })[] = [
  { assumeFaulty: 0.05, identities: 'scarce', errorRate: 1e-3, workMax: 2.26 },
  { assumeFaulty: 0.05, identities: 'scarce', errorRate: 1e-6, workMax: 3.34 },
  { assumeFaulty: 0.05, identities: 'free', errorRate: 1e-3, workMax: 2.34 },
  { assumeFaulty: 0.05, identities: 'free', errorRate: 1e-6, workMax: 3.51 },
  { assumeFaulty: 0.2, identities: 'scarce', errorRate: 1e-3, workMax: 2.38 },
  { assumeFaulty: 0.2, identities: 'scarce', errorRate: 1e-6, workMax: 3.56 },
  { assumeFaulty: 0.2, identities: 'free', errorRate: 1e-3, workMax: 2.81 },
  { assumeFaulty: 0.2, identities: 'free', errorRate: 1e-6, workMax: 4.75 },
  { assumeFaulty: 0.35, identities: 'scarce', errorRate: 1e-3, workMax: 2.54 },
  { assumeFaulty: 0.35, identities: 'scarce', errorRate: 1e-6, workMax: 4.15 },
  { assumeFaulty: 0.35, identities: 'free', errorRate: 1e-3, workMax: 3.65 },
  { assumeFaulty: 0.35, identities: 'free', errorRate: 1e-6, workMax: 6.8 },
];

/** With every peer known for long, at 1e-3. */
const HONEST_WORK_MAX = 1.06;

export const verification: Benchmark = {
  about: `${PEERS} peers, ${CHUNKS} chunks, means of ${SEEDS.length} seeds; wrong per million`,
  run() {
    const cells = CELLS.flatMap((cell) => LYING.flatMap((rate) => cellOf(cell, rate)));
    const others = [0.05, 0.2, 0.35].flatMap((f) => LYING.flatMap((rate) => compared(f, rate)));
    return Promise.resolve([...cells, ...others, ...honestGrid(), ...attacks()]);
  },
};

/** Work as it is allowed, and no more wrong results than were asked for. */
function cellOf(cell: (typeof CELLS)[number], rate: number): Figure[] {
  const { workMax, ...trust } = cell;
  const { assumeFaulty, identities, errorRate } = trust;
  const names = identities === 'free' ? 'renamed' : 'out';
  const who = `${assumeFaulty} ${names} ${errorRate.toExponential()}, lies ${rate * 100} %`;
  const runs = SEEDS.map((seed) =>
    byEvidence({ seed, crowd: saboteurs(PEERS, assumeFaulty, rate), chunks: CHUNKS, trust }),
  );
  return [
    { ...work(who, runs), aim: { atMost: workMax }, mustMeet: true },
    { ...wrong(who, runs), aim: { atMost: errorRate * 1e6 }, mustMeet: true },
  ];
}

function compared(faulty: number, rate: number): Figure[] {
  const who = `${faulty}, lies ${rate * 100} %`;
  const rules: [string, (size: Size) => VerificationFigures][] = [
    ['quorum 2', (size) => byQuorum(2, size, saboteurs(PEERS, faulty, rate))],
    ['quorum 3', (size) => byQuorum(3, size, saboteurs(PEERS, faulty, rate))],
    ['BOINC', (size) => byBoinc(size, saboteurs(PEERS, faulty, rate))],
  ];
  return rules.flatMap(([rule, run]) => both(`${rule} ${who}`, runsOf(run)));
}

function honestGrid(): Figure[] {
  const trust = { errorRate: 1e-3, assumeFaulty: 0.2, identities: 'free' } as const;
  const run = (passed: number) =>
    SEEDS.map((seed) => {
      const crowd = new Crowd().join(PEERS, honest);
      const standings = knowing(crowd, passed);
      return byEvidence({ seed, crowd, chunks: CHUNKS, trust, standings });
    });
  const known = work('honest, 201 checks passed', run(201));
  return [
    work('honest, nobody known', run(0)),
    work('honest, 20 checks passed', run(20)),
    { ...known, aim: { atMost: HONEST_WORK_MAX }, mustMeet: true },
    work(
      'honest, nobody known, BOINC',
      runsOf((size) => byBoinc(size, saboteurs(PEERS, 0, 0))),
    ),
  ];
}

/** At 1e-3. The bound holds, but where half of all peers lie and nobody is known. */
function attacks(): Figure[] {
  const asserted: [string, (size: Size) => VerificationFigures][] = [
    ['nobody attacks', nobodyAttacks],
    ['cheat after 50', (size) => earnThenCheat(size, 50)],
    ['cheat after 200', (size) => earnThenCheat({ ...size, peers: PEERS / 4 }, 200)],
    ['cheat on large jobs', cheatOnLargeJobs],
    ['cheat in the last 5 %', (size) => cheatAtTheEnd(size, 0.05)],
    ['cheat in the last 1 %', (size) => cheatAtTheEnd(size, 0.01)],
    ['sybils join', sybilsJoin],
    ['a new name for each result', whitewashAtOnce],
    ['collude as newcomers', colludeAsNewcomers],
    ['collude on 8 chunks', (size) => colludeOn(size, (chunk) => chunk < 8)],
    ['one result, many names', (size) => copy(size, 0.05)],
    ['lie where no check is', (size) => recogniseChecks(size, 1)],
    ['the same of 5 %', (size) => recogniseChecks(size, 0.05)],
    ['report failures', (size) => refuse(size, 'failure')],
    ['report failures after 50', (size) => refuse(size, 'failure', 50)],
    ['fall silent', (size) => refuse(size, 'silence')],
    ['at a second requester', (size) => twoRequesters(size)[1]],
  ];
  return [
    ...asserted.flatMap(([who, run]) => attacked(who, runsOf(run))),
    ...both('sybils, nobody known', runsOf(sybilsAtFirst)),
  ];
}

function attacked(who: string, runs: readonly VerificationFigures[]): Figure[] {
  const rounds = mean(runs.map((run) => run.rounds));
  return [
    work(who, runs),
    { ...wrong(who, runs), aim: { atMost: 1e3 }, mustMeet: true },
    { what: `${who}: rounds`, value: rounds, unit: '' },
  ];
}

function both(who: string, runs: readonly VerificationFigures[]): Figure[] {
  return [work(who, runs), wrong(who, runs)];
}

function runsOf(run: (size: Size) => VerificationFigures): VerificationFigures[] {
  return SEEDS.map((seed) => run({ seed, peers: PEERS, chunks: CHUNKS }));
}

function work(who: string, runs: readonly VerificationFigures[]): Figure {
  return { what: `${who}: work`, value: mean(runs.map((run) => run.workPerChunk)), unit: '' };
}

function wrong(who: string, runs: readonly VerificationFigures[]): Figure {
  const value = mean(runs.map((run) => run.wrong)) * 1e6;
  return { what: `${who}: wrong`, value, unit: 'ppm' };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
