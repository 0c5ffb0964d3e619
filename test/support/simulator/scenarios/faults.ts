/**
 * Everything that can go wrong, at random, from a seed (TigerBeetle calls theirs the VOPR).
 *
 * First a minute or three of mischief (`mischief.ts`) in a grid of 4 to 60 peers whose network is
 * as good or bad as the seed says, with the invariants looked at after each event. Then peace: what
 * is cut heals, who is paused goes on, the entrance that all were given is there again, everybody
 * else who is down stays down; and every job whose requester is there must end, and right, or fail
 * for what peers have really done. Then silence: nothing may be left of what is over, and all are
 * one grid, that computes one more job.
 *
 * Modelled: crashes of both kinds, restarts with and without state, freezes, cuts both ways and one
 * way, clogged and slow machines, lost packets and dials, clocks that are off, saboteurs who lie
 * each in a way of his own, peers that fail or hang. Not modelled: disks that fail, hostile peers
 * in the overlay, colluding saboteurs, peers that nobody can dial.
 */

import type { JobFailure } from '../../../../src/model/job.ts';
import { settle } from '../liveness.ts';
import { isAble, Mischief } from '../mischief.ts';
import { checkQuiet, type Quiet } from '../quiet.ts';
import { type JobState, rightDigest, type SimulatedJob } from '../simulated-job.ts';
import type { SimulatedPeer } from '../simulated-peer.ts';
import { Simulator } from '../simulator.ts';

export type FaultsFigures = {
  readonly peers: number;
  readonly faults: number;
  readonly jobs: Readonly<Record<JobState, number>>;
  /** Jobs given up since fewer peers than their quorum were left. */
  readonly starved: number;
  /** From peace to the last job's end. */
  readonly peaceMs: number;
  readonly quiet: Quiet;
};

/** At the start; others join. */
const PEERS_MIN = 4;
const PEERS_MAX = 50;
/** Of virtual time. */
const PEACE_MS_MAX = 600_000;

export function faults({ seed }: { readonly seed: number }): FaultsFigures {
  const simulator = createSimulator(seed);
  const mischief = new Mischief(simulator);
  wreak(simulator, mischief);
  mischief.end();
  const starved = makePeace(simulator);
  const peaceAtMs = simulator.nowMs;
  settle(simulator, PEACE_MS_MAX);
  const peaceMs = simulator.nowMs - peaceAtMs;
  for (const job of simulator.jobs.values()) checkJob(job, mischief);
  const quiet = checkQuiet(simulator);
  return {
    peers: simulator.peers.length,
    faults: Array.from(mischief.counts.values()).reduce((sum, count) => sum + count, 0),
    jobs: statesOf(simulator),
    starved,
    peaceMs,
    quiet,
  };
}

function createSimulator(seed: number): Simulator {
  const dice = new Simulator({ seed }).random;
  const between = (min: number, max: number): number => min * (max / min) ** dice.next();
  const network = {
    medianMs: between(1, 200),
    spread: dice.next(),
    jitter: dice.next(),
    lossRate: dice.next() < 0.5 ? 0 : between(0.001, 0.1),
    dialLossRate: dice.next() < 0.5 ? 0 : between(0.001, 0.2),
  };
  const clocks = { driftMax: between(1e-5, 1e-2), unixOffMsMax: between(10, 10_000) };
  return new Simulator({ seed, network, clocks });
}

function wreak(simulator: Simulator, mischief: Mischief): void {
  const { random } = simulator;
  const peers = Math.floor(PEERS_MIN * (PEERS_MAX / PEERS_MIN) ** random.next());
  for (let added = 0; added < peers; added++) {
    mischief.join();
    simulator.runFor(500 * random.next());
  }
  mischief.submit();
  const everyMs = 300 * 30 ** random.next();
  const endMs = simulator.nowMs + 60_000 * (1 + 2 * random.next());
  while (simulator.nowMs < endMs) {
    mischief.act();
    simulator.runFor(2 * everyMs * random.next());
  }
}

/** @returns how many jobs were given up since nobody is left to compute them */
function makePeace(simulator: Simulator): number {
  simulator.heal();
  const [entrance] = simulator.peers;
  if (entrance?.isUp === false) simulator.restart(entrance, 'kept');
  for (const peer of simulator.peers) {
    peer.host.thaw();
    if (peer.isUp) simulator.handle(peer, { type: 'resume' });
  }
  let starved = 0;
  const willing = simulator.peers.filter(isWilling);
  for (const peer of simulator.peers) {
    for (const job of peer.jobs) {
      const others = willing.filter((volunteer) => volunteer !== peer).length;
      const own = peer.isUp && isAble(peer) ? 1 : 0;
      if (job.state !== 'running' || others + own >= job.spec.trust.quorum) continue;
      simulator.cancel(peer, job);
      starved += 1;
    }
  }
  return starved;
}

/** Whether it gives right results to others. */
function isWilling(peer: SimulatedPeer): boolean {
  return peer.isUp && peer.peer.status().mode === 'on' && isAble(peer);
}

function checkJob(job: SimulatedJob, mischief: Mischief): void {
  const { state, results, chunks, failure } = job;
  if (state === 'accepted' && results.size < chunks) {
    throw new Error(`${job.spec.name} was accepted with ${results.size} of ${chunks} results`);
  }
  if (state === 'failed' && (failure === undefined || !isDeserved(job, failure, mischief))) {
    throw new Error(`${job.spec.name} failed for no good reason: ${JSON.stringify(failure)}`);
  }
}

/** Whether peers that do such things have done what is said of them. */
function isDeserved(job: SimulatedJob, failure: JobFailure, { liars, failers }: Mischief): boolean {
  const { quorum } = job.spec.trust;
  switch (failure.type) {
    case 'chunk-failed': {
      const { peers } = failure;
      const areEnough = peers.length >= quorum || peers.includes(job.spec.requester);
      return areEnough && peers.every((peer) => failers.has(peer));
    }
    case 'chunk-disputed': {
      const right = rightDigest(job.id, failure.chunk);
      const lies = failure.groups.filter(({ digest }) => digest !== right);
      const groups = failure.groups.every(({ peers }) => peers.length < quorum);
      return (
        groups &&
        lies.every(({ peers }) => peers.every((peer) => liars.has(peer))) &&
        failure.failures.every(({ peer }) => failers.has(peer))
      );
    }
    default:
      return false;
  }
}

function statesOf({ jobs }: Simulator): Record<JobState, number> {
  const states = { running: 0, accepted: 0, failed: 0, cancelled: 0, lost: 0 };
  for (const { state } of jobs.values()) states[state] += 1;
  return states;
}
