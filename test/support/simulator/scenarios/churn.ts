/**
 * Peers come and go all the time, and offers have to reach those who stay.
 *
 * Each minute a share of the peers stops, half of them killed (their systems close their streams)
 * and half without power (nobody answers any more), at random moments. For each of them somebody
 * new comes, with an id and a place of its own, who knows the addresses of three living peers.
 * Meanwhile living peers publish offers. An offer has reached its grid if all peers that were up
 * from its beginning to its end have heard of it before its end, the newest of them included, who
 * may only just have started.
 *
 * Modelled: latencies that differ from pair to pair, clocks that are off. Not modelled: peers that
 * come back, that nobody can dial, that are slow or hostile. Who publishes has a neighbour, and may
 * go at any moment afterwards.
 */

import { OFFER_VALID_MS, OfferWatch, type Publication } from '../offer-watch.ts';
import type { SimulatedPeer } from '../simulated-peer.ts';
import { Simulator } from '../simulator.ts';
import { growGrid, join, oneOf } from './grown-grid.ts';

export type ChurnOptions = {
  readonly seed: number;
  readonly peers: number;
  readonly minutes: number;
  /** Of the peers, each minute. */
  readonly replacedShare: number;
  readonly offerEveryMs: number;
};

export type ChurnFigures = {
  readonly peers: number;
  readonly replaced: number;
  readonly offers: number;
  /** Share of the offers that reached all peers that were up throughout. */
  readonly wholeShare: number;
  /** Pairs of an offer and a peer that was up throughout, and those that did not come together. */
  readonly deliveries: number;
  readonly missed: number;
  /** From an offer's beginning to when the last of its peers heard of it. */
  readonly lastMsMedian: number;
  readonly lastMsMax: number;
  /** At the end, of those who were up for a minute. */
  readonly neighboursMean: number;
  readonly neighboursMin: number;
};

/** The links across continents and those in town. */
const NETWORK = { spread: 0.5 };
const GROW_MS = 60_000;
const SETTLE_MS = 60_000;
const STEADY_MS = 60_000;

type Life = { readonly fromMs: number; toMs: number };

export function churn(options: ChurnOptions): ChurnFigures {
  const { seed, peers, minutes, replacedShare, offerEveryMs } = options;
  const simulator = new Simulator({ seed, network: NETWORK });
  const watch = new OfferWatch(simulator);
  simulator.observer = (peer, event, effects) => watch.observe(peer, event, effects);
  const lives = new Map<SimulatedPeer, Life>();
  const living = [...growGrid(simulator, { peers, growMs: GROW_MS, settleMs: SETTLE_MS })];
  for (const peer of living) lives.set(peer, { fromMs: 0, toMs: Infinity });
  const { timeline } = simulator;
  const beginMs = simulator.nowMs;
  const endMs = beginMs + minutes * 60_000;
  const perMinute = Math.round(peers * replacedShare);
  const replaced = perMinute * minutes;
  for (let number = 0; number < replaced; number++) {
    const minute = Math.floor(number / perMinute);
    const momentMs = (): number => 60_000 * (minute + simulator.random.next());
    timeline.after(momentMs(), () => stop(simulator, living, lives));
    timeline.after(momentMs(), () => {
      const peer = join(simulator, living);
      living.push(peer);
      lives.set(peer, { fromMs: simulator.nowMs, toMs: Infinity });
    });
  }
  while (simulator.nowMs < endMs) {
    simulator.runFor(offerEveryMs);
    const members = living.filter(({ peer }) => peer.neighbours.size > 0);
    watch.publish(oneOf(simulator, members));
  }
  simulator.runFor(OFFER_VALID_MS);
  return { peers, replaced, ...heard(watch.publications, lives), ...links(simulator, lives) };
}

function stop(
  simulator: Simulator,
  living: SimulatedPeer[],
  lives: Map<SimulatedPeer, Life>,
): void {
  const index = Math.floor(simulator.random.next() * living.length);
  const [peer] = living.splice(index, 1);
  if (peer === undefined) return;
  const life = lives.get(peer);
  if (life !== undefined) life.toMs = simulator.nowMs;
  simulator.crash(peer, simulator.random.next() < 0.5 ? 'killed' : 'power-lost');
}

function heard(
  publications: readonly Publication[],
  lives: ReadonlyMap<SimulatedPeer, Life>,
): Pick<
  ChurnFigures,
  'offers' | 'wholeShare' | 'deliveries' | 'missed' | 'lastMsMedian' | 'lastMsMax'
> {
  let whole = 0;
  let deliveries = 0;
  let missed = 0;
  const lastMs: number[] = [];
  for (const { atMs, heardAtMs } of publications) {
    const overMs = atMs + OFFER_VALID_MS;
    let missedIt = 0;
    let last = 0;
    for (const [peer, { fromMs, toMs }] of lives) {
      if (fromMs > atMs || toMs < overMs) continue;
      deliveries += 1;
      const tookMs = (heardAtMs.get(peer) ?? Infinity) - atMs;
      if (tookMs > OFFER_VALID_MS) missedIt += 1;
      else last = Math.max(last, tookMs);
    }
    missed += missedIt;
    if (missedIt === 0) whole += 1;
    lastMs.push(last);
  }
  lastMs.sort((one, other) => one - other);
  return {
    offers: publications.length,
    wholeShare: whole / publications.length,
    deliveries,
    missed,
    lastMsMedian: lastMs[lastMs.length >> 1] ?? NaN,
    lastMsMax: lastMs.at(-1) ?? NaN,
  };
}

function links(
  simulator: Simulator,
  lives: ReadonlyMap<SimulatedPeer, Life>,
): Pick<ChurnFigures, 'neighboursMean' | 'neighboursMin'> {
  const counts: number[] = [];
  for (const [peer, { fromMs, toMs }] of lives) {
    if (fromMs > simulator.nowMs - STEADY_MS || toMs < simulator.nowMs) continue;
    counts.push(peer.peer.neighbours.size);
  }
  return {
    neighboursMean: counts.reduce((sum, count) => sum + count, 0) / counts.length,
    neighboursMin: Math.min(...counts),
  };
}
