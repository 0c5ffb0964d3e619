/**
 * What goes wrong, from a seed: peers that crash, freeze, leave and come back, a network that falls
 * apart in all its ways, and owners who pause, submit and cancel meanwhile.
 *
 * Each seed has its own temper: it knows only some of the kinds of faults, and has a rate of its
 * own. Where everything happens all the time nothing gets far enough to go wrong in an interesting
 * way ("swarm testing", Groce et al. 2012).
 */

import type { PeerId } from '../../../src/model/ids.ts';
import { unreachable } from '../../../src/model/errors.ts';
import { type ComputeConduct, honest } from './compute-conduct.ts';
import type { SimulatedJob } from './simulated-job.ts';
import type { SimulatedPeer } from './simulated-peer.ts';
import type { Simulator } from './simulator.ts';

const kinds = [
  'kill',
  'power-loss',
  'freeze',
  'partition',
  'one-way',
  'clog',
  'slow',
  'submit',
  'cancel',
  'pause',
  'finish',
  'join',
] as const;

export type FaultKind = (typeof kinds)[number];

/** Share of the kinds that a seed knows. */
const KNOWN_SHARE = 0.6;
const PEERS_MAX = 60;
const PARTITIONS_MAX = 4;
const QUORUM_MAX = 4;
const CHUNKS_MAX = 150;
/** More than a volunteer computes at a time; in the end there may be but one left. */
const RUNNING_MAX = 12;
/** Of a machine; that of both ends of a stream together is the product. */
const SLOWNESS_MAX = 5;
/** So slow that leases expire: what such a peer returns comes late, or is its second. */
const CRAWLING = 20;
/** Of one slot: some peers have but one, which may be slow. */
const JOB_MS_MAX = 40_000;
const SPLIT_MS_MAX = 20_000;
/** What is clogged stays so in peace, until its time is over. */
const CLOG_MS_MAX = 30_000;

/** Whether a peer gives right results in time, as long as it is there. */
export function isAble({ options }: SimulatedPeer): boolean {
  const { slots, slowness, wrongShare, failShare, hangShare } = options.conduct;
  return slots > 0 && slowness < CRAWLING && wrongShare + failShare + hangShare === 0;
}

export class Mischief {
  readonly counts = new Map<FaultKind, number>();
  /** Every id under which somebody ran whose results are wrong. */
  readonly liars = new Set<PeerId>();
  /** The same of those who fail. */
  readonly failers = new Set<PeerId>();
  readonly #simulator: Simulator;
  readonly #kinds: readonly FaultKind[];
  readonly #hasLiars: boolean;
  #partitions = 0;
  #isOver = false;

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
    const known = kinds.filter(() => this.#draw() < KNOWN_SHARE);
    this.#kinds = [...known, 'submit'];
    this.#hasLiars = this.#draw() < 0.7;
  }

  /** Somebody new, who knows some of those who were there before. */
  join(): SimulatedPeer {
    const { peers } = this.#simulator;
    const entrances = [peers[0], this.#any(peers), this.#any(peers)].flatMap((peer) =>
      peer === undefined ? [] : [peer.address],
    );
    const peer = this.#simulator.addPeer({ entrances, conduct: this.#conduct() });
    this.#note(peer);
    return peer;
  }

  /** One thing goes wrong. */
  act(): void {
    const kind = this.#any(this.#kinds);
    if (kind === undefined || !this.#do(kind)) return;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  /** Nothing that was begun goes on: who is down stays down, who is paused stays paused. */
  end(): void {
    this.#isOver = true;
  }

  /** A small job of somebody who is there. */
  submit(): boolean {
    const peer = this.#anyUp();
    const running = Array.from(this.#simulator.jobs.values()).filter(isRunning).length;
    if (peer === undefined || running >= RUNNING_MAX) return false;
    const quorumMin = this.#hasLiars ? 2 : 1;
    const quorum = quorumMin + Math.floor(this.#draw() * (QUORUM_MAX + 1 - quorumMin));
    const chunkMs = this.#between(2, 3_000);
    const chunks = Math.ceil(this.#between(1, Math.min(CHUNKS_MAX, JOB_MS_MAX / chunkMs)));
    const splitMs = this.#draw() < 0.3 ? this.#between(100, SPLIT_MS_MAX) : 0;
    this.#simulator.submit(peer, { chunks, chunkMs, quorum, splitMs });
    return true;
  }

  #do(kind: FaultKind): boolean {
    switch (kind) {
      case 'kill':
        return this.#crash('killed');
      case 'power-loss':
        return this.#crash('power-lost');
      case 'partition':
        return this.#partition('both-ways');
      case 'one-way':
        return this.#partition('one-way');
      case 'freeze':
      case 'clog':
      case 'slow':
        return this.#hinder(kind);
      case 'submit':
        return this.submit();
      case 'cancel':
      case 'pause':
      case 'finish':
        return this.#command(kind);
      case 'join':
        if (this.#simulator.peers.length >= PEERS_MAX) return false;
        this.join();
        return true;
      default:
        return unreachable(kind);
    }
  }

  #crash(how: 'killed' | 'power-lost'): boolean {
    const peer = this.#anyUp();
    if (peer === undefined) return false;
    this.#simulator.crash(peer, how);
    // Some never come back.
    if (this.#draw() < 0.2) return true;
    const state = this.#draw() < 0.5 ? 'kept' : 'lost';
    this.#later(this.#between(100, 60_000), () => {
      this.#simulator.restart(peer, state);
      this.#note(peer);
    });
    return true;
  }

  #partition(ways: 'both-ways' | 'one-way'): boolean {
    if (this.#partitions >= PARTITIONS_MAX) return false;
    const share = this.#between(0.02, 0.5);
    const here: SimulatedPeer[] = [];
    const there: SimulatedPeer[] = [];
    for (const peer of this.#simulator.peers) (this.#draw() < share ? here : there).push(peer);
    if (here.length === 0 || there.length === 0) return false;
    this.#partitions += 1;
    if (this.#draw() < 0.5) this.#simulator.partition(here, there, ways);
    else this.#simulator.partition(there, here, ways);
    this.#later(this.#between(500, 90_000), () => {
      // It heals all there are.
      this.#partitions = 0;
      this.#simulator.heal();
    });
    return true;
  }

  #hinder(kind: 'freeze' | 'clog' | 'slow'): boolean {
    const simulator = this.#simulator;
    const peer = this.#anyUp();
    if (peer === undefined) return false;
    const ms = this.#between(50, 90_000);
    if (kind === 'freeze') {
      simulator.freeze(peer, ms);
    } else if (kind === 'clog') {
      const other = this.#any(simulator.peers);
      if (other !== undefined) simulator.clog(peer, other, Math.min(ms, CLOG_MS_MAX));
    } else {
      simulator.slow(peer, this.#between(1.5, SLOWNESS_MAX));
      this.#later(ms, () => simulator.slow(peer, 1));
    }
    return true;
  }

  #command(kind: 'cancel' | 'pause' | 'finish'): boolean {
    const simulator = this.#simulator;
    const peer = this.#anyUp();
    if (peer === undefined) return false;
    if (kind === 'finish') {
      simulator.handle(peer, { type: 'finish' });
    } else if (kind === 'pause') {
      const untilMs = peer.now().ms + this.#between(100, 60_000);
      simulator.handle(peer, this.#draw() < 0.5 ? { type: 'pause' } : { type: 'pause', untilMs });
      const resume = (): void => {
        if (peer.isUp) simulator.handle(peer, { type: 'resume' });
      };
      if (this.#draw() < 0.7) this.#later(this.#between(100, 60_000), resume);
    } else {
      const job = peer.jobs.find(isRunning);
      if (job === undefined) return false;
      simulator.cancel(peer, job);
    }
    return true;
  }

  #later(ms: number, run: () => void): void {
    this.#simulator.timeline.after(ms, () => {
      if (!this.#isOver) run();
    });
  }

  #conduct(): ComputeConduct {
    const slots = Math.floor(this.#draw() * 4);
    const conduct = { ...honest, slots, slowness: this.#between(0.3, 4), spread: this.#draw() };
    const kind = this.#draw();
    if (kind < 0.1 && this.#hasLiars) return { ...conduct, wrongShare: this.#between(0.1, 1) };
    if (kind < 0.15) return { ...conduct, failShare: this.#between(0.05, 1) };
    if (kind < 0.2) return { ...conduct, hangShare: this.#between(0.05, 0.5) };
    if (kind < 0.25) return { ...conduct, slowness: CRAWLING * conduct.slowness };
    return conduct;
  }

  #note({ self, options }: SimulatedPeer): void {
    if (options.conduct.wrongShare > 0) this.liars.add(self);
    if (options.conduct.failShare > 0) this.failers.add(self);
  }

  #anyUp(): SimulatedPeer | undefined {
    const { peers } = this.#simulator;
    // Who is frozen hears no commands, and would freeze no more.
    return this.#any(peers.filter(({ isUp, host }) => isUp && !host.isFrozen));
  }

  #any<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#draw() * items.length)];
  }

  /** As often below the geometric mean as above it. */
  #between(min: number, max: number): number {
    return min * (max / min) ** this.#draw();
  }

  #draw(): number {
    return this.#simulator.random.next();
  }
}

function isRunning({ state }: SimulatedJob): boolean {
  return state === 'running';
}
