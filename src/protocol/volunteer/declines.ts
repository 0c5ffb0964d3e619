/**
 * Offers that this peer does not compute, and why: for good where it can't, for a while where what
 * it lacks may come. Without this memory every gossip and every tick would try them anew.
 */

import type { JobId, PeerId } from '../../model/ids.ts';
import { limits } from '../../model/limits.ts';
import type { Offer } from '../../model/offer.ts';
import { offerKey, type OfferBook } from '../overlay/offer-book.ts';
import { retryAfterMs } from './requester-links.ts';

export type Declined = {
  readonly requester: PeerId;
  readonly job: JobId;
  /** The job's. */
  readonly name: string;
  /** For a person. */
  readonly reason: string;
};

type Entry = Declined & {
  /** Infinity: while the offer lives. 0: it may be tried again at any time. */
  untilMs: number;
  /** In a row. */
  readonly times: number;
};

export class Declines {
  readonly #book: OfferBook;
  /** By `offerKey`, the oldest first. */
  readonly #entries = new Map<string, Entry>();

  constructor(book: OfferBook) {
    this.#book = book;
  }

  /** Whether the offer is not to be tried now. */
  stands(key: string, nowMs: number): boolean {
    return (this.#entries.get(key)?.untilMs ?? 0) > nowMs;
  }

  /** It can't be computed here, as long as it is offered. */
  forGood(offer: Offer, reason: string): void {
    this.#add(offer, reason, Infinity, 1);
  }

  /** It can't be computed now. Longer each time, until `recovered`. */
  forNow(offer: Offer, reason: string, nowMs: number): void {
    const known = this.#entries.get(offerKey(offer.requester, offer.job));
    const times = (known?.times ?? 0) + 1;
    this.#add(offer, reason, nowMs + retryAfterMs(times), times);
  }

  recovered(key: string): void {
    this.#entries.delete(key);
  }

  /** Of offers that are still open, the newest first. */
  list(): Declined[] {
    return [...this.#entries]
      .filter(([key, { untilMs }]) => untilMs > 0 && this.#book.isOpen(key))
      .map(([, { requester, job, name, reason }]) => ({ requester, job, name, reason }))
      .reverse();
  }

  /** When the next one may be tried again. */
  get dueAtMs(): number {
    let dueAtMs = Infinity;
    for (const { untilMs } of this.#entries.values()) {
      if (untilMs > 0) dueAtMs = Math.min(dueAtMs, untilMs);
    }
    return dueAtMs;
  }

  /** To be called at each tick, after what was due was tried. */
  sweep(nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      if (!this.#book.isOpen(key)) this.#entries.delete(key);
      else if (entry.untilMs <= nowMs) entry.untilMs = 0;
    }
  }

  /** Bounded like the offers themselves; what is dropped is tried again, and declined again. */
  #add(offer: Offer, reason: string, untilMs: number, times: number): void {
    const { requester, job, name } = offer;
    const key = offerKey(requester, job);
    this.#entries.delete(key);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= limits.offersMax && oldest !== undefined) {
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { requester, job, name, reason, untilMs, times });
  }
}
