/** Which of the offers that it knows a volunteer would compute, and why not the others. */

import type { PeerId } from '../../model/ids.ts';
import type { ChunkLimits } from '../../model/job.ts';
import type { Offer } from '../../model/offer.ts';
import type { Declines } from './declines.ts';
import type { Engagements } from './engagements.ts';
import { unmet } from './given-limits.ts';
import { offerKey, type OfferBook } from '../overlay/offer-book.ts';
import type { RequesterLinks } from './requester-links.ts';
import type { Standings } from '../standings.ts';

export type OfferChoiceParts = {
  readonly self: PeerId;
  /** What this peer gives a chunk. */
  readonly limits: ChunkLimits;
  readonly book: OfferBook;
  /** What is computed already. */
  readonly jobs: Engagements;
  readonly declines: Declines;
  readonly standings: Standings;
  readonly links: RequesterLinks;
};

export class OfferChoice {
  readonly #parts: OfferChoiceParts;

  constructor(parts: OfferChoiceParts) {
    this.#parts = parts;
  }

  /**
   * One after the other, since to engage in one may mean that there is no room for the next. Those
   * come first whose requesters have no job here, or one with many jobs would keep them out.
   * @param isWanted by key and requester
   */
  *worthComputing(
    isWanted: (key: string, requester: PeerId) => boolean,
    nowMs: number,
  ): Generator<Offer> {
    const { self, limits, book, jobs, declines, standings, links } = this.#parts;
    const others: Offer[] = [];
    for (const { offer } of book.open()) {
      const { requester, replicasOpen } = offer;
      const key = offerKey(requester, offer.job);
      if (replicasOpen === 0 || !isWanted(key, requester) || declines.stands(key, nowMs)) continue;
      const lacking = standings.refusal(requester) ?? unmet(offer.limits, limits);
      if (lacking !== undefined) {
        declines.forGood(offer, lacking);
        continue;
      }
      if (links.isAvoided(requester, nowMs)) continue;
      if (jobs.hasAnyOf(requester)) others.push(offer);
      else if (requester === self || links.mayOpen(requester, nowMs)) yield offer;
    }
    for (const offer of others) {
      if (offer.requester === self || links.mayOpen(offer.requester, nowMs)) yield offer;
    }
  }
}
