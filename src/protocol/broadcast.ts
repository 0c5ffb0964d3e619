/**
 * Offers by flooding: what is new is passed on to every neighbour but the one it came from, what is
 * not new stops here. Every link carries an offer at most twice, and an offer that can reach a peer
 * does. A new neighbour is told the open offers at once, which also heals what a cut has missed.
 * Plumtree will take this place to save the copies.
 */

import type { PeerId } from '../model/ids.ts';
import type { SignedOffer } from '../model/offer.ts';
import type { Effect } from './events.ts';
import type { OfferBook } from './offer-book.ts';

/** Offers for a new neighbour: half of what its stream may have waiting, `streamQueueFramesMax`. */
const GREETING_OFFERS_MAX = 512;

export type OfferCounts = { seen: number; sent: number; duplicate: number; refused: number };

export class Broadcast {
  readonly counts: OfferCounts = { seen: 0, sent: 0, duplicate: 0, refused: 0 };
  readonly #book: OfferBook;

  constructor(book: OfferBook) {
    this.#book = book;
  }

  /** @param from the neighbour it came from; undefined for this peer's own offer */
  receive(
    offer: SignedOffer,
    from: PeerId | undefined,
    neighbours: Iterable<PeerId>,
    unixMs: number,
  ): Effect[] {
    this.counts.seen += from === undefined ? 0 : 1;
    const reception = this.#book.receive(offer, unixMs);
    if (reception === 'duplicate') this.counts.duplicate += 1;
    if (reception === 'expired' || reception === 'refused') this.counts.refused += 1;
    if (reception !== 'new') return [];
    return [...neighbours].filter((to) => to !== from).map((to) => this.#send(to, offer));
  }

  /** The newest open offers; the others come with their next refresh. */
  greet(neighbour: PeerId): Effect[] {
    const newest = this.#book.open().slice(-GREETING_OFFERS_MAX);
    return newest.map((offer) => this.#send(neighbour, offer));
  }

  #send(to: PeerId, offer: SignedOffer): Effect {
    this.counts.sent += 1;
    return { type: 'send-overlay', to, message: { type: 'gossip', offer } };
  }
}
