/**
 * Any number of whole peers in one process, under a virtual clock and a network that can fail in
 * all the ways that real ones do. Everything is drawn from one seed, so that a run that went wrong
 * can be had again; and after every event it is looked at whether the peer that handled it is as it
 * should be. The picture to have in mind is TigerBeetle's VOPR and FoundationDB's simulation: most
 * failures of a grid are too rare to wait for, so they are made often, and time runs fast.
 *
 * Nothing of `src/protocol` is replaced. Below it, `host.ts` keeps the promises of `ports.ts`, and
 * `driver.ts` does what the real driver does.
 */

import { type JobId, type PeerId, peerId } from '../../../src/model/ids.ts';
import type { TransportEvent } from '../../../src/ports.ts';
import type { Effect, Now, PeerEvent } from '../../../src/protocol/events.ts';
import { createRandom, type Random } from '../../../src/protocol/random.ts';
import { type ComputeConduct, honest } from './compute-conduct.ts';
import { type ClockOptions, DriftingClock, usualClocks } from './drifting-clock.ts';
import { Host } from './host.ts';
import { calmNetwork, Network, type NetworkOptions } from './network.ts';
import { type JobOptions, SimulatedJob } from './simulated-job.ts';
import { SimulatedPeer, type World } from './simulated-peer.ts';
import { Timeline } from './timeline.ts';
import { Trace } from './trace.ts';

export type SimulatorOptions = {
  readonly seed: number;
  readonly network?: Partial<NetworkOptions>;
  readonly clocks?: Partial<ClockOptions>;
  /** Saboteurs are so many that they may come to agree on a wrong result. */
  readonly mayBeFooled?: boolean;
};

export type AddPeerOptions = {
  /** Addresses to join through. */
  readonly entrances?: readonly string[];
  readonly conduct?: Partial<ComputeConduct>;
  readonly self?: PeerId;
  /** Where its machine is; somewhere of its own if left out. */
  readonly ip?: string;
};

/** What an actor is given to act with. */
export type ActorContext = {
  readonly host: Host;
  readonly random: Random;
  readonly nowMs: () => number;
  readonly after: (ms: number, run: () => void) => void;
};

/** Called when something was handled, before it is looked at whether all is well. */
export type Observer = (
  peer: SimulatedPeer,
  event: PeerEvent,
  effects: readonly Effect[],
  now: Now,
) => void;

const usualJob: JobOptions = { chunks: 100, chunkMs: 100, quorum: 2, splitMs: 0 };
/** In which the chunks of a job come when splitting takes time. */
const SPLIT_PARTS = 5;
/** Lines that an error shows. With TRACE=1 it shows all that are kept. */
const LINES_SHOWN = 12;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

export class Simulator {
  readonly seed: number;
  readonly timeline = new Timeline();
  readonly trace = new Trace();
  readonly network: Network;
  readonly random: Random;
  readonly peers: SimulatedPeer[] = [];
  readonly jobs = new Map<JobId, SimulatedJob>();
  observer: Observer | undefined;
  #explained: Error | undefined;
  readonly #clocks: ClockOptions;
  readonly #world: World;

  constructor({ seed, network = {}, clocks = {}, mayBeFooled = false }: SimulatorOptions) {
    this.seed = seed;
    this.random = createRandom(seed);
    this.network = new Network(this.timeline, this.random, { ...calmNetwork, ...network });
    this.#clocks = { ...usualClocks, ...clocks };
    this.#world = {
      network: this.network,
      random: this.random,
      jobs: this.jobs,
      offered: this.network.offered,
      mayBeFooled,
      onHandled: (peer, event, effects, now) => {
        this.trace.add(this.timeline.nowMs, peer.number, event, effects.length);
        this.observer?.(peer, event, effects, now);
      },
    };
  }

  /** Milliseconds since the beginning. */
  get nowMs(): number {
    return this.timeline.nowMs;
  }

  /** It starts at this moment. */
  addPeer({ entrances = [], conduct = {}, self, ip }: AddPeerOptions = {}): SimulatedPeer {
    const options = {
      place: this.network.place(ip),
      clock: new DriftingClock(this.#clocks, this.random),
      entrances,
      conduct: { ...honest, ...conduct },
    };
    const peer = new SimulatedPeer(self ?? this.#newId(), options, this.#world);
    this.peers.push(peer);
    return peer;
  }

  /**
   * Something that is no peer: it gets the transport's events, and says whatever it likes.
   * @param create called at once; what it returns gets the events
   */
  addActor(create: (context: ActorContext) => (event: TransportEvent) => void, ip?: string): Host {
    const host = new Host(this.network, this.#newId(), this.network.place(ip));
    const handle = create({
      host,
      random: this.random,
      nowMs: () => this.timeline.nowMs,
      after: (ms, run) => this.timeline.after(ms, () => host.whenAwake(run)),
    });
    void host.listen((event) => {
      this.trace.add(this.timeline.nowMs, host.place.number, event, 0);
      handle(event);
    });
    return host;
  }

  submit(peer: SimulatedPeer, options: Partial<JobOptions> = {}): SimulatedJob {
    const number = this.jobs.size + 1;
    const job = new SimulatedJob(number, peer.self, { ...usualJob, ...options });
    this.jobs.set(job.id, job);
    peer.jobs.push(job);
    this.handle(peer, { type: 'submit', job: job.id, spec: job.spec });
    const { splitMs } = job;
    const parts = splitMs > 0 ? SPLIT_PARTS : 1;
    this.#split(peer, job, 1 / parts);
    for (let part = 2; part <= parts; part++) {
      const atMs = (splitMs * (part - 1)) / (parts - 1);
      this.timeline.after(atMs, () => this.#split(peer, job, part / parts));
    }
    return job;
  }

  /** Its owner gives the job up. */
  cancel(peer: SimulatedPeer, job: SimulatedJob): void {
    job.state = 'cancelled';
    this.handle(peer, { type: 'end-job', job: job.id });
  }

  /**
   * `killed`: its system closes its streams and refuses dials. `power-lost`: silence, until it is
   * started again.
   */
  crash(peer: SimulatedPeer, how: 'killed' | 'power-lost'): void {
    peer.crash(how);
  }

  /** @param state `lost`: it comes back at the same address as somebody who knows nothing */
  restart(peer: SimulatedPeer, state: 'kept' | 'lost'): void {
    peer.restart(state === 'kept' ? peer.self : this.#newId());
  }

  /** As by SIGSTOP or a closed lid: what happens meanwhile is handled afterwards, all at once. */
  freeze(peer: SimulatedPeer, ms: number): void {
    const { host } = peer;
    host.freeze();
    this.timeline.after(ms, () => host.thaw());
  }

  /** Nothing that some send reaches the others; the other way it does, if it is `one-way`. */
  partition(
    from: readonly SimulatedPeer[],
    to: readonly SimulatedPeer[],
    ways: 'both-ways' | 'one-way' = 'both-ways',
  ): void {
    const [here, there] = [from, to].map((side) => side.map(({ options }) => options.place));
    this.network.cut(here ?? [], there ?? []);
    if (ways === 'both-ways') this.network.cut(there ?? [], here ?? []);
  }

  /** Everybody hears everybody again. */
  heal(): void {
    this.network.heal();
  }

  /** Streams between two peers hold back all that is sent, in order. */
  clog(one: SimulatedPeer, other: SimulatedPeer, ms: number): void {
    this.network.clog(one.options.place, other.options.place, ms);
  }

  /** @param factor by which everything from and to the peer takes longer; 1 for as usual */
  slow({ options }: SimulatedPeer, factor: number): void {
    this.network.slow(options.place, factor);
  }

  /** Commands to a peer, and anything else that may break an invariant outside of `runFor`. */
  handle(peer: SimulatedPeer, event: PeerEvent): void {
    this.#explaining(() => peer.handle(event));
  }

  /** @throws {Error} a broken invariant, with the seed, the time and what happened last */
  runFor(ms: number): void {
    this.#explaining(() => this.timeline.runFor(ms));
  }

  /**
   * @param everyMs how often it is asked, in virtual time
   * @returns whether it became so in time
   */
  runUntil(isSo: () => boolean, withinMs: number, everyMs?: number): boolean {
    return this.#explaining(() => this.timeline.runUntil(isSo, withinMs, everyMs));
  }

  /** What was observed, for an error's text. */
  describe(): string {
    const shown = process.env['TRACE'] === '1' ? undefined : LINES_SHOWN;
    const lines = this.trace.lines(shown);
    return [`seed ${this.seed}, at ${this.nowMs.toFixed(3)} ms; the last events:`, ...lines].join(
      '\n  ',
    );
  }

  /** @param share of the chunks that there are then */
  #split(peer: SimulatedPeer, job: SimulatedJob, share: number): void {
    if (job.state !== 'running') return;
    const count = Math.round(job.chunks * share) - job.yielded;
    job.yielded += count;
    if (count > 0) this.handle(peer, { type: 'chunks-added', job: job.id, count });
    if (share === 1) this.handle(peer, { type: 'split-ended', job: job.id });
  }

  #explaining<Result>(run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      // Commands may come from within `runFor`.
      if (error instanceof Error && error !== this.#explained) {
        error.message += `\n${this.describe()}`;
        this.#explained = error;
      }
      throw error;
    }
  }

  #newId(): PeerId {
    const letters = Array.from({ length: 52 }, () => BASE32[Math.floor(this.random.next() * 32)]);
    return peerId(letters.join(''));
  }
}
