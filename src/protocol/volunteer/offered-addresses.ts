/**
 * Where requesters are that this peer wants to reach again: where their newest offer says, or else
 * where they were. A new offer is also a sign that its requester is there, so that whoever was
 * given up for minutes is tried at once: but once for each, since an offer may name any address.
 */

import type { PeerId } from '../../model/ids.ts';
import type { Offer } from '../../model/offer.ts';
import type { Destination } from '../../model/unsent.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { OfferBook } from '../overlay/offer-book.ts';

/** Requesters that were lost: more than there is a wish to reach. */
const FAILED_MAX = 1_024;

export class OfferedAddresses {
  readonly #book: OfferBook;
  /** Of each requester. */
  readonly #newest = new Map<PeerId, Offer>();
  #revision = -1;
  /** When the newest offer expires that was known when its requester was lost. */
  readonly #failed = new BoundedMap<PeerId, number>(FAILED_MAX);

  constructor(book: OfferBook) {
    this.#book = book;
  }

  of({ requester, addresses }: Destination): readonly string[] {
    return this.#newestOf(requester)?.addresses ?? addresses;
  }

  /** It was lost, or could not be reached: whatever its offers say now is no news any more. */
  failed(requester: PeerId): void {
    this.#failed.put(requester, this.#newestOf(requester)?.expiresAtMs ?? 0);
  }

  /** Whether it has offered something since it was lost. */
  hasNews(requester: PeerId): boolean {
    const failed = this.#failed.get(requester);
    const newest = this.#newestOf(requester)?.expiresAtMs ?? 0;
    return failed !== undefined && newest > failed;
  }

  #newestOf(requester: PeerId): Offer | undefined {
    if (this.#revision !== this.#book.revision) this.#read();
    return this.#newest.get(requester);
  }

  #read(): void {
    this.#revision = this.#book.revision;
    this.#newest.clear();
    for (const { offer } of this.#book.open()) {
      const other = this.#newest.get(offer.requester);
      if (other === undefined || other.expiresAtMs < offer.expiresAtMs) {
        this.#newest.set(offer.requester, offer);
      }
    }
  }
}
