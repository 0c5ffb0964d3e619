/** What Plumtree's peers say to each other: frames <-> model. */

import { unreachable } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { Announcement, BroadcastMessage } from '../model/messages.ts';
import type { OfferName } from '../model/offer.ts';
import { atMost, jobIdField, peerIdField, type Shape, Violation, whole } from './bounds.ts';
import type { Announcement__Output } from './generated/manyhands/v1/Announcement.ts';
import type { Gossip__Output } from './generated/manyhands/v1/Gossip.ts';
import type { OfferName as NameProto } from './generated/manyhands/v1/OfferName.ts';
import type { OfferName__Output } from './generated/manyhands/v1/OfferName.ts';
import type { OverlayFrame, OverlayFrame__Output } from './generated/manyhands/v1/OverlayFrame.ts';
import { readSignedOffer } from './offer-codec.ts';

/** What goes over the bounds that the receiver checks is cut. */
export function broadcastFrame(message: BroadcastMessage): OverlayFrame {
  switch (message.type) {
    case 'gossip':
      return { gossip: { offer: message.offer.signed, hops: hopsOf(message.hops) } };
    case 'have': {
      const offers = message.offers
        .slice(0, limits.offerNamesPerFrameMax)
        .map(({ name, hops }) => ({ name: nameProto(name), hops: hopsOf(hops) }));
      return { have: { offers } };
    }
    case 'graft':
      return { graft: { offers: nameProtos(message.offers) } };
    case 'want':
      return { want: { offers: nameProtos(message.offers) } };
    case 'prune':
      return { prune: {} };
    default:
      return unreachable(message);
  }
}

function nameProtos(names: readonly OfferName[]): NameProto[] {
  return names.slice(0, limits.offerNamesPerFrameMax).map((name) => nameProto(name));
}

function nameProto({ requester, job, sequence }: OfferName): NameProto {
  return { requester, jobId: Buffer.from(job, 'hex'), sequence };
}

function hopsOf(hops: number): number {
  return Math.min(hops, limits.offerHopsMax);
}

const namesShape: Shape = { counts: { 1: limits.offerNamesPerFrameMax } };

/** By the frame's field numbers. */
export const broadcastShapes: Readonly<Record<number, Shape>> = {
  11: namesShape,
  12: namesShape,
  13: namesShape,
};

/**
 * @returns undefined for a frame of another kind, and for an offer that only a later version
 *   understands
 * @throws {Violation}
 */
export function readBroadcast(frame: OverlayFrame__Output): BroadcastMessage | undefined {
  if (frame.gossip) return readGossip(frame.gossip);
  if (frame.have) {
    const offers = atMost(frame.have.offers, limits.offerNamesPerFrameMax, 'offers');
    return { type: 'have', offers: offers.map((offer) => announcementField(offer)) };
  }
  if (frame.graft) return { type: 'graft', offers: namesField(frame.graft.offers) };
  if (frame.want) return { type: 'want', offers: namesField(frame.want.offers) };
  return frame.prune ? { type: 'prune' } : undefined;
}

function readGossip(gossip: Gossip__Output): BroadcastMessage | undefined {
  if (gossip.offer === null) throw new Violation('gossip has no offer');
  const hops = hopsField(gossip.hops);
  const offer = readSignedOffer(gossip.offer);
  return offer === undefined ? undefined : { type: 'gossip', offer, hops };
}

function namesField(names: readonly OfferName__Output[]): readonly OfferName[] {
  return atMost(names, limits.offerNamesPerFrameMax, 'offers').map((name) => nameField(name));
}

function announcementField({ name, hops }: Announcement__Output): Announcement {
  return { name: nameField(name), hops: hopsField(hops) };
}

function nameField(name: OfferName__Output | null): OfferName {
  if (name === null) throw new Violation("an offer's name is not set");
  return {
    requester: peerIdField(name.requester, 'requester'),
    job: jobIdField(name.jobId),
    sequence: whole(name.sequence, 0, Number.MAX_SAFE_INTEGER, 'sequence'),
  };
}

function hopsField(hops: number): number {
  return whole(hops, 0, limits.offerHopsMax, 'hops');
}
