/**
 * How the grids of scenarios come about: peers come one after the other, each knowing the addresses
 * of some that were there before, as people tell them to each other. They compute nothing, since
 * what is looked at is the overlay.
 */

import type { SimulatedPeer } from '../simulated-peer.ts';
import type { Simulator } from '../simulator.ts';

export type GrowthOptions = {
  readonly peers: number;
  /** Until the last has come. */
  readonly growMs: number;
  /** From then on, for links to settle. */
  readonly settleMs: number;
};

/** Addresses that a newcomer knows. */
const ENTRANCES = 3;

/** Lets time pass until the grid is there. */
export function growGrid(
  simulator: Simulator,
  { peers, growMs, settleMs }: GrowthOptions,
): readonly SimulatedPeer[] {
  const grown: SimulatedPeer[] = [];
  while (grown.length < peers) {
    grown.push(join(simulator, grown));
    simulator.runFor(growMs / peers);
  }
  simulator.runFor(settleMs);
  return grown;
}

/** @param others some of whom the newcomer knows */
export function join(simulator: Simulator, others: readonly SimulatedPeer[]): SimulatedPeer {
  return simulator.addPeer({ entrances: entrancesOf(simulator, others), conduct: { slots: 0 } });
}

/** Addresses of some of them; none if there are none. */
export function entrancesOf(
  simulator: Simulator,
  others: readonly { readonly address: string }[],
): readonly string[] {
  const chosen = new Set<string>();
  for (let drawn = 0; drawn < ENTRANCES && others.length > 0; drawn++) {
    chosen.add(oneOf(simulator, others).address);
  }
  return [...chosen];
}

/** One of them by chance. */
export function oneOf<Item>({ random }: Simulator, items: readonly Item[]): Item {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new Error('there is none to choose from');
  return item;
}
