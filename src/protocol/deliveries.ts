/**
 * Brings what is in the outbox to its requesters: over the streams that are open because this peer
 * computes for them, and over streams of its own to those for which it computes nothing now.
 *
 * When a stream is up again, the first word on it are the results that may not have arrived, the
 * second which leases of before are still held. The requester leases the others to somebody else at
 * once, and these to nobody.
 */

import type { JobId, PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { ReplicaResult } from '../model/replica.ts';
import type { ComputedReplica, Destination, Unsent } from '../model/unsent.ts';
import type { Effect } from './events.ts';
import { OfferedAddresses } from './offered-addresses.ts';
import type { OfferBook } from './offer-book.ts';
import { Outbox } from './outbox.ts';
import type { RequesterLinks } from './requester-links.ts';

/** Streams at a time that are open for deliveries alone: half of those there may be for work. */
const STREAMS_MAX = 4;
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

export class Deliveries {
  readonly outbox: Outbox;
  readonly #self: PeerId;
  readonly #links: RequesterLinks;
  readonly #addresses: OfferedAddresses;
  /** Open for a delivery alone, and when some of it was acknowledged last. */
  readonly #heededAtMs = new Map<PeerId, number>();
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
    for (const [peer, heededAtMs] of this.#heededAtMs) {
      dueAtMs = Math.min(dueAtMs, this.#patientUntilMs(peer, heededAtMs));
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

  /**
   * Nothing more is computed for a requester.
   * @returns whether its stream is still needed; then it is closed from here
   */
  adopt(requester: PeerId): boolean {
    if (!this.#links.isOpen(requester) || !this.outbox.has(requester)) return false;
    this.#heededAtMs.set(requester, this.#nowMs);
    return true;
  }

  acknowledged(from: PeerId, job: JobId, leases: readonly number[], nowMs: number): Effect[] {
    const owed = this.outbox.owed(from);
    const effects = this.outbox.acknowledge(from, job, leases);
    if (this.outbox.owed(from) === owed) return effects;
    this.#links.served(from);
    if (this.#heededAtMs.has(from) && !this.#isOver) this.#heededAtMs.set(from, nowMs);
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
    if (this.#heededAtMs.delete(peer)) this.outbox.putLast(peer);
    this.#addresses.failed(peer);
    return this.outbox.cut(peer);
  }

  /** Sends what is due, opens streams to those who are away, closes those that have served. */
  advance(engaged: Engaged, nowMs: number): Effect[] {
    this.#nowMs = nowMs;
    this.#isNew = false;
    this.#isOver = engaged.isOver;
    const isUp = (peer: PeerId): boolean => this.#links.isUp(peer);
    return [
      ...this.outbox.send(isUp, (to) => engaged.isRunning(to), nowMs),
      ...this.outbox.sweep(isUp, nowMs),
      ...this.#close(engaged, nowMs),
      ...this.#open(engaged, nowMs),
    ];
  }

  #open(engaged: Engaged, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const known of [...engaged.destinations, ...this.outbox.destinations]) {
      const { requester } = known;
      if (requester === this.#self || this.#links.isOpen(requester)) continue;
      const isNews = this.#addresses.hasNews(requester) && !this.#links.isVain(requester);
      if (this.#links.isAvoided(requester, nowMs) && !isNews) continue;
      const isDelivery = !engaged.has(requester);
      if (isDelivery && (engaged.isOver || this.#heededAtMs.size >= STREAMS_MAX)) continue;
      if (!this.#links.mayOpen(requester, nowMs)) break;
      const addresses = this.#addresses.of(known);
      this.outbox.redirect({ ...known, addresses });
      if (isDelivery) this.#heededAtMs.set(requester, nowMs);
      effects.push(...this.#links.open(requester, addresses));
    }
    return effects;
  }

  #close(engaged: Engaged, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const [peer, heededAtMs] of this.#heededAtMs) {
      const isHeeded = this.#patientUntilMs(peer, heededAtMs) > nowMs;
      if (engaged.has(peer)) this.#heededAtMs.delete(peer);
      if (engaged.has(peer) || (isHeeded && this.outbox.has(peer))) continue;
      if (isHeeded) {
        this.#heededAtMs.delete(peer);
        effects.push(...this.#links.close(peer));
      } else {
        effects.push({ type: 'close-work', requester: peer });
        this.#links.wentDown(peer, nowMs);
        effects.push(...this.wentDown(peer));
      }
    }
    return effects;
  }

  /** Results on a slow line go on where they were with the next process, so no end waits for it. */
  #patientUntilMs(peer: PeerId, heededAtMs: number): number {
    const bytes = this.#isOver ? 0 : this.outbox.owedBytes(peer);
    return heededAtMs + UNHEEDED_MS_MAX + Math.ceil(bytes / BYTES_PER_MS_MIN);
  }
}

function isComputed(replica: ReplicaResult): replica is ComputedReplica {
  return replica.outcome.type !== 'returned';
}
