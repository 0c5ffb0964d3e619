/**
 * How much of a grid one core can simulate: whole peers for ten virtual minutes, with everything
 * that an idle overlay does (joining, pings, shuffles, changes of neighbours) and an offer now and
 * then from somebody else each time.
 *
 * It measures the simulator and the machines together, and what it needs of the real machine is to
 * be measured by who runs it, in a process of its own. Peers compute nothing. The invariants are
 * looked at after every event, as always.
 */

import { DeliveryWatch } from '../delivery-watch.ts';
import { Simulator } from '../simulator.ts';
import { growGrid, oneOf } from './grown-grid.ts';

export type ScaleOptions = {
  readonly seed: number;
  readonly peers: number;
  /** From the first peer's start to the end. */
  readonly virtualMs: number;
};

export type ScaleFigures = {
  readonly peers: number;
  readonly virtualSeconds: number;
  /** Events that peers have handled. */
  readonly events: number;
  readonly offers: number;
  /** Of the offer that reached the fewest. */
  readonly reachedShareMin: number;
  /** In the end. */
  readonly neighboursMean: number;
};

/** Half a minute of ten; then there is time for everybody to change a neighbour, some twice. */
const GROW_SHARE = 1 / 20;
/** Until the last that came have found their neighbours. */
const SETTLE_MS = 30_000;
const OFFER_EVERY_MS = 20_000;

export function scale({ seed, peers, virtualMs }: ScaleOptions): ScaleFigures {
  const simulator = new Simulator({ seed });
  const growMs = virtualMs * GROW_SHARE;
  const grid = growGrid(simulator, { peers, growMs, settleMs: SETTLE_MS });
  const watch = new DeliveryWatch(simulator);
  const reachedShares: number[] = [];
  while (simulator.nowMs + OFFER_EVERY_MS <= virtualMs) {
    const delivery = watch.publish(oneOf(simulator, grid));
    simulator.runFor(OFFER_EVERY_MS);
    reachedShares.push(delivery.reachedShare(grid));
  }
  const neighbours = grid.reduce((sum, { peer }) => sum + peer.neighbours.size, 0);
  return {
    peers,
    virtualSeconds: simulator.nowMs / 1_000,
    events: simulator.trace.count,
    offers: reachedShares.length,
    reachedShareMin: Math.min(...reachedShares),
    neighboursMean: neighbours / peers,
  };
}
