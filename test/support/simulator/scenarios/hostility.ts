/**
 * A share of the peers is hostile, and all the others have to hear of each other's jobs all the
 * same, believe nothing that is forged, and not be worn out.
 *
 * The hostile ones (`hostile/`) are there from the beginning: they join while the grid grows, in
 * between the others, and work together as one party. When it has grown they begin with their
 * attack, and at the same moment correct peers begin to offer jobs. As requesters do, each offers
 * its job three times in a minute (`protocol/requester/requester.ts`); a job has reached the grid
 * when every correct peer has accepted an offer of it within that minute.
 *
 * Modelled: intruders whose keys are all free and whose places are as many as they are, or who are
 * all in a few networks; made-up peers by the thousand; a newcomer that knows three addresses, of
 * which one at least is of a correct peer. Not modelled: intruders that come back under new names,
 * that are the majority in somebody's whole neighbourhood of the network, or that read or hold up
 * what others send to each other; nor the cost of cryptography.
 */

import type { JobId } from '../../../../src/model/ids.ts';
import { Conspiracy } from '../hostile/conspiracy.ts';
import { type AttackKind, attackKinds, attackOf } from '../hostile/attacks.ts';
import { Intruder } from '../hostile/intruder.ts';
import { OfferWatch, type Publication } from '../offer-watch.ts';
import { ipNumbered } from '../place.ts';
import type { SimulatedPeer } from '../simulated-peer.ts';
import { Simulator } from '../simulator.ts';
import { entrancesOf, oneOf } from './grown-grid.ts';
import { HostilityWatch, type ViewShares } from './hostility-watch.ts';

type Kind = AttackKind | 'mixed';

export type HostilityOptions = {
  readonly seed: number;
  /** Hostile ones included. */
  readonly peers: number;
  readonly hostileShare: number;
  /** `none`: the hostile ones are not there at all, to compare with. `mixed`: as many of each. */
  readonly attack: Kind | 'none';
  /** From the attack's beginning until the last job is offered. */
  readonly attackMs: number;
  readonly jobEveryMs: number;
};

export type HostilityFigures = {
  readonly correct: number;
  readonly hostile: number;
  readonly jobs: number;
  /** Share of the jobs that reached all correct peers, and pairs that did not come together. */
  readonly wholeShare: number;
  readonly missed: number;
  /** The same of single offers. */
  readonly offersWholeShare: number;
  /** From a job's first offer to when the last correct peer knew it. */
  readonly lastMsMedian: number;
  readonly lastMsMax: number;
  /** Accepted although nobody had signed them: looked at with each offer, and every few seconds. */
  readonly forgedOffers: number;
  readonly forgedRecords: number;
  /** In the middle of the attack, and the worst. */
  readonly hostileActiveShare: number;
  readonly hostileActiveShareMax: number;
  readonly hostilePassiveShare: number;
  readonly madeUpPassiveShare: number;
  /** Correct peers that only hostile ones keep in touch with the others. */
  readonly cutOffMean: number;
  readonly cutOffMax: number;
  /** Messages that a correct peer handles, and the busiest. */
  readonly messagesPerSecond: number;
  readonly messagesPerSecondMax: number;
  /** Correct neighbours that others parted with as dead, unreachable or misbehaved. */
  readonly partedByMistake: number;
  readonly misbehavedByMistake: number;
  /** Hostile neighbours that were found out. */
  readonly caught: number;
};

const NETWORK = { spread: 0.5 };
const GROW_MS = 60_000;
const SETTLE_MS = 30_000;
const OFFER_EVERY_MS = 20_000;
const OFFERS = 3;
const REACH_MS = 60_000;
const SAMPLE_EVERY_MS = 5_000;
/** Of each intruder. */
const MADE_UP = 10;
/** Half of the intruders share so many networks. */
const FEW_NETWORKS = 4;

type Grid = {
  readonly simulator: Simulator;
  readonly conspiracy: Conspiracy;
  readonly offers: OfferWatch;
  readonly watch: HostilityWatch;
  readonly correct: SimulatedPeer[];
  readonly intruders: Intruder[];
};

type Job = { readonly job: JobId; readonly by: SimulatedPeer; readonly atMs: number };

export function hostility(options: HostilityOptions): HostilityFigures {
  const grid = emptyGrid(options.seed);
  grow(grid, options);
  const { simulator, watch, intruders } = grid;
  const messagesBefore = new Map(watch.messages);
  const beginMs = simulator.nowMs;
  for (const intruder of intruders) intruder.begin();
  const samples: ViewShares[] = [];
  const jobs: Job[] = [];
  while (simulator.nowMs < beginMs + options.attackMs + REACH_MS) {
    if (simulator.nowMs < beginMs + options.attackMs) jobs.push(offerJob(grid));
    const untilMs = simulator.nowMs + options.jobEveryMs;
    while (simulator.nowMs < untilMs) {
      simulator.runFor(Math.min(SAMPLE_EVERY_MS, untilMs - simulator.nowMs));
      samples.push(watch.shares());
    }
  }
  const seconds = (simulator.nowMs - beginMs) / 1_000;
  return {
    correct: grid.correct.length,
    hostile: intruders.length,
    ...heard(grid, jobs),
    forgedOffers: grid.offers.forged,
    forgedRecords: watch.forgedRecords,
    ...viewed(samples),
    ...handled(grid, messagesBefore, seconds),
    partedByMistake: total(watch.mistakes),
    misbehavedByMistake: watch.mistakes.misbehaved,
    caught: watch.caught.misbehaved,
  };
}

function emptyGrid(seed: number): Grid {
  const simulator = new Simulator({ seed, network: NETWORK });
  const offers = new OfferWatch(simulator);
  const conspiracy: Conspiracy = new Conspiracy({
    random: simulator.random,
    nowMs: () => simulator.nowMs,
    onOffer: (offer) => offers.noteOther(offer),
    onRecord: (record) => watch.noteRecord(record),
  });
  const watch = new HostilityWatch(conspiracy);
  simulator.observer = (peer, event, effects) => {
    offers.observe(peer, event, effects);
    watch.observe(peer, event, effects);
  };
  return { simulator, conspiracy, offers, watch, correct: [], intruders: [] };
}

/** They come in any order, the first of them correct. */
function grow(grid: Grid, { peers, hostileShare, attack }: HostilityOptions): void {
  const { simulator, correct, intruders } = grid;
  const hostile = attack === 'none' ? 0 : Math.round(peers * hostileShare);
  const all = attack === 'none' ? peers - Math.round(peers * hostileShare) : peers;
  while (correct.length + intruders.length < all) {
    const left = all - correct.length - intruders.length;
    const isHostile = simulator.random.next() * left < hostile - intruders.length;
    if (attack !== 'none' && isHostile && correct.length > 0) addIntruder(grid, attack);
    else if (correct.length < all - hostile) addCorrect(grid);
    simulator.runFor(GROW_MS / all);
  }
  simulator.runFor(SETTLE_MS);
}

function addCorrect({ simulator, watch, correct, intruders }: Grid): void {
  const hosts = intruders.map(({ host }) => host);
  const some = entrancesOf(simulator, [...correct, ...hosts]);
  const entrances =
    correct.length === 0 ? [] : [oneOf(simulator, correct).address, ...some.slice(1)];
  const peer = simulator.addPeer({ entrances, conduct: { slots: 0 } });
  correct.push(peer);
  watch.add(peer);
}

function addIntruder({ simulator, conspiracy, correct, intruders }: Grid, kind: Kind): void {
  const number = intruders.length;
  const attack = attackOf(kindOf(kind, number), number);
  const entrances = entrancesOf(simulator, correct);
  simulator.addActor((context) => {
    const intruder = new Intruder(context, conspiracy, attack, entrances);
    intruders.push(intruder);
    return (event) => intruder.handle(event);
  }, placeOf(number));
  const { random } = simulator;
  for (let made = 0; made < MADE_UP; made++) {
    const isSomebodys = random.next() < 0.5;
    const nowhere = `${ipNumbered(100_000 + Math.floor(random.next() * 100_000))}:7000`;
    conspiracy.makeUp(isSomebodys ? oneOf(simulator, correct).address : nowhere);
  }
}

function kindOf(kind: Kind, number: number): AttackKind {
  if (kind !== 'mixed') return kind;
  return attackKinds[number % attackKinds.length] ?? 'mute';
}

/** Every other one by itself, the rest in few networks, where no correct peer is. */
function placeOf(number: number): string | undefined {
  if (number % 4 < 2) return undefined;
  return `${1 + (number % FEW_NETWORKS)}.255.${number >> 8}.${number & 255}`;
}

function offerJob({ simulator, offers, correct }: Grid): Job {
  const by = oneOf(simulator, correct);
  const atMs = simulator.nowMs;
  const job = offers.publish(by);
  for (let again = 1; again < OFFERS; again++) {
    simulator.timeline.after(again * OFFER_EVERY_MS, () => offers.publish(by, job, again + 1));
  }
  return { job, by, atMs };
}

function heard(
  { offers, correct }: Grid,
  jobs: readonly Job[],
): Pick<
  HostilityFigures,
  'jobs' | 'wholeShare' | 'missed' | 'offersWholeShare' | 'lastMsMedian' | 'lastMsMax'
> {
  const byJob = new Map<JobId, Publication[]>();
  for (const publication of offers.publications) {
    const { job } = publication.offer;
    byJob.set(job, [...(byJob.get(job) ?? []), publication]);
  }
  let missed = 0;
  let whole = 0;
  const lastMs: number[] = [];
  for (const { job, atMs } of jobs) {
    const publications = byJob.get(job) ?? [];
    const tookMs = correct.map((peer) => {
      const heardAtMs = publications.map(({ heardAtMs }) => heardAtMs.get(peer) ?? Infinity);
      return Math.min(...heardAtMs) - atMs;
    });
    const inTime = tookMs.filter((ms) => ms <= REACH_MS);
    missed += tookMs.length - inTime.length;
    if (inTime.length === tookMs.length) whole += 1;
    lastMs.push(Math.max(...inTime));
  }
  lastMs.sort((one, other) => one - other);
  const wholeOffers = offers.publications.filter(({ heardAtMs, atMs }) =>
    correct.every((peer) => (heardAtMs.get(peer) ?? Infinity) - atMs <= REACH_MS),
  );
  return {
    jobs: jobs.length,
    wholeShare: whole / jobs.length,
    missed,
    offersWholeShare: wholeOffers.length / offers.publications.length,
    lastMsMedian: lastMs[lastMs.length >> 1] ?? NaN,
    lastMsMax: lastMs.at(-1) ?? NaN,
  };
}

function viewed(
  samples: readonly ViewShares[],
): Pick<
  HostilityFigures,
  | 'hostileActiveShare'
  | 'hostileActiveShareMax'
  | 'hostilePassiveShare'
  | 'madeUpPassiveShare'
  | 'cutOffMean'
  | 'cutOffMax'
> {
  const mean = (of: (shares: ViewShares) => number): number =>
    samples.reduce((sum, shares) => sum + of(shares), 0) / samples.length;
  return {
    hostileActiveShare: mean(({ active }) => active),
    hostileActiveShareMax: Math.max(...samples.map(({ active }) => active)),
    hostilePassiveShare: mean(({ passive }) => passive),
    madeUpPassiveShare: mean(({ madeUp }) => madeUp),
    cutOffMean: mean(({ cutOff }) => cutOff),
    cutOffMax: Math.max(...samples.map(({ cutOff }) => cutOff)),
  };
}

function handled(
  { watch, correct }: Grid,
  before: ReadonlyMap<SimulatedPeer, number>,
  seconds: number,
): Pick<HostilityFigures, 'messagesPerSecond' | 'messagesPerSecondMax'> {
  const rates = correct.map(
    (peer) => ((watch.messages.get(peer) ?? 0) - (before.get(peer) ?? 0)) / seconds,
  );
  return {
    messagesPerSecond: rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
    messagesPerSecondMax: Math.max(...rates),
  };
}

function total(parted: Readonly<Record<string, number>>): number {
  return Object.values(parted).reduce((sum, count) => sum + count, 0);
}
