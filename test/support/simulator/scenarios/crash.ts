/**
 * Most of a grid is gone at one moment, as when a large provider fails; the others must find each
 * other again. HyParView's own experiment, in whole peers.
 *
 * The grid grows, settles for a minute, and some offers draw the tree. Then a share of the peers
 * crashes, all at the same moment, and one of the others publishes an offer in that moment: that is
 * the first broadcast, sent along a tree that is mostly gone. After each round of healing one of
 * the survivors publishes again. An offer has reached who got it within ten seconds; later copies,
 * by which peers catch up with what they missed, do not count.
 *
 * A round is 30 s: what it takes to find out that machines without power are gone, 16 to 24 s
 * after their last word (`protocol/overlay/suspicion.ts`), and to find others. The paper counts in
 * cycles, in each of which every peer shuffles once; here that is a minute, so a round is stricter.
 *
 * Modelled: both kinds of crash, latencies that differ from pair to pair, clocks that are off; a
 * machine without power does not refuse a dial, it times out. Not modelled: loss, peers that come
 * back, entrances that are sure to survive: survivors know three addresses as everybody does, which
 * were drawn from those who were there when they came. Who publishes the first offer has at least
 * one neighbour that survives.
 */

import { type Delivery, DeliveryWatch } from '../delivery-watch.ts';
import type { SimulatedPeer } from '../simulated-peer.ts';
import { Simulator } from '../simulator.ts';
import { growGrid, oneOf } from './grown-grid.ts';

export type CrashOptions = {
  readonly seed: number;
  readonly peers: number;
  /** Of the peers, that crash. */
  readonly share: number;
  readonly how: 'killed' | 'power-lost';
};

export type CrashFigures = {
  readonly peers: number;
  readonly survivors: number;
  /** Share of the survivors reached by the broadcast at the moment of the crash. */
  readonly reachedAtOnce: number;
  /** The same after so many rounds of healing. */
  readonly reachedAfter1: number;
  readonly reachedAfter2: number;
  readonly reachedAfter3: number;
  readonly reachedAfter4: number;
  /** After the last round. */
  readonly neighboursMean: number;
};

const NETWORK = { spread: 0.5 };
/** A hundred peers join in a second. */
const GROW_MS_EACH = 10;
const SETTLE_MS = 60_000;
const WARM_UP_OFFERS = 5;
const WARM_UP_EVERY_MS = 5_000;
const ROUND_MS = 30_000;
const DELIVERY_MS = 10_000;

export function crash({ seed, peers, share, how }: CrashOptions): CrashFigures {
  const simulator = new Simulator({ seed, network: NETWORK });
  const growMs = peers * GROW_MS_EACH;
  const grid = growGrid(simulator, { peers, growMs, settleMs: SETTLE_MS });
  const watch = new DeliveryWatch(simulator);
  for (let offers = 0; offers < WARM_UP_OFFERS; offers++) {
    watch.publish(oneOf(simulator, grid));
    simulator.runFor(WARM_UP_EVERY_MS);
  }
  const survivors = crashSome(simulator, grid, share, how);
  /** Publishes, and lets a whole round pass. */
  const round = (by: SimulatedPeer): number => {
    const delivery: Delivery = watch.publish(by);
    simulator.runFor(DELIVERY_MS);
    const reached = delivery.reachedShare(survivors);
    simulator.runFor(ROUND_MS - DELIVERY_MS);
    return reached;
  };
  const any = (): SimulatedPeer => oneOf(simulator, survivors);
  return {
    peers,
    survivors: survivors.length,
    reachedAtOnce: round(oneOf(simulator, withNeighbour(survivors))),
    reachedAfter1: round(any()),
    reachedAfter2: round(any()),
    reachedAfter3: round(any()),
    reachedAfter4: round(any()),
    neighboursMean: neighboursMean(survivors),
  };
}

/** @returns who is left */
function crashSome(
  simulator: Simulator,
  grid: readonly SimulatedPeer[],
  share: number,
  how: CrashOptions['how'],
): readonly SimulatedPeer[] {
  const survivors = [...grid];
  for (let left = Math.round(grid.length * share); left > 0; left--) {
    const index = Math.floor(simulator.random.next() * survivors.length);
    const [peer] = survivors.splice(index, 1);
    if (peer !== undefined) simulator.crash(peer, how);
  }
  return survivors;
}

function withNeighbour(survivors: readonly SimulatedPeer[]): readonly SimulatedPeer[] {
  const ids = new Set(survivors.map(({ self }) => self));
  return survivors.filter(({ peer }) => [...peer.neighbours.keys()].some((id) => ids.has(id)));
}

function neighboursMean(survivors: readonly SimulatedPeer[]): number {
  const sizes = survivors.map(({ peer }) => peer.neighbours.size);
  return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
}
