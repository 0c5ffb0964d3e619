/**
 * What peers say to each other, after the bytes were checked: unions that `wire/` decodes and
 * machines handle. Their twins on the wire are in `proto/manyhands/v1`.
 */

import type { SignedEvidence } from './evidence.ts';
import type { JobId, PeerId } from './ids.ts';
import type { OfferName, SignedOffer } from './offer.ts';
import type { SignedRecord } from './peer-record.ts';
import type { Receipt, SignedReceipt } from './receipt.ts';
import type { Lease, LeasedChunk, ResultFrame } from './replica.ts';

/**
 * Between two peers with an open overlay stream, both ways. The peer that dialled says first what
 * it wants: `join`, `neighbour`, or nothing at all when it only looked whether anybody is there.
 */
export type OverlayMessage =
  | MembershipMessage
  | BroadcastMessage
  | LivenessMessage
  | EvidenceMessage;

/**
 * HyParView (Leitao, Pereira, Rodrigues 2007). The paper sends forwarded joins and replies to
 * shuffles to peers without a connection; here a reply goes back the way that its shuffle came.
 */
export type MembershipMessage =
  /** The sender is new to the grid, or has lost it: always accepted. Answered by `accept`. */
  | { readonly type: 'join'; readonly record: SignedRecord }
  /**
   * May the sender be a neighbour? `high`: it has no other, and somebody has to make room. Answered
   * by `accept` or `refuse`.
   */
  | {
      readonly type: 'neighbour';
      readonly record: SignedRecord;
      readonly priority: 'high' | 'low';
    }
  /**
   * The sender wants to be no neighbour: both tell each other of the last offers, and part. Not
   * answered.
   */
  | { readonly type: 'visit'; readonly record: SignedRecord }
  /** The stream is a neighbourhood from now on. */
  | {
      readonly type: 'accept';
      readonly record: SignedRecord;
      /** Some peers the sender knows. */
      readonly peers: readonly SignedRecord[];
    }
  /** The sender has neighbours enough and closes; try these. */
  | { readonly type: 'refuse'; readonly peers: readonly SignedRecord[] }
  /** A newcomer on its random walk; who gets it at the end dials the newcomer. */
  | { readonly type: 'forward-join'; readonly record: SignedRecord; readonly ttl: number }
  /** The sender makes room for another and closes. */
  | { readonly type: 'disconnect' }
  /** A sample on its random walk, to be swapped with one of whoever gets it at the end. */
  | {
      readonly type: 'shuffle';
      readonly id: number;
      readonly ttl: number;
      /** Who sent it on, the first of them the one that began it. */
      readonly path: readonly PeerId[];
      readonly records: readonly SignedRecord[];
    }
  /** Goes back along `path`, whose last is the receiver. */
  | {
      readonly type: 'shuffle-reply';
      readonly id: number;
      readonly path: readonly PeerId[];
      readonly records: readonly SignedRecord[];
    };

export function isMembership(message: OverlayMessage): message is MembershipMessage {
  switch (message.type) {
    case 'join':
    case 'neighbour':
    case 'visit':
    case 'accept':
    case 'refuse':
    case 'forward-join':
    case 'disconnect':
    case 'shuffle':
    case 'shuffle-reply':
      return true;
    default:
      return false;
  }
}

/** Plumtree (Leitao, Pereira, Rodrigues 2007). */
export type BroadcastMessage =
  | {
      readonly type: 'gossip';
      readonly offer: SignedOffer;
      /** Links that it has come over, this one included. */
      readonly hops: number;
    }
  /** Offers that the sender has. To a new neighbour: all live ones. */
  | { readonly type: 'have'; readonly offers: readonly Announcement[] }
  /** Send these, and from now on every new offer at once. */
  | { readonly type: 'graft'; readonly offers: readonly OfferName[] }
  /** Send these. */
  | { readonly type: 'want'; readonly offers: readonly OfferName[] }
  /** Announce new offers from now on, and don't send them unasked. */
  | { readonly type: 'prune' };

export type Announcement = {
  readonly name: OfferName;
  /** Links that it had come over when the sender got it. */
  readonly hops: number;
};

/** Whether somebody is still there. */
export type LivenessMessage =
  /** Answered by `pong` with the same id, at once. */
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'pong'; readonly id: number }
  /** The sender does not hear this peer any more: does the receiver reach it? */
  | { readonly type: 'probe'; readonly id: number; readonly record: SignedRecord }
  | { readonly type: 'probe-result'; readonly id: number; readonly reached: boolean };

/** That somebody returned a wrong result; to everybody. */
type EvidenceMessage = { readonly type: 'evidence'; readonly evidence: SignedEvidence };

/** Volunteer to requester. */
export type VolunteerMessage =
  /** Up to `count` leases more, whenever there are some: a standing demand. */
  | { readonly type: 'ask'; readonly job: JobId; readonly count: number }
  | { readonly type: 'results'; readonly frame: ResultFrame }
  /**
   * The stream was lost and is open again: of the job's leases of before, the sender has these, or
   * their results, and no others. Said before it asks for more of the job; and of jobs that it may
   * be owed a receipt for.
   */
  | { readonly type: 'hold'; readonly job: JobId; readonly leases: readonly number[] }
  | WorkLiveness;

/** On a work stream, both ways: each `ping` is answered by a `pong` with its id, at once. */
export type WorkLiveness =
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'pong'; readonly id: number };

/** Requester to volunteer. */
export type RequesterMessage =
  | {
      readonly type: 'leases';
      readonly job: JobId;
      /** Time to return them, from when they arrive. */
      readonly leaseMs: number;
      readonly chunks: readonly LeasedChunk[];
    }
  /** The results of these leases have arrived and count, whatever they are worth. */
  | { readonly type: 'acknowledge'; readonly job: JobId; readonly leases: readonly number[] }
  /** The results of these leases are of no more use. */
  | { readonly type: 'revoke'; readonly job: JobId; readonly leases: readonly number[] }
  /** For what the volunteer did for a job that is about to end, or has ended while it was away. */
  | { readonly type: 'receipt'; readonly receipt: SignedReceipt }
  /** The job has ended, or was never known here: drop all that is held of it. */
  | { readonly type: 'job-ended'; readonly job: JobId }
  | WorkLiveness;

/** What the requester's machine says: as above, but the driver puts inputs and signatures in. */
export type RequesterSend =
  | Exclude<RequesterMessage, { type: 'leases' | 'receipt' }>
  | {
      readonly type: 'leases';
      readonly job: JobId;
      readonly leaseMs: number;
      readonly chunks: readonly Lease[];
    }
  | { readonly type: 'receipt'; readonly receipt: Receipt };

/**
 * What the transport reports, in order for each peer. Messages have passed every check of `wire/`:
 * bounds, ids, signatures, digests of values.
 */
export type TransportEvent =
  /** An overlay stream is open and both hellos were exchanged. */
  | {
      readonly type: 'link-up';
      readonly peer: PeerId;
      /** Who dialled: `outgoing` when this peer did. */
      readonly direction: 'outgoing' | 'incoming';
      /** The address that was dialled, when this peer did. */
      readonly dialled?: string;
      /** The other end's IP address as it is seen from here. */
      readonly remote: string;
    }
  | { readonly type: 'overlay-message'; readonly from: PeerId; readonly message: OverlayMessage }
  | {
      readonly type: 'link-down';
      readonly peer: PeerId;
      readonly reason: string;
      /** It sent what no correct peer sends: broken bounds, a signature that does not fit. */
      readonly offence: boolean;
    }
  | { readonly type: 'dial-failed'; readonly address: string; readonly reason: string }
  /** A volunteer's work stream is open and both hellos were exchanged. */
  | {
      readonly type: 'volunteer-up';
      readonly peer: PeerId;
      /** Its IP address as it is seen from here. */
      readonly remote: string;
    }
  | {
      readonly type: 'volunteer-message';
      readonly from: PeerId;
      readonly message: VolunteerMessage;
    }
  | { readonly type: 'volunteer-down'; readonly peer: PeerId }
  /** The work stream to a requester is open and both hellos were exchanged. */
  | { readonly type: 'requester-up'; readonly peer: PeerId }
  | {
      readonly type: 'requester-message';
      readonly from: PeerId;
      readonly message: RequesterMessage;
    }
  /**
   * So many bytes of large results have gone to it, of which no message tells before they are there
   * as a whole. Reported once a second at most; what it had before a cut is not among them.
   */
  | { readonly type: 'requester-took'; readonly peer: PeerId; readonly bytes: number }
  | { readonly type: 'requester-down'; readonly peer: PeerId; readonly reason: string };
