/**
 * Brings what is in the outbox to its requesters: over the streams that are open because this peer
 * computes for them, and over streams of its own to those for which it computes nothing now.
 *
 * When a stream is up again, the first word on it are the results that may not have arrived, the
 * second which leases of before are still held. The requester leases the others to somebody else at
 * once, and these to nobody.
 *
 * There are few streams for deliveries alone, and whoever is owed results may be a stranger that
 * takes none of them. So while somebody waits for its place, a stream has to pay for the time that
 * it stays with what is taken of it. A count of acknowledgements would not do instead: one every
 * now and then, of thousands of small results, would hold a place for a day.
 */

import type { JobId, PeerId } from '../../model/ids.ts';
import { limits } from '../../model/limits.ts';
import type { ReplicaResult } from '../../model/replica.ts';
import type { ComputedReplica, Destination, Unsent } from '../../model/unsent.ts';
import type { Effect } from '../events.ts';
import { OfferedAddresses } from './offered-addresses.ts';
import type { OfferBook } from '../overlay/offer-book.ts';
import { Outbox } from './outbox.ts';
import type { RequesterLinks } from './requester-links.ts';

/** Streams at a time that are open for deliveries alone: half of those there may be for work. */
const STREAMS_MAX = 4;
/**
 * The same with those that were open for work: with the eight jobs that are computed at a time
 * (`engagements.ts`) they are as many as there may be in all (`limits.requestersMax`).
 */
const TAKEN_OVER_MAX = 8;
/**
 * A stream that is open for a delivery alone is given up when nothing was acknowledged for so long,
 * so that it is in nobody's way. While this peer finishes it has so long in all. A guess: a disk
 * that is slow to sync takes seconds.
 */
const UNHEEDED_MS_MAX = 60_000;
/**
 * Beside that such a stream has the time that what is owed takes at the least rate: large results
 * are acknowledged when all of one is there, and a slow line is no crime. 256 kbit/s, as with blobs
 * (`transport/blob-pace.ts`, which is out of reach here).
 */
const BYTES_PER_MS_MIN = 32;
/**
 * Where others wait for its place, such a stream is given up when it has come to nothing for so
 * long, or for longer been slower than the least rate. What there is to deliver goes on where it
 * was when its turn comes again. A guess: some round trips, and a disk that is slow to sync.
 */
const WAITED_FOR_MS_MAX = 30_000;

export type DeliveriesParts = {
  readonly self: PeerId;
  readonly links: RequesterLinks;
  readonly book: OfferBook;
  /** What an earlier process could not deliver, the oldest first. */
  readonly unsent: readonly Unsent[];
};

/** What is computed for whom at present. */
export type Engaged = {
  /** Whether more results of the job are to be expected soon. */
  isRunning(to: Destination): boolean;
  /** Whether this peer has something to do for it beside a delivery. */
  has(requester: PeerId): boolean;
  /** Those whose streams should be up. */
  readonly destinations: readonly Destination[];
  /** Nothing more is to be computed: what can't be delivered soon stays for the next process. */
  readonly isOver: boolean;
};

/** The use that was made of a stream that is open for a delivery alone. */
type Use = {
  /** When something of it was acknowledged last. */
  heededAtMs: number;
  /** Until then it stays, whoever waits. */
  paidUntilMs: number;
  /** Bytes that are paid for, and not acknowledged: not to be paid for twice. */
  takenBytes: number;
};

export class Deliveries {
  readonly outbox: Outbox;
  readonly #self: PeerId;
  readonly #links: RequesterLinks;
  readonly #addresses: OfferedAddresses;
  /** Streams that are open for a delivery alone; at most `TAKEN_OVER_MAX`. */
  readonly #uses = new Map<PeerId, Use>();
  /** Requesters that would be there, and find no place. */
  #waiting: ReadonlySet<PeerId> = new Set();
  #nowMs = 0;
  /** Nothing was tried since the start. */
  #isNew: boolean;
  #isOver = false;

  constructor({ self, links, book, unsent }: DeliveriesParts) {
    this.outbox = new Outbox(self, unsent);
    this.#self = self;
    this.#links = links;
    this.#addresses = new OfferedAddresses(book);
    this.#isNew = unsent.length > 0;
  }

  get dueAtMs(): number {
    if (this.#isNew) return 0;
    let dueAtMs = this.outbox.dueAtMs((peer) => this.#links.isUp(peer));
    for (const [peer, use] of this.#uses) {
      dueAtMs = Math.min(dueAtMs, this.#patientUntilMs(peer, use));
      if (this.#waiting.size > 0 && peer !== this.#self)
        dueAtMs = Math.min(dueAtMs, use.paidUntilMs);
    }
    return dueAtMs;
  }

  /** Whether something is to be acknowledged by somebody who is there. */
  get isExpecting(): boolean {
    return this.outbox.destinations.some(({ requester }) => this.#links.isUp(requester));
  }

  /** Results of a run. What was not computed has been told already. */
  add(to: Destination, replicas: readonly ReplicaResult[], nowMs: number): void {
    this.#nowMs = nowMs;
    this.outbox.add(to, replicas.filter(isComputed), nowMs);
  }

  /** Nothing more is computed for a requester: its stream is for what it is owed, or is closed. */
  takeOver(requester: PeerId): Effect[] {
    const isOwed = this.#links.isOpen(requester) && this.outbox.has(requester);
    const isRoom = requester === this.#self || this.#places < TAKEN_OVER_MAX;
    if (isOwed && isRoom) {
      this.#begin(requester, this.#nowMs);
      return [];
    }
    return [...this.#links.close(requester), ...(isOwed ? this.outbox.cut(requester) : [])];
  }

  /** So many bytes of large results are on their way, and nobody else could have had that time. */
  took(from: PeerId, bytes: number, nowMs: number): void {
    const use = this.#uses.get(from);
    if (use === undefined) return;
    use.takenBytes += bytes;
    pay(use, bytes, nowMs);
  }

  acknowledged(from: PeerId, job: JobId, leases: readonly number[], nowMs: number): Effect[] {
    const owedBytes = this.outbox.owedBytes(from);
    const effects = this.outbox.acknowledge(from, job, leases);
    const bytes = owedBytes - this.outbox.owedBytes(from);
    if (bytes === 0) return effects;
    this.#links.served(from);
    const use = this.#uses.get(from);
    if (use === undefined) return effects;
    pay(use, Math.max(bytes - use.takenBytes, 0), nowMs);
    use.takenBytes = Math.max(use.takenBytes - bytes, 0);
    if (!this.#isOver) use.heededAtMs = nowMs;
    return effects;
  }

  /**
   * The stream to a requester is open.
   * @param held leases of its jobs that are still held from before
   */
  cameUp(peer: PeerId, held: ReadonlyMap<JobId, readonly number[]>, nowMs: number): Effect[] {
    const effects = this.outbox.send(
      (other) => other === peer,
      () => false,
      nowMs,
    );
    const delivered = this.outbox.destinations.filter(({ requester }) => requester === peer);
    for (const job of new Set([...held.keys(), ...delivered.map((to) => to.job)])) {
      const all = [...(held.get(job) ?? []), ...this.outbox.leases(peer, job)];
      const leases = all.slice(0, limits.holdMax);
      effects.push({ type: 'send-to-requester', to: peer, message: { type: 'hold', job, leases } });
    }
    return effects;
  }

  /** The stream broke, or could not be opened. */
  wentDown(peer: PeerId): Effect[] {
    if (this.#uses.delete(peer)) this.outbox.putLast(peer);
    this.#addresses.failed(peer);
    return this.outbox.cut(peer);
  }

  /** Sends what is due, opens streams to those who are away, closes those that have served. */
  advance(engaged: Engaged, nowMs: number): Effect[] {
    this.#nowMs = nowMs;
    this.#isNew = false;
    this.#isOver = engaged.isOver;
    const isUp = (peer: PeerId): boolean => this.#links.isUp(peer);
    const effects = [
      ...this.outbox.send(isUp, (to) => engaged.isRunning(to), nowMs),
      ...this.outbox.sweep(isUp, nowMs),
      ...this.#close(engaged, nowMs),
      ...this.#open(engaged, nowMs),
    ];
    const makingWay = this.#makeWay(nowMs);
    return makingWay.length === 0
      ? effects
      : [...effects, ...makingWay, ...this.#open(engaged, nowMs)];
  }

  #begin(requester: PeerId, nowMs: number): void {
    const paidUntilMs = nowMs + WAITED_FOR_MS_MAX;
    this.#uses.set(requester, { heededAtMs: nowMs, paidUntilMs, takenBytes: 0 });
  }

  /** What this peer says to itself takes nobody's place. */
  get #places(): number {
    return this.#uses.size - (this.#uses.has(this.#self) ? 1 : 0);
  }

  #open(engaged: Engaged, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    const waiting = new Set<PeerId>();
    for (const known of [...engaged.destinations, ...this.outbox.destinations]) {
      const { requester } = known;
      if (requester === this.#self || this.#links.isOpen(requester)) continue;
      const isNews = this.#addresses.hasNews(requester) && !this.#links.isVain(requester);
      if (this.#links.isAvoided(requester, nowMs) && !isNews) continue;
      const isDelivery = !engaged.has(requester);
      if (isDelivery && engaged.isOver) continue;
      if (isDelivery && this.#places >= STREAMS_MAX) {
        waiting.add(requester);
        continue;
      }
      if (!this.#links.mayOpen(requester, nowMs)) break;
      const addresses = this.#addresses.of(known);
      this.outbox.redirect({ ...known, addresses });
      if (isDelivery) this.#begin(requester, nowMs);
      effects.push(...this.#links.open(requester, addresses));
    }
    this.#waiting = waiting;
    return effects;
  }

  /** As many as there are others who wait; those that were taken over first have to be fewer. */
  #makeWay(nowMs: number): Effect[] {
    if (this.#waiting.size === 0) return [];
    const wanted = this.#places - STREAMS_MAX + this.#waiting.size;
    const unpaid = [...this.#uses].filter(
      ([peer, { paidUntilMs }]) => paidUntilMs <= nowMs && peer !== this.#self,
    );
    if (this.#places - unpaid.length >= STREAMS_MAX) return [];
    unpaid.sort(([, a], [, b]) => a.paidUntilMs - b.paidUntilMs);
    return unpaid.slice(0, wanted).flatMap(([peer]) => this.#giveUp(peer, nowMs));
  }

  #giveUp(requester: PeerId, nowMs: number): Effect[] {
    this.#links.wentDown(requester, nowMs);
    return [{ type: 'close-work', requester }, ...this.wentDown(requester)];
  }

  #close(engaged: Engaged, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const [peer, use] of this.#uses) {
      const isHeeded = this.#patientUntilMs(peer, use) > nowMs;
      if (engaged.has(peer)) this.#uses.delete(peer);
      if (engaged.has(peer) || (isHeeded && this.outbox.has(peer))) continue;
      if (isHeeded) {
        this.#uses.delete(peer);
        effects.push(...this.#links.close(peer));
      } else {
        effects.push(...this.#giveUp(peer, nowMs));
      }
    }
    return effects;
  }

  /** Results on a slow line go on where they were with the next process, so no end waits for it. */
  #patientUntilMs(peer: PeerId, { heededAtMs }: Use): number {
    const bytes = this.#isOver ? 0 : this.outbox.owedBytes(peer);
    return heededAtMs + UNHEEDED_MS_MAX + Math.ceil(bytes / BYTES_PER_MS_MIN);
  }
}

function pay(use: Use, bytes: number, nowMs: number): void {
  const paidUntilMs = use.paidUntilMs + bytes / BYTES_PER_MS_MIN;
  use.paidUntilMs = Math.min(paidUntilMs, nowMs + WAITED_FOR_MS_MAX);
}

function isComputed(replica: ReplicaResult): replica is ComputedReplica {
  return replica.outcome.type !== 'returned';
}
