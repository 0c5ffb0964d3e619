/**
 * Offers that neighbours have named and that have not come. Mostly they are on their way along the
 * tree, so the first announcer is asked only after a while; if it does not send, the next one is
 * asked sooner. Then the tree is known to be broken there.
 *
 * Each wait has one length for all, so the entries of each stand in the order in which they are
 * due, and the first of them is all that a timer needs to know.
 */

import { limits } from '../../model/limits.ts';
import type { PeerId } from '../../model/ids.ts';
import type { OfferName } from '../../model/offer.ts';

/**
 * For the tree to bring it. An announcement may come over the shortest path, and the offer over a
 * tree that another sender has drawn, some 8 links more: 400 ms with links of 50 ms. A graft that
 * comes too early costs a copy; one that comes late costs only time, and volunteers don't wait for
 * milliseconds. With 1,000 peers and ten senders 2 % of the offers came twice with 300 ms, 0.1 %
 * with this. iroh-gossip has 80 ms, in a network of small latency.
 */
export const GRAFT_AFTER_MS = 500;
/** For an answer, the way there and back: 300 ms between continents. iroh-gossip has 40 ms. */
export const NEXT_AFTER_MS = 300;
/** While nobody may be asked, because those who announced it owe too many answers: a guess. */
const KEPT_MS_MAX = 30_000;
/** An offer is announced by each neighbour once. */
const ANNOUNCERS_MAX = 16;
/** For each neighbour, what it was the first to announce: as many as there can be. */
const CHARGED_MAX = limits.offersMax;

/**
 * `graft`: the tree should have brought it, so it is mended. `want`: an old one, of which a new
 * neighbour has told.
 */
export type AskBy = 'graft' | 'want';

type Announcer = {
  readonly peer: PeerId;
  /** Links that the offer had come over when the announcer got it. */
  readonly hops: number;
  asked: boolean;
};

export type MissingOffer = {
  /** Of `nameKey`. */
  readonly key: string;
  readonly name: OfferName;
  readonly askBy: AskBy;
  /** The first to announce it first. */
  readonly announcers: Announcer[];
  readonly sinceMs: number;
  dueAtMs: number;
};

export class MissingOffers {
  /** Nobody was asked yet. In the order in which they are due. */
  readonly #waiting = new Map<string, MissingOffer>();
  /** Somebody was asked. In the order in which they are due. */
  readonly #asked = new Map<string, MissingOffer>();
  /** How many a neighbour was the first to announce, so that none can use up all the room. */
  readonly #charged = new Map<PeerId, number>();

  get size(): number {
    return this.#waiting.size + this.#asked.size;
  }

  get dueAtMs(): number {
    return Math.min(firstDueAtMs(this.#waiting), firstDueAtMs(this.#asked));
  }

  /** @returns whether it is known to be missing; the announcer is added */
  announcedAgain(key: string, peer: PeerId, hops: number): boolean {
    const entry = this.#waiting.get(key) ?? this.#asked.get(key);
    if (entry === undefined) return false;
    const { announcers } = entry;
    if (announcers.length < ANNOUNCERS_MAX && announcers.every((known) => known.peer !== peer)) {
      announcers.push({ peer, hops, asked: false });
    }
    return true;
  }

  /** The first announcement. If the announcer is asked right now, its answer is waited for. */
  add(name: OfferName, key: string, by: Announcer, askBy: AskBy, nowMs: number): void {
    const charged = this.#charged.get(by.peer) ?? 0;
    if (charged >= CHARGED_MAX) return;
    this.#charged.set(by.peer, charged + 1);
    this.#put({ key, name, askBy, announcers: [by], sinceMs: nowMs, dueAtMs: 0 }, nowMs);
  }

  /** It has come, or is not missed any more. */
  take(key: string): MissingOffer | undefined {
    // The usual case: a long key that is never looked up need not be put together.
    if (this.size === 0) return undefined;
    const entry = this.#waiting.get(key) ?? this.#asked.get(key);
    if (entry === undefined) return undefined;
    this.#waiting.delete(key);
    this.#asked.delete(key);
    this.#discharge(entry);
    return entry;
  }

  /** Those whose time has run out; each is to be taken or to be waited for again. */
  due(nowMs: number): MissingOffer[] {
    return [...untilDue(this.#waiting, nowMs), ...untilDue(this.#asked, nowMs)];
  }

  /** For the answer of the announcer that was just asked, or until one may be. */
  waitAgain(entry: MissingOffer, nowMs: number): void {
    if (nowMs > entry.sinceMs + KEPT_MS_MAX) this.take(entry.key);
    else this.#put(entry, nowMs);
  }

  gone(peer: PeerId): void {
    this.#charged.delete(peer);
  }

  /** Deleted first, so that the maps stay in the order in which the entries are due. */
  #put(entry: MissingOffer, nowMs: number): void {
    this.#waiting.delete(entry.key);
    this.#asked.delete(entry.key);
    const asked = entry.announcers.some((announcer) => announcer.asked);
    entry.dueAtMs = nowMs + (asked ? NEXT_AFTER_MS : GRAFT_AFTER_MS);
    (asked ? this.#asked : this.#waiting).set(entry.key, entry);
  }

  #discharge({ announcers: [first] }: MissingOffer): void {
    if (first === undefined) return;
    const charged = this.#charged.get(first.peer);
    // Not of one that went and came again.
    if (charged !== undefined && charged > 0) this.#charged.set(first.peer, charged - 1);
  }
}

function firstDueAtMs(entries: ReadonlyMap<string, MissingOffer>): number {
  if (entries.size === 0) return Infinity;
  for (const { dueAtMs } of entries.values()) return dueAtMs;
  return Infinity;
}

function* untilDue(
  entries: ReadonlyMap<string, MissingOffer>,
  nowMs: number,
): Generator<MissingOffer> {
  for (const entry of entries.values()) {
    if (entry.dueAtMs > nowMs) return;
    yield entry;
  }
}
