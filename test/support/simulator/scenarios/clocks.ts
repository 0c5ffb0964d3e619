/**
 * A machine whose time of day is set wrong, or that sleeps for an hour, in a grid that computes a
 * job. Both may be anybody: the requester of the job, or one who computes for it.
 *
 * A clock jumps at once and stays wrong. A sleeper hears nothing and does nothing, and then has all
 * its timers late by an hour in one moment; its monotonic clock has gone on meanwhile, as it does
 * where the system says so, or has stood still, as Linux' does, and only the time of day has gone
 * on.
 *
 * Modelled: latencies, clocks that are a little off. Not modelled: loss, liars: so whoever is
 * blamed for anything is blamed wrongly.
 */

import type { SimulatedJob } from '../simulated-job.ts';
import type { SimulatedPeer } from '../simulated-peer.ts';
import { Simulator } from '../simulator.ts';

export type ClocksOptions = {
  readonly seed: number;
  readonly who: 'requester' | 'volunteer';
  readonly what:
    | { readonly type: 'jump'; readonly ms: number }
    | { readonly type: 'sleep'; readonly ms: number; readonly monotonic: 'runs' | 'stands' };
};

export type ClocksFigures = {
  readonly job: SimulatedJob['state'];
  readonly results: number;
  /** Of the job, from when it happened or the sleeper woke, to its end. */
  readonly jobMs: number;
  /** Until the peer had neighbours again, on both sides. */
  readonly neighboursMs: number;
  /** Peers that somebody holds for misbehaving, or has caught. */
  readonly blamed: number;
  /** A job that another peer submits afterwards. */
  readonly nextJob: SimulatedJob['state'];
};

const PEERS = 10;
const CHUNKS = 400;
/** So that the job lasts some minutes: longer than an offer is valid. */
const CHUNK_MS = 5_000;
const JOIN_EVERY_MS = 300;
const SETTLE_MS = 20_000;
/** Of the job, before it happens. */
const BEFORE_MS = 10_000;
const WAIT_MS_MAX = 600_000;

export function clocks({ seed, who, what }: ClocksOptions): ClocksFigures {
  const simulator = new Simulator({ seed, network: { spread: 0.5 } });
  const first = simulator.addPeer();
  for (let count = 1; count < PEERS; count++) {
    simulator.runFor(JOIN_EVERY_MS);
    simulator.addPeer({ entrances: [first.address] });
  }
  simulator.runFor(SETTLE_MS);
  const [requester = first, volunteer = first, other = first] = simulator.peers.slice(1);
  const job = simulator.submit(requester, { chunks: CHUNKS, chunkMs: CHUNK_MS, quorum: 2 });
  simulator.runFor(BEFORE_MS);
  const peer = who === 'requester' ? requester : volunteer;
  if (what.type === 'jump') {
    peer.options.clock.jump(what.ms);
  } else {
    simulator.freeze(peer, what.ms);
    simulator.runFor(what.ms - 1);
    if (what.monotonic === 'stands') peer.options.clock.stoodStill(what.ms - 1);
    simulator.runFor(1);
  }
  const startMs = simulator.nowMs;
  const since = (isSo: () => boolean): number => {
    simulator.runUntil(isSo, WAIT_MS_MAX, 100);
    return simulator.nowMs - startMs;
  };
  const neighboursMs = since(() => isLinkedBothWays(simulator, peer));
  const jobMs = since(() => job.state !== 'running');
  const next = simulator.submit(other, { chunks: 20, quorum: 2 });
  since(() => next.state !== 'running');
  return {
    job: job.state,
    results: job.results.size,
    jobMs,
    neighboursMs,
    blamed: simulator.peers.reduce((sum, each) => sum + blamedBy(each), 0),
    nextJob: next.state,
  };
}

function isLinkedBothWays(simulator: Simulator, peer: SimulatedPeer): boolean {
  const { neighbours } = peer.peer.status();
  return simulator.peers.some(
    (other) => neighbours.has(other.self) && other.peer.status().neighbours.has(peer.self),
  );
}

function blamedBy({ peer }: SimulatedPeer): number {
  const { failures, refused } = peer.status();
  return failures.misbehaved + refused.length;
}
