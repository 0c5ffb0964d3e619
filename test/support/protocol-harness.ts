/**
 * A small world for `Peer` machines: a virtual clock, links that deliver in order, a sandbox that
 * answers after as long as a chunk takes. Nothing is real and nothing is random but what a seed
 * says, so that one seed replays one history.
 */

import { unreachable } from '../../src/model/errors.ts';
import type { Digest, JobId, PeerId } from '../../src/model/ids.ts';
import type { JobFailure, JobReport, JobSpec } from '../../src/model/job.ts';
import type { Outcome } from '../../src/model/replica.ts';
import type { Effect, PeerEvent } from '../../src/protocol/events.ts';
import { Peer, type PeerOptions } from '../../src/protocol/peer.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { at, digestNumbered, givenLimits, signedOf, valueOf } from './protocol-fixtures.ts';

/** What a peer makes of chunks. */
export type Conduct = {
  readonly slots: number;
  /** Time of a chunk on one slot. */
  readonly chunkMs: number;
  /** Share of wrong results, each wrong in a way of its own. */
  readonly wrongShare: number;
  /** Runs never come back. */
  readonly hangs: boolean;
};

export type Node = {
  readonly self: PeerId;
  readonly address: string;
  readonly peer: Peer;
  readonly conduct: Conduct;
  /** Canonical results that were stored. */
  readonly stored: Map<number, Digest>;
  readonly accepted: JobId[];
  readonly failures: JobFailure[];
  readonly reports: JobReport[];
  drained: number;
  gone: boolean;
};

type Task = { readonly atMs: number; readonly order: number; readonly run: () => void };

/** A message's way, and everything else that takes a moment. */
const LINK_MS = 1;
/** Timers fire up to a millisecond early, as real ones do. */
const TIMER_EARLY_MS = 0.7;

export class World {
  readonly nodes = new Map<PeerId, Node>();
  /** Everything that was decided, in order. */
  readonly trace: string[] = [];
  events = 0;
  nowMs = 1_000_000.25;
  readonly #seed: number;
  readonly #dice;
  #tasks: Task[] = [];
  #order = 0;
  #lies = 0;
  readonly #links = new Set<string>();
  readonly #work = new Set<string>();
  readonly #runs = new Map<string, (stopped: boolean) => void>();
  readonly #wakes = new Map<PeerId, number>();

  constructor(seed: number) {
    this.#seed = seed;
    this.#dice = createRandom(seed);
  }

  join(self: PeerId, entrances: readonly string[], conduct: Partial<Conduct> = {}): Node {
    const address = `${self.slice(0, 4)}:1`;
    const { slots = 2, chunkMs = 20, wrongShare = 0, hangs = false } = conduct;
    const seed = this.#seed + this.nodes.size;
    const options: PeerOptions = {
      self,
      addresses: () => [address],
      entrances,
      slots,
      limits: givenLimits,
      seed,
    };
    const node: Node = {
      self,
      address,
      peer: new Peer(options),
      conduct: { slots, chunkMs, wrongShare, hangs },
      stored: new Map(),
      accepted: [],
      failures: [],
      reports: [],
      drained: 0,
      gone: false,
    };
    this.nodes.set(self, node);
    this.handle(node, { type: 'tick' });
    return node;
  }

  submit(node: Node, job: JobId, spec: JobSpec, chunks: number): void {
    this.handle(node, { type: 'submit', job, spec });
    this.handle(node, { type: 'chunks-added', job, count: chunks });
    this.handle(node, { type: 'split-ended', job });
  }

  /** As if its cable was pulled: everybody notices, it says nothing. */
  vanish(node: Node): void {
    node.gone = true;
    for (const other of this.nodes.values()) {
      const { self: peer } = node;
      if (this.#links.delete(pair(other.self, peer))) {
        this.#later(other, { type: 'neighbour-down', peer, reason: 'lost' });
      }
      if (this.#work.delete(way(peer, other.self))) {
        this.#later(other, { type: 'volunteer-down', peer });
      }
      if (this.#work.delete(way(other.self, peer))) {
        this.#later(other, { type: 'requester-down', peer, reason: 'lost' });
      }
    }
  }

  /** Lets time pass until something is so, or at most this long. */
  runFor(ms: number, until: () => boolean = () => false): void {
    const endMs = this.nowMs + ms;
    while (!until()) {
      const next = this.#take(endMs);
      if (next === undefined) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    if (!until()) this.nowMs = endMs;
  }

  handle(node: Node, event: PeerEvent): void {
    if (node.gone) return;
    this.events += 1;
    for (const effect of node.peer.handle(event, at(this.nowMs))) {
      this.trace.push(`${this.nowMs} ${node.address} ${JSON.stringify(effect)}`);
      this.#carryOut(node, effect);
    }
  }

  #take(endMs: number): Task | undefined {
    const first = this.#tasks[0];
    if (first === undefined || first.atMs > endMs) return undefined;
    this.#tasks = this.#tasks.slice(1);
    return first;
  }

  #at(atMs: number, run: () => void): void {
    this.#order += 1;
    const task = { atMs, order: this.#order, run };
    const after = this.#tasks.findIndex((other) => other.atMs > atMs);
    this.#tasks.splice(after === -1 ? this.#tasks.length : after, 0, task);
  }

  #later(node: Node | undefined, event: PeerEvent, ms = LINK_MS): void {
    if (node !== undefined) this.#at(this.nowMs + ms, () => this.handle(node, event));
  }

  #carryOut(node: Node, effect: Effect): void {
    switch (effect.type) {
      case 'dial':
        return this.#dial(node, effect.address);
      case 'hang-up':
        return this.#hangUp(node.self, effect.peer);
      case 'send-overlay':
        if (!this.#links.has(pair(node.self, effect.to))) return;
        return this.#tell(effect.to, {
          type: 'overlay-message',
          from: node.self,
          message: effect.message,
        });
      case 'open-work':
        return this.#openWork(node, effect.requester);
      case 'close-work':
        if (!this.#work.delete(way(node.self, effect.requester))) return;
        return this.#tell(effect.requester, { type: 'volunteer-down', peer: node.self });
      case 'send-to-requester':
        if (!this.#work.has(way(node.self, effect.to))) return;
        return this.#tell(effect.to, {
          type: 'volunteer-message',
          from: node.self,
          message: effect.message,
        });
      case 'send-to-volunteer':
        return this.#sendToVolunteer(node, effect);
      case 'fetch-program':
        return this.#later(node, { type: 'program-ready', program: effect.program });
      case 'run':
        return this.#run(node, effect);
      case 'stop-runs':
        for (const [name, end] of this.#runs) {
          if (name.startsWith(`${node.self} ${effect.job} `)) end(true);
        }
        return undefined;
      case 'sign-offer':
        return this.#later(node, { type: 'offer-signed', offer: signedOf(effect.offer) }, 0);
      case 'wake':
        return this.#wake(node, effect.atMs);
      default:
        return this.#note(node, effect);
    }
  }

  #note(
    node: Node,
    effect: Extract<Effect, { type: 'store-results' | 'all-accepted' | 'job-failed' | 'drained' }>,
  ): void {
    switch (effect.type) {
      case 'store-results':
        for (const { chunk, digest } of effect.results) {
          if (node.stored.has(chunk)) throw new Error(`chunk ${chunk} was stored twice`);
          node.stored.set(chunk, digest);
        }
        return;
      case 'all-accepted':
        node.accepted.push(effect.job);
        return this.#end(node, effect.job);
      case 'job-failed':
        node.failures.push(effect.failure);
        return this.#end(node, effect.job);
      case 'drained':
        node.drained += 1;
        return;
      default:
        unreachable(effect);
    }
  }

  #end(node: Node, job: JobId): void {
    const report = node.peer.ownJob(job)?.report(this.nowMs);
    if (report !== undefined) node.reports.push(report);
    this.#later(node, { type: 'end-job', job });
  }

  #dial(node: Node, address: string): void {
    const target = [...this.nodes.values()].find((other) => other.address === address);
    this.#at(this.nowMs + LINK_MS, () => {
      const link = pair(node.self, target?.self ?? node.self);
      if (target === undefined || target.gone || target === node || this.#links.has(link)) {
        this.handle(node, { type: 'dial-failed', address, reason: 'nobody there' });
        return;
      }
      this.#links.add(link);
      const up = { type: 'neighbour-up' } as const;
      const here = { ...up, peer: node.self, addresses: [node.address] };
      this.handle(target, { ...here, direction: 'incoming' });
      const there = { ...up, peer: target.self, addresses: [address], dialled: address };
      this.handle(node, { ...there, direction: 'outgoing' });
    });
  }

  #hangUp(from: PeerId, to: PeerId): void {
    if (!this.#links.delete(pair(from, to))) return;
    this.#tell(to, { type: 'neighbour-down', peer: from, reason: 'hung up' });
  }

  #openWork(node: Node, requester: PeerId): void {
    this.#at(this.nowMs + LINK_MS, () => {
      const target = this.nodes.get(requester);
      if (target === undefined || target.gone) {
        this.handle(node, { type: 'requester-down', peer: requester, reason: 'nobody there' });
        return;
      }
      this.#work.add(way(node.self, requester));
      this.handle(target, { type: 'volunteer-up', peer: node.self });
      this.handle(node, { type: 'requester-up', peer: requester });
    });
  }

  #sendToVolunteer(node: Node, effect: Extract<Effect, { type: 'send-to-volunteer' }>): void {
    const { to, message } = effect;
    if (to !== node.self && !this.#work.has(way(to, node.self))) return;
    const from = node.self;
    if (message.type !== 'leases') {
      this.#tell(to, { type: 'requester-message', from, message });
      return;
    }
    const chunks = message.chunks.map((lease) => ({ ...lease, input: valueOf(lease.chunk) }));
    this.#tell(to, { type: 'requester-message', from, message: { ...message, chunks } });
  }

  #tell(to: PeerId, event: PeerEvent): void {
    this.#later(this.nodes.get(to), event);
  }

  #run(node: Node, effect: Extract<Effect, { type: 'run' }>): void {
    const { run, job, chunks } = effect;
    const { chunkMs, hangs } = node.conduct;
    const name = `${node.self} ${job} ${run}`;
    const end = (stopped: boolean): void => {
      if (!this.#runs.delete(name)) return;
      const outcomes = chunks.map(({ chunk }) => ({
        outcome: stopped ? ({ type: 'returned' } as const) : this.#outcome(node, chunk),
        computeMs: stopped ? 0 : chunkMs,
      }));
      this.#later(node, { type: 'run-done', run, outcomes }, 0);
    };
    this.#runs.set(name, end);
    if (!hangs) this.#at(this.nowMs + chunkMs * chunks.length, () => end(false));
  }

  #outcome(node: Node, chunk: number): Outcome {
    if (this.#dice.next() >= node.conduct.wrongShare) {
      return { type: 'result', digest: digestNumbered(chunk), value: valueOf(chunk) };
    }
    this.#lies += 1;
    return { type: 'result', digest: digestNumbered(1e9 + this.#lies), value: valueOf(this.#lies) };
  }

  #wake(node: Node, atMs: number): void {
    const token = (this.#wakes.get(node.self) ?? 0) + 1;
    this.#wakes.set(node.self, token);
    const early = this.#dice.next() < 0.1 ? TIMER_EARLY_MS : 0;
    this.#at(Math.max(atMs - early, this.nowMs + 0.1), () => {
      if (this.#wakes.get(node.self) === token) this.handle(node, { type: 'tick' });
    });
  }
}

function pair(one: PeerId, other: PeerId): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

function way(volunteer: PeerId, requester: PeerId): string {
  return `${volunteer} ${requester}`;
}
