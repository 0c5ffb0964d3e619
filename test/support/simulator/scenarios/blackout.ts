/**
 * All peers lose their power at the same moment, and come back one after the other; but for the one
 * that all had joined through, which is gone for good. What they kept on disk has to do.
 */

import { apart } from '../quiet.ts';
import { Simulator } from '../simulator.ts';

const UP_MS = 120_000;
/** What is kept is kept at least once a minute. */
const BACK_MS_MAX = 60_000;
/** Of virtual time. */
const ONE_GRID_MS_MAX = 30_000;

/**
 * @returns how long it took from the last one's return until all were one grid again
 * @throws {Error} that says who is alone, when it takes too long
 */
export function blackout(options: { readonly seed: number; readonly peers: number }): {
  readonly oneGridMs: number;
} {
  const simulator = new Simulator({ seed: options.seed, network: { spread: 0.5 } });
  const first = simulator.addPeer();
  for (let added = 1; added < options.peers; added++) {
    simulator.addPeer({ entrances: [first.address] });
  }
  simulator.runFor(UP_MS);
  for (const peer of simulator.peers) simulator.crash(peer, 'power-lost');
  const [, ...others] = simulator.peers;
  for (const peer of others) {
    const backMs = BACK_MS_MAX * simulator.random.next();
    simulator.timeline.after(backMs, () => simulator.restart(peer, 'kept'));
  }
  simulator.runFor(BACK_MS_MAX);
  const beginMs = simulator.nowMs;
  if (!simulator.runUntil(() => apart(others) === undefined, ONE_GRID_MS_MAX, 250)) {
    throw new Error(`${apart(others)}\n${simulator.describe()}`);
  }
  return { oneGridMs: simulator.nowMs - beginMs };
}
