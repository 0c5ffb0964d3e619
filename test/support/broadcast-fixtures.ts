/** Plumtree among a few neighbours: what they say, and a broadcast that hears it. */

import type { PeerId } from '../../src/model/ids.ts';
import type { BroadcastMessage } from '../../src/model/messages.ts';
import type { Offer, SignedOffer } from '../../src/model/offer.ts';
import { Broadcast } from '../../src/protocol/overlay/broadcast.ts';
import type { Now } from '../../src/protocol/events.ts';
import { nameOf } from '../../src/protocol/overlay/offer-book.ts';
import type { OverlayStep } from '../../src/protocol/overlay/overlay.ts';
import { dora, jobNumbered, offerOf } from './protocol-fixtures.ts';

/**
 * A broadcast that keeps its `news` steps to itself. They tell others only that something new has
 * come; what is sent because of it is what most tests are about. Those that are about the news take
 * a plain `Broadcast`.
 */
export class NewslessBroadcast extends Broadcast {
  override publish(offer: SignedOffer, now: Now): OverlayStep[] {
    return withoutNews(super.publish(offer, now));
  }

  override handle(from: PeerId, message: BroadcastMessage, now: Now): OverlayStep[] {
    return withoutNews(super.handle(from, message, now));
  }
}

function withoutNews(steps: readonly OverlayStep[]): OverlayStep[] {
  return steps.filter(({ type }) => type !== 'news');
}

/** Offers that differ, of a requester that is no neighbour. */
export function offerNumbered(number: number, changes: Partial<Offer> = {}): SignedOffer {
  return offerOf({ requester: dora, job: jobNumbered(number), ...changes });
}

export function send(to: PeerId, message: BroadcastMessage): OverlayStep {
  return { type: 'send-overlay', to, message };
}

export function part(peer: PeerId): OverlayStep {
  return { type: 'part', peer, because: 'misbehaved' };
}

export function gossip(offer: SignedOffer, hops = 3): BroadcastMessage {
  return { type: 'gossip', offer, hops };
}

export function have(hops: number, ...offers: SignedOffer[]): BroadcastMessage {
  return { type: 'have', offers: offers.map(({ offer }) => ({ name: nameOf(offer), hops })) };
}

export function asking(type: 'graft' | 'want', ...offers: SignedOffer[]): BroadcastMessage {
  return { type, offers: offers.map(({ offer }) => nameOf(offer)) };
}

export const prune: BroadcastMessage = { type: 'prune' };
