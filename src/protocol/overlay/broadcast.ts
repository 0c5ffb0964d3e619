/**
 * Offers to everybody, by Plumtree (Leitao, Pereira, Rodrigues 2007, "Epidemic Broadcast Trees").
 *
 * The picture: a mesh of links with a tree drawn on it. An offer runs along the tree, the *eager*
 * links, and comes to each peer once. Along the others, the *lazy* links, only its name is told.
 * Who hears a name and does not get the offer asks for it, and with that makes the link a part of
 * the tree (`graft`); who gets an offer twice takes the second link off it (`prune`). So the first
 * offer draws the tree, as a flood whose later copies are pruned, and every break mends itself.
 * Flooding alone would cost four copies of each offer where this costs one.
 *
 * Beyond the paper: who loses the neighbour that brought its news grafts another one at once; and
 * new neighbours tell each other all they hold, so that whoever was away or cut off catches up.
 *
 * Promises: what is in the book here was let through by its origin's rate, and was pushed or
 * announced to every neighbour that was not known to have it.
 */

import { unreachable } from '../../model/errors.ts';
import type { PeerId } from '../../model/ids.ts';
import { limits } from '../../model/limits.ts';
import type { Announcement, BroadcastMessage } from '../../model/messages.ts';
import type { OfferName, SignedOffer } from '../../model/offer.ts';
import { Announcements, inFrames } from './announcements.ts';
import type { Now } from '../events.ts';
import { type AskBy, type MissingOffer, MissingOffers } from './missing-offers.ts';
import { type HeldOffer, nameKey, nameOf, type OfferBook } from './offer-book.ts';
import { OriginRates } from './origin-rates.ts';
import type { OverlayStep } from './overlay.ts';
import { type PushLink, PushLinks } from './push-links.ts';

/**
 * Links by which another path must be shorter to be taken instead. iroh-gossip has 7. At 1,000
 * peers with 5 neighbours, where ten senders had drawn the tree, the next one's offers went over 7
 * links with 1, 8 with 2, 11 with 7, and came twice no more often; each change costs two frames.
 */
const SHORTER_BY_MIN = 1;
/**
 * What a neighbour names so soon after it came up is taken for its greeting: the way there and
 * back, and then some. Whatever else it names meanwhile is asked for a little early.
 */
const GREETING_MS = 2_000;
/** Offers that expired longer ago: clocks of peers that work don't differ by so much. A guess. */
const STALE_MS_MIN = 5 * 60_000;
/** Offers sent at once to who asks: a quarter of what its stream may have waiting. */
const ANSWERS_MAX = limits.streamQueueFramesMax / 4;

/** Offers that are told of on a visit, the last ones: some 40 KB. */
const VISIT_NAMES_MAX = 512;
/** And only those that live for longer, of the 60 s of an offer: clocks may differ by as much. */
const VISIT_LEFT_MS_MIN = 35_000;

/** Totals. */
export type BroadcastCounts = {
  /** Offers that came from neighbours; the next three are among them. */
  seen: number;
  duplicate: number;
  /** Expired, too far in the future, or one too many of their requester. */
  refused: number;
  /** Over the rate of their origin. */
  overRate: number;
  /** Offers sent, to each neighbour. */
  sent: number;
  /** Names told, to each neighbour. */
  announced: number;
  /** Offers asked for, because they did not come or were there before this peer. */
  asked: number;
  /** Links that this peer added to its tree, and took off it. */
  grafts: number;
  prunes: number;
};

export class Broadcast {
  readonly counts: BroadcastCounts = {
    seen: 0,
    duplicate: 0,
    refused: 0,
    overRate: 0,
    sent: 0,
    announced: 0,
    asked: 0,
    grafts: 0,
    prunes: 0,
  };
  readonly #self: PeerId;
  readonly #book: OfferBook;
  readonly #links = new PushLinks();
  readonly #rates = new OriginRates();
  readonly #missing = new MissingOffers();
  readonly #announcements = new Announcements();
  /** Who brought the last news: this peer itself if the news was its own. */
  #parent: PeerId | undefined;

  constructor(self: PeerId, book: OfferBook) {
    this.#self = self;
    this.#book = book;
  }

  get dueAtMs(): number {
    return Math.min(this.#announcements.dueAtMs, this.#missing.dueAtMs);
  }

  neighbourUp(peer: PeerId, now: Now): OverlayStep[] {
    // Lazy where the tree is whole: another eager link would only bring copies. Who begins the news
    // has no parent to lose, and shortens everybody's path by each link more.
    const fed = this.#parent !== undefined && this.#parent !== this.#self;
    const eager = !fed || !this.#links.hasEager;
    const link = this.#links.add(peer, false, now.ms);
    const greetings = this.#tell(peer, this.#book.names(now.unixMs));
    return eager ? [this.#graft(link, []), ...greetings] : greetings;
  }

  /** Tells of the last offers, whoever began it. It is over with `neighbourDown`. */
  visitBegun(peer: PeerId, now: Now): OverlayStep[] {
    this.#links.add(peer, true, now.ms);
    const lasting = this.#book.names(now.unixMs + VISIT_LEFT_MS_MIN);
    return this.#tell(peer, lasting.slice(-VISIT_NAMES_MAX));
  }

  neighbourDown(peer: PeerId): OverlayStep[] {
    this.#links.delete(peer);
    this.#missing.gone(peer);
    this.#announcements.gone(peer);
    if (this.#parent !== peer) return [];
    // The tree is broken right here. Only the end that was fed over the link mends it, or there
    // would be a circle.
    const nearest = this.#links.nearestLazy;
    this.#parent = nearest?.peer;
    return nearest === undefined ? [] : [this.#graft(nearest, [])];
  }

  /** An offer of this peer; no rate holds for it. */
  publish(offer: SignedOffer, now: Now): OverlayStep[] {
    if (this.#book.receive(offer, now.unixMs) !== 'new') return [];
    this.#parent = this.#self;
    const news = { type: 'news', isOwn: true } as const;
    return [news, ...this.#passOn({ signed: offer, hops: 0 }, [], undefined, now)];
  }

  handle(from: PeerId, message: BroadcastMessage, now: Now): OverlayStep[] {
    const link = this.#links.get(from);
    if (link === undefined) return [];
    switch (message.type) {
      case 'gossip':
        return this.#gossip(link, message.offer, message.hops, now);
      case 'have':
        return this.#announced(link, message.offers, now);
      case 'graft':
        // To who knows no visits this is a neighbour like others.
        link.eager = !link.isVisit;
        link.pruned = false;
        return this.#answer(link, message.offers, now);
      case 'want':
        return this.#answer(link, message.offers, now);
      case 'prune':
        link.eager = false;
        return [];
      default:
        return unreachable(message);
    }
  }

  tick(now: Now): OverlayStep[] {
    const steps: OverlayStep[] = [];
    if (this.#announcements.dueAtMs <= now.ms) {
      for (const { to, offers } of this.#announcements.flush()) steps.push(this.#have(to, offers));
    }
    if (this.#missing.dueAtMs <= now.ms) steps.push(...this.#askForMissing(now));
    return steps;
  }

  #gossip(link: PushLink, signed: SignedOffer, hops: number, now: Now): OverlayStep[] {
    const { offer } = signed;
    const { conduct } = link;
    this.counts.seen += 1;
    const wanted = link.owed > 0;
    if (wanted) link.owed -= 1;
    // It may have been asked for long ago, and come from a neighbour since.
    else if (link.isVisit) return conduct.sendsUseless(now.ms) ? [] : [misbehaved(link)];
    if (offer.expiresAtMs + STALE_MS_MIN < now.unixMs) {
      this.counts.refused += 1;
      return link.isVisit || conduct.sendsStale(now.ms) ? [] : [misbehaved(link)];
    }
    link.preferable = true;
    if (!this.#book.isNews(offer)) return this.#duplicate(link, wanted, now);
    if (offer.requester === link.peer && !conduct.offersItsOwn(now.ms)) return [misbehaved(link)];
    const missed = this.#missing.take(nameKey(offer));
    const asked = missed?.announcers.some(({ peer, asked }) => asked && peer === link.peer);
    if (asked === true) conduct.hasAnswered();
    if (offer.requester !== this.#self && !this.#rates.allows(offer.requester, now.ms)) {
      this.counts.overRate += 1;
      return [];
    }
    // What this peer signed and does not know is of a run before this one: of a job that goes on
    // there is a newer one.
    const isOwn = offer.requester === this.#self;
    if (isOwn || this.#book.receive(signed, now.unixMs, hops) !== 'new') {
      this.counts.refused += 1;
      return [];
    }
    this.#rates.spend(offer.requester, now.ms);
    const holders = [link.peer, ...(missed?.announcers.map(({ peer }) => peer) ?? [])];
    // The parent will send what is on its way along the tree, and would take a copy for a sign that
    // this link is to spare.
    const mended = wanted ? [] : this.#adopt(link, hops, missed);
    const toldOnly = wanted ? this.#parent : undefined;
    const passedOn = this.#passOn({ signed, hops }, holders, toldOnly, now);
    return [...newsFrom(link, offer), ...mended, ...passedOn];
  }

  /** Not news. The link it came over is to spare, unless it is the late answer to a `want`. */
  #duplicate(link: PushLink, wanted: boolean, now: Now): OverlayStep[] {
    this.counts.duplicate += 1;
    if (wanted) return [];
    // From the parent it comes twice only if a `want` was faster than the tree.
    if (!link.pruned && link.peer !== this.#parent) return [this.#prune(link)];
    return link.conduct.sendsUseless(now.ms) ? [] : [misbehaved(link)];
  }

  /** Its news was the first: it is the parent, unless somebody has announced a shorter path. */
  #adopt(link: PushLink, hops: number, missed: MissingOffer | undefined): OverlayStep[] {
    const better = this.#betterParent(link, hops, missed);
    this.#parent = better?.peer ?? link.peer;
    if (better === undefined) {
      link.eager = true;
      link.pruned = false;
      return [];
    }
    better.preferable = false;
    return [this.#graft(better, []), this.#prune(link)];
  }

  #betterParent(
    link: PushLink,
    hops: number,
    missed: MissingOffer | undefined,
  ): PushLink | undefined {
    if (missed === undefined) return undefined;
    let better: PushLink | undefined;
    let hopsMax = hops - 1 - SHORTER_BY_MIN;
    for (const { peer, hops: announcedHops } of missed.announcers) {
      const announcer = this.#links.get(peer);
      if (announcer === undefined || announcer === link) continue;
      if (announcer.eager || announcer.isVisit) continue;
      if (announcedHops > hopsMax || !announcer.preferable) continue;
      better = announcer;
      hopsMax = announcedHops - 1;
    }
    return better;
  }

  /**
   * @param holders who have it
   * @param toldOnly who gets its name only, even if the link is eager
   */
  #passOn(
    { signed, hops }: HeldOffer,
    holders: readonly PeerId[],
    toldOnly: PeerId | undefined,
    now: Now,
  ): OverlayStep[] {
    const steps: OverlayStep[] = [];
    const gossip = { type: 'gossip', offer: signed, hops: hops + 1 } as const;
    const announcement: Announcement = { name: nameOf(signed.offer), hops };
    const key = nameKey(signed.offer);
    for (const { peer, eager, isVisit } of this.#links.all()) {
      if (isVisit || holders.includes(peer)) continue;
      if (!eager || peer === toldOnly) {
        this.#announcements.add(peer, key, announcement, now.ms);
        continue;
      }
      this.counts.sent += 1;
      steps.push({ type: 'send-overlay', to: peer, message: gossip });
    }
    return steps;
  }

  #announced(link: PushLink, offers: readonly Announcement[], now: Now): OverlayStep[] {
    const { peer, conduct } = link;
    if (!conduct.announces(offers.length, now.ms)) return [misbehaved(link)];
    link.told += offers.length;
    if (link.isVisit && link.told > VISIT_NAMES_MAX) return [misbehaved(link)];
    // On a visit only what the tree does not bring meanwhile is asked for.
    const greets = !link.isVisit && now.ms < link.upAtMs + GREETING_MS;
    const wants: OfferName[] = [];
    for (const { name, hops } of offers) {
      link.announcedHops = hops;
      if (!this.#book.isNews(name)) {
        if (this.#announcements.waitsFor(peer)) this.#announcements.drop(peer, nameKey(name));
        continue;
      }
      if (name.requester === this.#self || !this.#rates.allows(name.requester, now.ms)) continue;
      const key = nameKey(name);
      if (this.#missing.announcedAgain(key, peer, hops)) continue;
      const asked = greets && conduct.isAsked(now.ms);
      if (asked) wants.push(name);
      const askBy: AskBy = greets ? 'want' : 'graft';
      this.#missing.add(name, key, { peer, hops, asked }, askBy, now.ms);
    }
    return wants.length === 0 ? [] : [this.#want(link, wants)];
  }

  #askForMissing(now: Now): OverlayStep[] {
    const grafts = new Map<PushLink, OfferName[]>();
    const wants = new Map<PushLink, OfferName[]>();
    for (const entry of this.#missing.due(now.ms)) {
      const { name } = entry;
      if (!this.#book.isNews(name) || !this.#rates.allows(name.requester, now.ms)) {
        this.#missing.take(entry.key);
        continue;
      }
      const link = this.#nextToAsk(entry, grafts);
      if (link === undefined) {
        this.#missing.take(entry.key);
        continue;
      }
      if (link.conduct.isAsked(now.ms)) {
        for (const announcer of entry.announcers) announcer.asked ||= announcer.peer === link.peer;
        const asks = entry.askBy === 'graft' && !link.isVisit ? grafts : wants;
        const names = asks.get(link);
        if (names === undefined) asks.set(link, [name]);
        else names.push(name);
      }
      this.#missing.waitAgain(entry, now.ms);
    }
    return [
      ...Array.from(grafts, ([link, names]) => this.#graft(link, names)),
      ...Array.from(wants, ([link, names]) => this.#want(link, names)),
    ];
  }

  /** One that is asked anyway, or is eager, before the first: each graft more is a copy more. */
  #nextToAsk(entry: MissingOffer, grafts: ReadonlyMap<PushLink, unknown>): PushLink | undefined {
    let next: PushLink | undefined;
    for (const { peer, asked } of entry.announcers) {
      const link = asked ? undefined : this.#links.get(peer);
      if (link === undefined) continue;
      if (link.eager || grafts.has(link)) return link;
      next ??= link;
    }
    return next;
  }

  /** The newest that is known of these jobs. */
  #answer(link: PushLink, names: readonly OfferName[], now: Now): OverlayStep[] {
    if (!link.conduct.asks(names.length, now.ms)) return [misbehaved(link)];
    const steps: OverlayStep[] = [];
    for (const name of names) {
      if (steps.length >= ANSWERS_MAX || (link.isVisit && link.sent >= VISIT_NAMES_MAX)) break;
      const held = this.#book.find(name.requester, name.job);
      if (held === undefined || held.signed.offer.sequence < name.sequence) continue;
      if (!link.conduct.isAnswered(nameKey(held.signed.offer), now.ms)) continue;
      this.counts.sent += 1;
      link.sent += 1;
      const message = { type: 'gossip', offer: held.signed, hops: held.hops + 1 } as const;
      steps.push({ type: 'send-overlay', to: link.peer, message });
    }
    if (!link.isVisit || steps.length === 0) return steps;
    return [{ type: 'differed', peer: link.peer, missedBy: 'other' }, ...steps];
  }

  #tell(to: PeerId, names: readonly Announcement[]): OverlayStep[] {
    return inFrames(names).map((offers) => this.#have(to, offers));
  }

  #have(to: PeerId, offers: readonly Announcement[]): OverlayStep {
    this.counts.announced += offers.length;
    return { type: 'send-overlay', to, message: { type: 'have', offers } };
  }

  #graft(link: PushLink, offers: readonly OfferName[]): OverlayStep {
    if (!link.eager) this.counts.grafts += 1;
    link.eager = true;
    link.pruned = false;
    this.counts.asked += offers.length;
    return { type: 'send-overlay', to: link.peer, message: { type: 'graft', offers } };
  }

  #want(link: PushLink, offers: readonly OfferName[]): OverlayStep {
    link.owed += offers.length;
    this.counts.asked += offers.length;
    return { type: 'send-overlay', to: link.peer, message: { type: 'want', offers } };
  }

  #prune(link: PushLink): OverlayStep {
    if (link.eager) this.counts.prunes += 1;
    link.eager = false;
    link.pruned = true;
    return { type: 'send-overlay', to: link.peer, message: { type: 'prune' } };
  }
}

/** Its own offers a neighbour tells of even where it keeps all others to itself. */
function newsFrom({ peer, isVisit }: PushLink, { requester }: OfferName): OverlayStep[] {
  if (isVisit) return [{ type: 'differed', peer, missedBy: 'self' }];
  return requester === peer ? [] : [{ type: 'news', isOwn: false }];
}

function misbehaved({ peer }: PushLink): OverlayStep {
  return { type: 'part', peer, because: 'misbehaved' };
}
