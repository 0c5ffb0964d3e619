/**
 * The live offers that this peer knows, and which of them are news.
 *
 * An offer is named by its requester and its job: the job's id alone would let a stranger close
 * somebody else's offer. A later sequence replaces an earlier one; a closed offer is remembered
 * until it expires, or its requester has many newer ones, so that a late copy of an open one does
 * not bring the job back.
 *
 * Identities are free, so a full book is shared out: room is made by who has the most in it. To
 * drop the oldest would let a few flooding requesters push out everybody else.
 */

import { limits } from '../../model/limits.ts';
import type { JobId, PeerId } from '../../model/ids.ts';
import type { Announcement } from '../../model/messages.ts';
import type { OfferName, SignedOffer } from '../../model/offer.ts';
import { OfferShares } from './offer-shares.ts';

export type Reception = 'new' | 'duplicate' | 'expired' | 'refused';

export type HeldOffer = {
  readonly signed: SignedOffer;
  /** Links that it had come over when it got here. */
  readonly hops: number;
};

type Entry = HeldOffer & {
  /** By the requester's word or by that of its work stream, which nobody else can be shown. */
  closed: boolean;
};

/** Clocks of honest machines differ; an offer that says it lives longer than this is refused. */
const VALID_MS_MAX = 15 * 60_000;

export class OfferBook {
  /** By `offerKey`, the oldest news first. At most `limits.offersMax`. */
  readonly #offers = new Map<string, Entry>();
  readonly #shares = new OfferShares();
  /** No offer expires before. */
  #expiryUnixMsMin = Infinity;
  #revision = 0;
  #open: readonly SignedOffer[] = [];
  #openRevision = 0;

  /** @param hops links that it has come over */
  receive(signed: SignedOffer, unixMs: number, hops = 0): Reception {
    const { offer } = signed;
    const { requester } = offer;
    if (offer.expiresAtMs <= unixMs) return 'expired';
    if (offer.expiresAtMs > unixMs + VALID_MS_MAX) return 'refused';
    const key = offerKey(requester, offer.job);
    const known = this.#offers.get(key);
    if (known !== undefined && known.signed.offer.sequence >= offer.sequence) return 'duplicate';
    if (known === undefined && !this.#makeRoom(requester)) return 'refused';
    // Deleted first, so that the map's order is the order of news.
    this.#offers.delete(key);
    this.#offers.set(key, { signed, hops, closed: offer.closed });
    this.#shares.add(requester, key);
    this.#expiryUnixMsMin = Math.min(this.#expiryUnixMsMin, offer.expiresAtMs);
    if (!offer.closed || known?.closed === false) this.#revision += 1;
    return 'new';
  }

  /** Whether nothing as new is known of the job. */
  isNews({ requester, job, sequence }: OfferName): boolean {
    const known = this.#offers.get(offerKey(requester, job));
    return known === undefined || known.signed.offer.sequence < sequence;
  }

  find(requester: PeerId, job: JobId): HeldOffer | undefined {
    return this.#offers.get(offerKey(requester, job));
  }

  /**
   * Of those that expire later, the oldest news first; closed ones too, as long as they are
   * remembered.
   */
  names(untilUnixMs: number): Announcement[] {
    const names: Announcement[] = [];
    for (const { signed, hops } of this.#offers.values()) {
      if (signed.offer.expiresAtMs > untilUnixMs) names.push({ name: nameOf(signed.offer), hops });
    }
    return names;
  }

  /** The requester itself says that the job has ended: no need to wait for the closed offer. */
  close(requester: PeerId, job: JobId): void {
    const known = this.#offers.get(offerKey(requester, job));
    if (known === undefined || known.closed) return;
    known.closed = true;
    this.#revision += 1;
  }

  /** Cheap while nothing can have expired. */
  expire(unixMs: number): void {
    if (unixMs < this.#expiryUnixMsMin) return;
    this.#expiryUnixMsMin = Infinity;
    for (const [key, entry] of this.#offers) {
      const { expiresAtMs } = entry.signed.offer;
      if (expiresAtMs <= unixMs) this.#drop(key, entry);
      else this.#expiryUnixMsMin = Math.min(this.#expiryUnixMsMin, expiresAtMs);
    }
  }

  /** Open offers, the oldest news first: the same array until one of them changes. */
  open(): readonly SignedOffer[] {
    if (this.#openRevision !== this.#revision) {
      this.#open = Array.from(this.#offers.values())
        .filter(({ closed }) => !closed)
        .map(({ signed }) => signed);
      this.#openRevision = this.#revision;
    }
    return this.#open;
  }

  /** Rises with every change of what is open. */
  get revision(): number {
    return this.#revision;
  }

  /** @param key of `offerKey` */
  isOpen(key: string): boolean {
    return this.#offers.get(key)?.closed === false;
  }

  get size(): number {
    return this.#offers.size;
  }

  /** For one more of this requester. */
  #makeRoom(requester: PeerId): boolean {
    if (this.#shares.count(requester) >= limits.offersPerRequesterMax) {
      return this.#dropClosed(requester);
    }
    if (this.#offers.size >= limits.offersMax) this.#dropOldestOf(this.#greatestWith(requester));
    return true;
  }

  /** A requester with many short jobs: those that have ended make room for those that have not. */
  #dropClosed(requester: PeerId): boolean {
    for (const key of this.#shares.keysOf(requester)) {
      const entry = this.#offers.get(key);
      if (entry?.closed !== true) continue;
      this.#drop(key, entry);
      return true;
    }
    return false;
  }

  /** Who has the most when this requester has one more; it itself where others have as many. */
  #greatestWith(requester: PeerId): PeerId | undefined {
    const { greatest } = this.#shares;
    const count = this.#shares.count(requester);
    if (greatest === undefined || count === 0) return greatest;
    return count + 1 >= this.#shares.count(greatest) ? requester : greatest;
  }

  #dropOldestOf(requester: PeerId | undefined): void {
    if (requester === undefined) return;
    const [key] = this.#shares.keysOf(requester);
    const entry = key === undefined ? undefined : this.#offers.get(key);
    if (key !== undefined && entry !== undefined) this.#drop(key, entry);
  }

  #drop(key: string, entry: Entry): void {
    this.#offers.delete(key);
    this.#shares.delete(entry.signed.offer.requester, key);
    if (!entry.closed) this.#revision += 1;
  }
}

export function offerKey(requester: PeerId, job: JobId): string {
  return `${requester}:${job}`;
}

export function nameOf({ requester, job, sequence }: OfferName): OfferName {
  return { requester, job, sequence };
}

/** Tells an offer from earlier and later ones of the same job, too. */
export function nameKey({ requester, job, sequence }: OfferName): string {
  return `${requester}:${job}:${sequence}`;
}
