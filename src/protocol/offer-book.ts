/**
 * The live offers that this peer knows, and which of them are news.
 *
 * An offer is named by its requester and its job: the job's id alone would let a stranger close
 * somebody else's offer. A later sequence replaces an earlier one; a closed offer is remembered
 * until it expires, or its requester has many newer ones, so that a late copy of an open one does
 * not bring the job back.
 */

import { limits } from '../model/limits.ts';
import type { JobId, PeerId } from '../model/ids.ts';
import type { Offer, SignedOffer } from '../model/offer.ts';

export type Reception = 'new' | 'duplicate' | 'expired' | 'refused';

/** Clocks of honest machines differ; an offer that says it lives longer than this is refused. */
const VALID_MS_MAX = 15 * 60_000;

export class OfferBook {
  readonly #offers = new Map<string, SignedOffer>();
  readonly #perRequester = new Map<PeerId, number>();

  receive(signed: SignedOffer, unixMs: number): Reception {
    const { offer } = signed;
    if (offer.expiresAtMs <= unixMs) return 'expired';
    if (offer.expiresAtMs > unixMs + VALID_MS_MAX) return 'refused';
    const key = offerKey(offer.requester, offer.job);
    const known = this.#offers.get(key);
    if (known !== undefined && known.offer.sequence >= offer.sequence) return 'duplicate';
    if (known === undefined) {
      const live = this.#perRequester.get(offer.requester) ?? 0;
      if (live >= limits.offersPerRequesterMax && !this.#dropClosed(offer.requester)) {
        return 'refused';
      }
      if (this.#offers.size >= limits.offersMax) this.#dropOldest();
      this.#perRequester.set(offer.requester, (this.#perRequester.get(offer.requester) ?? 0) + 1);
    }
    // Deleted first, so that the map's order is the order of news.
    this.#offers.delete(key);
    this.#offers.set(key, signed);
    return 'new';
  }

  /** The requester itself says that the job has ended: no need to wait for the closed offer. */
  close(requester: PeerId, job: JobId): void {
    const key = offerKey(requester, job);
    const known = this.#offers.get(key);
    if (known === undefined || known.offer.closed) return;
    const offer: Offer = { ...known.offer, closed: true };
    this.#offers.set(key, { ...known, offer });
  }

  expire(unixMs: number): void {
    for (const [key, { offer }] of this.#offers) {
      if (offer.expiresAtMs <= unixMs) this.#drop(key, offer.requester);
    }
  }

  /** Open offers, the oldest news first. */
  open(): SignedOffer[] {
    return [...this.#offers.values()].filter(({ offer }) => !offer.closed);
  }

  /** @param key of `offerKey` */
  isOpen(key: string): boolean {
    return this.#offers.get(key)?.offer.closed === false;
  }

  get size(): number {
    return this.#offers.size;
  }

  /** A requester with many short jobs: those that have ended make room for those that have not. */
  #dropClosed(requester: PeerId): boolean {
    for (const [key, { offer }] of this.#offers) {
      if (offer.requester !== requester || !offer.closed) continue;
      this.#drop(key, requester);
      return true;
    }
    return false;
  }

  #dropOldest(): void {
    const [oldest] = this.#offers;
    if (oldest !== undefined) this.#drop(oldest[0], oldest[1].offer.requester);
  }

  #drop(key: string, requester: PeerId): void {
    this.#offers.delete(key);
    const live = (this.#perRequester.get(requester) ?? 1) - 1;
    if (live > 0) this.#perRequester.set(requester, live);
    else this.#perRequester.delete(requester);
  }
}

export function offerKey(requester: PeerId, job: JobId): string {
  return `${requester}:${job}`;
}
