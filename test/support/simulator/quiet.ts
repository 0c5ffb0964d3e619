/**
 * What must be so when nothing is left to do: nothing is held of what is over, nobody waits for
 * anything, all peers are one grid, and the grid still works.
 */

import { isAble } from './mischief.ts';
import type { SimulatedPeer } from './simulated-peer.ts';
import type { Simulator } from './simulator.ts';

/**
 * In virtual time. A stream may be clogged for half a minute; after that what runs has half a
 * minute and the time of a chunk, since its requester may come back.
 */
const LET_GO_MS_MAX = 150_000;
/** For news to come to who has just been cut off. */
const CLOSED_MS_MAX = 30_000;
/** An offer's validity, and clocks that are off. */
const FORGOTTEN_MS_MAX = 90_000;
/**
 * An entrance that has lost its memory waits until one of those who have all their neighbours looks
 * for another one there (`recruiter.ts`).
 */
const ONE_GRID_MS_MAX = 1_800_000;
const IDLE_MS = 60_000;
/** Pings, shuffles, and looking at links once a second or two. */
const TICKS_PER_SECOND_MAX = 5;
const LAST_JOB_MS_MAX = 120_000;

export type Quiet = {
  /** Until nobody held anything of a job. */
  readonly letGoMs: number;
  /** From then until no offer of a requester that is there was open anywhere. */
  readonly closedMs: number;
  /** From then until none was. */
  readonly forgottenMs: number;
  /** From then until all were one graph of links that both ends know. */
  readonly oneGridMs: number;
  /** Of each peer. */
  readonly ticksPerSecond: number;
  readonly lastJobMs: number;
};

/** @throws {Error} that says what is not so */
export function checkQuiet(simulator: Simulator): Quiet {
  // Nobody may be left to close their offers.
  const orphans = Array.from(simulator.jobs.values()).filter(({ isOrphan }) => isOrphan).length;
  const letGoMs = waitUntil(simulator, LET_GO_MS_MAX, holdingOn);
  const closedMs = waitUntil(simulator, CLOSED_MS_MAX, (peers) => remembering(peers, orphans));
  const forgottenMs = waitUntil(simulator, FORGOTTEN_MS_MAX, (peers) => remembering(peers, 0));
  const oneGridMs = waitUntil(simulator, ONE_GRID_MS_MAX, apart);
  const ticksPerSecond = checkIdle(simulator);
  return {
    letGoMs,
    closedMs,
    forgottenMs,
    oneGridMs,
    ticksPerSecond,
    lastJobMs: lastJob(simulator),
  };
}

/** @param complaint what is not so yet */
function waitUntil(
  simulator: Simulator,
  withinMs: number,
  complaint: (peers: readonly SimulatedPeer[]) => string | undefined,
): number {
  const startMs = simulator.nowMs;
  const peers = simulator.peers.filter(({ isUp }) => isUp);
  const isSo = (): boolean => complaint(peers) === undefined;
  if (simulator.runUntil(isSo, withinMs, 250)) return simulator.nowMs - startMs;
  throw new Error(`after ${withinMs} ms: ${complaint(peers)}\n${simulator.describe()}`);
}

function holdingOn(peers: readonly SimulatedPeer[]): string | undefined {
  for (const { number, peer, drained } of peers) {
    const { leasesHeld, chunksRunning, requesters, volunteers, mode } = peer.status();
    if (leasesHeld > 0) return `#${number} holds ${leasesHeld} leases`;
    if (chunksRunning > 0) return `#${number} computes ${chunksRunning} chunks`;
    if (requesters.length > 0) return `#${number} has streams to ${requesters.length} requesters`;
    if (volunteers.size > 0) return `#${number} has streams of ${volunteers.size} volunteers`;
    if (mode === 'finishing' && drained === 0) return `#${number} never said that it is done`;
  }
  return undefined;
}

function remembering(peers: readonly SimulatedPeer[], openMax: number): string | undefined {
  for (const { number, peer } of peers) {
    const { open } = peer.status().offers;
    if (open > openMax) return `#${number} knows ${open} open offers`;
  }
  return undefined;
}

/** Views are symmetric, and everybody is reached from anybody. */
export function apart(peers: readonly SimulatedPeer[]): string | undefined {
  const byId = new Map(peers.map((peer) => [peer.self, peer]));
  const [first] = peers;
  const reached = new Set(first === undefined ? [] : [first]);
  for (const { self, number, peer } of reached) {
    for (const neighbour of peer.neighbours.keys()) {
      const other = byId.get(neighbour);
      if (other === undefined) return `#${number} has a neighbour that is down`;
      if (!other.peer.neighbours.has(self)) return `#${number} is no neighbour of #${other.number}`;
      reached.add(other);
    }
  }
  if (reached.size === peers.length) return undefined;
  const lost = peers.filter((peer) => !reached.has(peer)).map(({ number }) => `#${number}`);
  return `${lost.join(', ')} can't be reached from #${first?.number}`;
}

function checkIdle(simulator: Simulator): number {
  let ticks = 0;
  const before = simulator.observer;
  simulator.observer = (peer, event, effects, now) => {
    before?.(peer, event, effects, now);
    if (event.type === 'tick') ticks += 1;
  };
  simulator.runFor(IDLE_MS);
  simulator.observer = before;
  const peers = simulator.peers.filter(({ isUp }) => isUp).length;
  const ticksPerSecond = ticks / Math.max(peers, 1) / (IDLE_MS / 1_000);
  if (ticksPerSecond <= TICKS_PER_SECOND_MAX) return ticksPerSecond;
  throw new Error(`peers without work wake ${ticksPerSecond} times a second`);
}

/** The whole way once more: offer, leases, results, and their end. */
function lastJob(simulator: Simulator): number {
  const isWilling = (peer: SimulatedPeer): boolean =>
    peer.isUp && isAble(peer) && peer.peer.status().mode === 'on';
  const volunteers = simulator.peers.filter(isWilling);
  const [requester] = volunteers;
  if (requester === undefined || volunteers.length < 2) return 0;
  const startMs = simulator.nowMs;
  const job = simulator.submit(requester, { chunks: 20, chunkMs: 100, quorum: 2 });
  if (simulator.runUntil(() => job.state !== 'running', LAST_JOB_MS_MAX, 100)) {
    return simulator.nowMs - startMs;
  }
  throw new Error(`the last job was not done:\n${simulator.describe()}`);
}
