/**
 * What a broadcast costs in a grid where nothing goes wrong: whether everybody is reached, how many
 * payloads that takes, over how many links the last one comes and how long it is on its way.
 *
 * The grid grows, settles for a minute, and some offers draw the tree; those that follow are
 * measured, one at a time. The senders take turns. Meanwhile the overlay goes on as always: peers
 * shuffle, ping, change a neighbour now and then, and look for the last one that is missing.
 *
 * Modelled: links of exactly 50 ms one way, without jitter (the issue does not say which way they
 * are measured: this is the slower reading, and with 50 ms there and back the times are half);
 * clocks that are off. Not modelled: loss, peers that are slow, that come or that go.
 */

import { DeliveryWatch } from '../delivery-watch.ts';
import { Simulator } from '../simulator.ts';
import { growGrid, oneOf } from './grown-grid.ts';

export type ReachOptions = {
  readonly seed: number;
  readonly peers: number;
  readonly senders: number;
  /** That are measured, the warm-up not included. */
  readonly offers: number;
};

export type ReachFigures = {
  readonly peers: number;
  readonly senders: number;
  readonly offers: number;
  /** Of the offer that reached the fewest. */
  readonly reachedShareMin: number;
  /** Relative message redundancy: payloads / (peers - 1) - 1. */
  readonly rmrMean: number;
  readonly rmrMax: number;
  /** Last delivery hop. */
  readonly ldhMean: number;
  readonly ldhMax: number;
  /** Until the last peer was reached. */
  readonly lastMsMedian: number;
  readonly lastMsMax: number;
};

const NETWORK = { medianMs: 50, spread: 0, jitter: 0 };
/** A hundred peers join in a second. */
const GROW_MS_EACH = 10;
const SETTLE_MS = 60_000;
/** At least, and one of each sender. */
const WARM_UP_OFFERS_MIN = 5;
const OFFER_EVERY_MS = 5_000;

export function reach({ seed, peers, senders, offers }: ReachOptions): ReachFigures {
  const simulator = new Simulator({ seed, network: NETWORK });
  const growMs = peers * GROW_MS_EACH;
  const grid = growGrid(simulator, { peers, growMs, settleMs: SETTLE_MS });
  const watch = new DeliveryWatch(simulator);
  const by = Array.from({ length: senders }, () => oneOf(simulator, grid));
  const publish = (turn: number) => {
    const delivery = watch.publish(by[turn % by.length] ?? oneOf(simulator, grid));
    simulator.runFor(OFFER_EVERY_MS);
    return delivery;
  };
  const warmUp = Math.max(WARM_UP_OFFERS_MIN, senders);
  for (let turn = 0; turn < warmUp; turn++) publish(turn);
  const deliveries = Array.from({ length: offers }, (_, turn) => publish(warmUp + turn));
  const redundancies = deliveries.map((delivery) => delivery.redundancy(grid));
  const lastHops = deliveries.map((delivery) => delivery.lastHops);
  const lastMs = deliveries.map((delivery) => delivery.lastMs).toSorted((a, b) => a - b);
  return {
    peers,
    senders,
    offers,
    reachedShareMin: Math.min(...deliveries.map((delivery) => delivery.reachedShare(grid))),
    rmrMean: mean(redundancies),
    rmrMax: Math.max(...redundancies),
    ldhMean: mean(lastHops),
    ldhMax: Math.max(...lastHops),
    lastMsMedian: lastMs[lastMs.length >> 1] ?? NaN,
    lastMsMax: Math.max(...lastMs),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
