/**
 * What the overlay promises, at full size, in the simulator. Each row says in the file of its
 * scenario what is modelled and what is not. Unlike other benchmarks these numbers don't depend on
 * the machine, but for the last two: the same seed gives the same figures everywhere.
 */

import type { hostility } from '../test/support/simulator/scenarios/hostility.ts';
import { type Cost, type FiguresOf, simulate } from './simulations.ts';
import type { Benchmark, Figure } from './support.ts';

const SEED = 1;
const PEERS_MAX = 10_000;

export const overlay: Benchmark = {
  about: 'whole peers in the simulator; links of 50 ms one way',
  async run() {
    // Together, as many at a time as there are processors; the last one alone, since it is timed.
    const figures = await Promise.all([
      ...[100, 1_000, PEERS_MAX].map(oneSender),
      ...[1_000, PEERS_MAX].map(rotatingSenders),
      ...[0.5, 0.8, 0.9, 0.95].flatMap((share) => [
        crashed(share, 'killed'),
        crashed(share, 'power-lost'),
      ]),
      churned(),
      ...[30, 1_000].flatMap((peers) => [halved(peers, 'both-ways'), halved(peers, 'one-way')]),
      ...(['none', 'mute', 'forge', 'replay', 'flood', 'fill', 'mixed'] as const).map(attacked),
      jobs(2, 0.1, 0),
      jobs(3, 0.05, 0.05),
    ]);
    return [...figures.flat().map(sure), ...(await scaled())];
  },
};

function sure(figure: Figure): Figure {
  return { ...figure, mustMeet: true };
}

async function oneSender(peers: number): Promise<Figure[]> {
  const hopsMax = peers <= 100 ? 6 : peers <= 1_000 ? 9 : 12;
  const run = await simulate('reach', { seed: SEED, peers, senders: 1, offers: 10 });
  return reached(`${count(peers)}, one sender`, run, hopsMax, 0.1);
}

async function rotatingSenders(peers: number): Promise<Figure[]> {
  const run = await simulate('reach', { seed: SEED, peers, senders: 10, offers: 20 });
  return reached(`${count(peers)}, ten senders`, run, undefined, 0.5);
}

function reached(
  who: string,
  run: FiguresOf<'reach'>,
  hopsMax: number | undefined,
  redundancyMax: number,
): Figure[] {
  return [
    share(`${who}: reached`, run.reachedShareMin, 1),
    { what: `${who}: RMR`, value: run.rmrMax, unit: '', aim: { atMost: redundancyMax } },
    {
      what: `${who}: last hop`,
      value: run.ldhMax,
      unit: '',
      ...(hopsMax === undefined ? {} : { aim: { atMost: hopsMax } }),
    },
    { what: `${who}: last peer`, value: run.lastMsMax, unit: 'ms' },
  ];
}

async function crashed(dead: number, how: 'killed' | 'power-lost'): Promise<Figure[]> {
  const run = await simulate('crash', { seed: SEED, peers: PEERS_MAX, share: dead, how });
  const who = `${dead * 100} % ${how === 'killed' ? 'killed' : 'without power'}`;
  const last = `${who}: after round 4`;
  return [
    share(`${who}: at once`, run.reachedAtOnce),
    share(`${who}: after round 1`, run.reachedAfter1),
    share(`${who}: after round 2`, run.reachedAfter2),
    share(`${who}: after round 3`, run.reachedAfter3),
    dead > 0.9 ? share(last, run.reachedAfter4) : share(last, run.reachedAfter4, 0.999),
  ];
}

async function churned(): Promise<Figure[]> {
  const run = await simulate('churn', {
    seed: SEED,
    peers: 1_000,
    minutes: 30,
    replacedShare: 0.1,
    offerEveryMs: 3_000,
  });
  return [
    share('churn 10 %/min: whole offers', run.wholeShare, 0.999),
    { what: 'churn 10 %/min: last peer', value: run.lastMsMax, unit: 'ms' },
  ];
}

/** What a grid is promised to heal in. The smallest take longest: few there look for others. */
const HEALED_S_MAX = 120;

async function halved(peers: number, ways: 'both-ways' | 'one-way'): Promise<Figure[]> {
  const run = await simulate('partition', { seed: SEED, peers, ways, cutMs: 300_000 });
  const who = `${count(peers)}, cut ${ways === 'one-way' ? 'one way' : 'in halves'}`;
  const aim = { atMost: HEALED_S_MAX };
  return [
    { what: `${who}: one overlay again`, value: run.oneOverlayMs / 1_000, unit: 's', aim },
    { what: `${who}: all offers known`, value: run.allKnownMs / 1_000, unit: 's', aim },
  ];
}

async function attacked(attack: Attack): Promise<Figure[]> {
  const run = await simulate('hostility', {
    seed: SEED,
    peers: attackedPeers(attack),
    hostileShare: 0.2,
    attack,
    attackMs: 120_000,
    jobEveryMs: 10_000,
  });
  const who = attack === 'none' ? 'nobody hostile' : `20 % ${attack}`;
  return [
    share(`${who}: jobs at all correct`, run.wholeShare, 1),
    { what: `${who}: last peer`, value: run.lastMsMax, unit: 'ms' },
    { what: `${who}: forgeries accepted`, value: forgeries(run), unit: '', aim: { atMost: 0 } },
    share(`${who}: of active views`, run.hostileActiveShare),
    { what: `${who}: messages a peer`, value: run.messagesPerSecond, unit: '/s' },
  ];
}

/** Where everybody floods there are some 200 million messages among 1,000 peers. */
function attackedPeers(attack: Attack): number {
  return attack === 'flood' || attack === 'mixed' ? 150 : 1_000;
}

type Attack = Parameters<typeof hostility>[0]['attack'];

function forgeries({ forgedOffers, forgedRecords }: FiguresOf<'hostility'>): number {
  return forgedOffers + forgedRecords;
}

const JOBS = 10;
const JOB_SEEDS = 20;

async function jobs(quorum: number, liars: number, colluders: number): Promise<Figure[]> {
  const runs = await Promise.all(
    Array.from({ length: JOB_SEEDS }, (_, index) =>
      simulate('grid', {
        seed: SEED + index,
        peers: 1_000,
        jobs: JOBS,
        chunks: 1_000,
        quorum,
        saboteurShare: liars,
        colluderShare: colluders,
      }),
    ),
  );
  const who = `quorum ${quorum}, ${JOB_SEEDS} seeds`;
  const least = (of: (run: FiguresOf<'grid'>) => number): number => Math.min(...runs.map(of));
  const most = (of: (run: FiguresOf<'grid'>) => number): number => Math.max(...runs.map(of));
  const lastMs = most(({ lastJobMs }) => lastJobMs);
  return [
    { what: `${who}: jobs done`, value: least((run) => run.accepted), unit: '', aim: all(JOBS) },
    { what: `${who}: wrong results`, value: most(({ wrong }) => wrong), unit: '', aim: none },
    { what: `${who}: last job`, value: lastMs / 1_000, unit: 's' },
    { what: `${who}: replicas a chunk`, value: most((run) => run.replicasPerChunk), unit: '' },
  ];
}

async function scaled(): Promise<Figure[]> {
  const run: FiguresOf<'scale'> & Cost = await simulate('scale', {
    seed: SEED,
    peers: PEERS_MAX,
    virtualMs: 600_000,
  });
  const who = `${count(PEERS_MAX)}, ten minutes`;
  return [
    share(`${who}: reached`, run.reachedShareMin, 0.999),
    { what: `${who}: events`, value: run.events / 1e6, unit: 'million' },
    { what: `${who}: processor`, value: run.cpuSeconds, unit: 's', aim: { atMost: 60 } },
    { what: `${who}: memory`, value: run.peakBytes / 2 ** 30, unit: 'GiB', aim: { atMost: 4 } },
  ];
}

const none = { atMost: 0 };

function all(atLeast: number): { readonly atLeast: number } {
  return { atLeast };
}

function share(what: string, value: number, atLeast?: number): Figure {
  const aim = atLeast === undefined ? {} : { aim: { atLeast: atLeast * 100 } };
  return { what, value: value * 100, unit: '%', ...aim };
}

function count(peers: number): string {
  return peers.toLocaleString('en');
}
