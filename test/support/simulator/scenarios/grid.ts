/**
 * The whole at work: a grid computes jobs of ten requesters at once, while its volunteers come and
 * go and some of them lie.
 *
 * Modelled: latencies that differ from pair to pair, packets and dials that get lost, volunteers
 * that are killed or lose their power and come back, some of them as somebody who knows nothing, or
 * never; that freeze, that are slow, whose streams clog; peers of one to four threads, of which
 * some take three times as long as others; chunks that take up to twice as long as others.
 * Requesters stay up, since a job lives only as long as its requester.
 *
 * Saboteurs return a wrong result each time, each in a way of its own: so no two of them agree, and
 * any quorum of two or more is safe from them. Those who collude all return the same wrong result.
 * A share p of colluders fools a quorum of two in `p^2 (1 + 2 (1-p))` of the chunks and one of
 * three in `p^3 (1 + 3 (1-p) + 6 (1-p)^2)`: of a tenth, in 2.8 % and 0.9 %. No quorum is safe from
 * them while identities are free; it takes credibility to beat them. `colluderShare` measures how
 * often they succeed, and nothing is promised.
 *
 * Not modelled: bytes and bandwidth, hostile peers in the overlay, requesters that crash.
 */

import type { Effect, PeerEvent } from '../../../../src/protocol/events.ts';
import type { ComputeConduct } from '../compute-conduct.ts';
import type { SimulatedJob } from '../simulated-job.ts';
import type { SimulatedPeer } from '../simulated-peer.ts';
import { Simulator } from '../simulator.ts';
import { entrancesOf, oneOf } from './grown-grid.ts';

export type GridOptions = {
  readonly seed: number;
  readonly peers: number;
  readonly jobs: number;
  /** Of each job. */
  readonly chunks: number;
  readonly quorum: number;
  /** Of the volunteers; each lies in a way of its own. */
  readonly saboteurShare: number;
  /** Of the volunteers; they lie together. */
  readonly colluderShare: number;
};

export type GridFigures = {
  /** Jobs that ended with all chunks accepted. */
  readonly accepted: number;
  /** Accepted results that are wrong. */
  readonly wrong: number;
  /** From the first job's submission to the last one's end, or to when patience ended. */
  readonly lastJobMs: number;
  /** Replicas that came back, of each chunk. */
  readonly replicasPerChunk: number;
  /** Chunks whose replicas disagreed. */
  readonly disputes: number;
  readonly leasesExpired: number;
  /** Messages that came to a peer in a second: overlay, and work. */
  readonly overlayMessagesPerPeerSecond: number;
  readonly workMessagesPerPeerSecond: number;
  /** Offers that came to each peer. */
  readonly offersPerPeer: number;
  readonly crashes: number;
  readonly freezes: number;
};

const NETWORK = { spread: 0.5, lossRate: 0.01, dialLossRate: 0.02 };
const GROW_MS = 30_000;
const SETTLE_MS = 30_000;
/** A chunk's time on a usual thread, drawn for each job. */
const CHUNK_MS_MIN = 2_000;
const CHUNK_MS_MAX = 10_000;
/** Of the volunteers, each minute. */
const CRASHED_SHARE = 0.1;
const FROZEN_SHARE = 0.05;
const CLOGGED_SHARE = 0.05;
/** Of the volunteers that crashed: the others stay away, or come back as somebody else. */
const BACK_SHARE = 0.7;
const AWAY_MS_MAX = 60_000;
const FROZEN_MS_MAX = 60_000;
const CLOGGED_MS_MAX = 20_000;
/** Of virtual time, however bad it gets. */
const PATIENCE_MS = 30 * 60_000;

type Counts = { overlay: number; work: number; offers: number };

export function grid(options: GridOptions): GridFigures {
  const simulator = new Simulator({
    seed: options.seed,
    network: NETWORK,
    mayBeFooled: options.colluderShare > 0,
  });
  const requesters = grow(simulator, options);
  const volunteers = simulator.peers.filter((peer) => !requesters.includes(peer));
  const counts = countMessages(simulator);
  const jobs = requesters.map((peer) => {
    const chunkMs = CHUNK_MS_MIN * (CHUNK_MS_MAX / CHUNK_MS_MIN) ** simulator.random.next();
    return simulator.submit(peer, { chunks: options.chunks, chunkMs, quorum: options.quorum });
  });
  const beginMs = simulator.nowMs;
  const harm = new Harm(simulator, volunteers);
  const areOver = (): boolean => jobs.every(({ state }) => state !== 'running');
  while (!areOver() && simulator.nowMs < beginMs + PATIENCE_MS) {
    harm.second();
    simulator.runFor(1_000);
  }
  const lastJobMs = Math.max(...jobs.map(({ endedAtMs = Infinity }) => endedAtMs)) - beginMs;
  const peerSeconds = (options.peers * (simulator.nowMs - beginMs)) / 1_000;
  return {
    ...figuresOf(jobs),
    lastJobMs,
    overlayMessagesPerPeerSecond: counts.overlay / peerSeconds,
    workMessagesPerPeerSecond: counts.work / peerSeconds,
    offersPerPeer: counts.offers / options.peers,
    crashes: harm.crashes,
    freezes: harm.freezes,
  };
}

/** @returns those who will have a job each */
function grow(simulator: Simulator, options: GridOptions): readonly SimulatedPeer[] {
  const { peers } = options;
  while (simulator.peers.length < peers) {
    const isRequester = simulator.peers.length < options.jobs;
    const conduct = isRequester ? {} : conductOf(simulator, options);
    simulator.addPeer({ entrances: entrancesOf(simulator, simulator.peers), conduct });
    simulator.runFor(GROW_MS / peers);
  }
  simulator.runFor(SETTLE_MS);
  return simulator.peers.slice(0, options.jobs);
}

function conductOf(
  { random }: Simulator,
  { saboteurShare, colluderShare }: GridOptions,
): Partial<ComputeConduct> {
  const slots = 1 + Math.floor(4 * random.next());
  const conduct = { slots, slowness: 3 ** random.next(), spread: 1 };
  const kind = random.next();
  if (kind < saboteurShare) return { ...conduct, wrongShare: 1 };
  if (kind < saboteurShare + colluderShare) return { ...conduct, wrongShare: 1, colludes: true };
  return conduct;
}

/** What happens to volunteers. */
class Harm {
  crashes = 0;
  freezes = 0;
  readonly #simulator: Simulator;
  readonly #volunteers: readonly SimulatedPeer[];

  constructor(simulator: Simulator, volunteers: readonly SimulatedPeer[]) {
    this.#simulator = simulator;
    this.#volunteers = volunteers;
    for (const volunteer of volunteers) {
      if (simulator.random.next() < 0.05) simulator.slow(volunteer, 3);
    }
  }

  /** All that happens in the next one. */
  second(): void {
    const { random } = this.#simulator;
    for (const volunteer of this.#volunteers) {
      if (!volunteer.isUp || volunteer.host.isFrozen) continue;
      const dice = random.next() * 60;
      if (dice < CRASHED_SHARE) this.#crash(volunteer);
      else if (dice < CRASHED_SHARE + FROZEN_SHARE) this.#freeze(volunteer);
      else if (dice < CRASHED_SHARE + FROZEN_SHARE + CLOGGED_SHARE) this.#clog(volunteer);
    }
  }

  #crash(volunteer: SimulatedPeer): void {
    const simulator = this.#simulator;
    const { random } = simulator;
    simulator.crash(volunteer, random.next() < 0.5 ? 'killed' : 'power-lost');
    this.crashes += 1;
    const fate = random.next();
    const state = fate < BACK_SHARE ? 'kept' : 'lost';
    // As many stay away as come back as somebody else.
    if (fate > (1 + BACK_SHARE) / 2) return;
    simulator.timeline.after(AWAY_MS_MAX * random.next(), () => {
      simulator.restart(volunteer, state);
    });
  }

  #freeze(volunteer: SimulatedPeer): void {
    this.freezes += 1;
    this.#simulator.freeze(volunteer, FROZEN_MS_MAX * this.#simulator.random.next());
  }

  /** All that goes between it and one of its requesters. */
  #clog(volunteer: SimulatedPeer): void {
    const { requesters } = volunteer.peer.status();
    if (requesters.length === 0) return;
    const requester = oneOf(this.#simulator, requesters);
    const other = this.#simulator.peers.find(({ self }) => self === requester);
    if (other === undefined) return;
    this.#simulator.clog(volunteer, other, CLOGGED_MS_MAX * this.#simulator.random.next());
  }
}

function countMessages(simulator: Simulator): Counts {
  const counts: Counts = { overlay: 0, work: 0, offers: 0 };
  simulator.observer = (_peer: SimulatedPeer, event: PeerEvent, _effects: readonly Effect[]) => {
    if (event.type === 'overlay-message') {
      counts.overlay += 1;
      if (event.message.type === 'gossip') counts.offers += 1;
    } else if (event.type === 'requester-message' || event.type === 'volunteer-message') {
      counts.work += 1;
    }
  };
  return counts;
}

function figuresOf(
  jobs: readonly SimulatedJob[],
): Pick<GridFigures, 'accepted' | 'wrong' | 'replicasPerChunk' | 'disputes' | 'leasesExpired'> {
  let accepted = 0;
  let wrong = 0;
  let chunks = 0;
  let returned = 0;
  let disputes = 0;
  let expired = 0;
  for (const job of jobs) {
    if (job.state === 'accepted' && job.results.size === job.chunks) accepted += 1;
    wrong += job.wrong().length;
    chunks += job.chunks;
    disputes += job.report?.disputes ?? 0;
    for (const contribution of job.report?.contributions ?? []) {
      returned += contribution.returned;
      expired += contribution.expired;
    }
  }
  const replicasPerChunk = returned / chunks;
  return { accepted, wrong, replicasPerChunk, disputes, leasesExpired: expired };
}
