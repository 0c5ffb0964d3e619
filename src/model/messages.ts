/**
 * What peers say to each other, after the bytes were checked: unions that `wire/` decodes and
 * machines handle. Their twins on the wire are in `proto/manyhands/v1`.
 */

import type { JobId, PeerId } from './ids.ts';
import type { SignedOffer } from './offer.ts';
import type { Lease, LeasedChunk, ResultFrame } from './replica.ts';

/** A peer and where it can be reached. */
export type PeerRecord = {
  readonly peer: PeerId;
  readonly addresses: readonly string[];
};

/** Between neighbours, both ways. */
export type OverlayMessage =
  /** Some peers the sender knows. */
  | { readonly type: 'peers'; readonly peers: readonly PeerRecord[] }
  /** An offer new to the sender. */
  | { readonly type: 'gossip'; readonly offer: SignedOffer }
  /** The sender has neighbours enough and closes; try the peers it named. */
  | { readonly type: 'refuse' };

/** Volunteer to requester. */
export type VolunteerMessage =
  /** Up to `count` leases more, whenever there are some: a standing demand. */
  | { readonly type: 'ask'; readonly job: JobId; readonly count: number }
  | { readonly type: 'results'; readonly frame: ResultFrame };

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
  /** The job has ended, or was never known here: drop all that is held of it. */
  | { readonly type: 'job-ended'; readonly job: JobId };

/** What the requester's machine says: as above, but the driver puts the chunks' inputs in. */
export type RequesterSend =
  | Exclude<RequesterMessage, { type: 'leases' }>
  | {
      readonly type: 'leases';
      readonly job: JobId;
      readonly leaseMs: number;
      readonly chunks: readonly Lease[];
    };

/**
 * What the transport reports, in order for each peer. Messages have passed every check of `wire/`:
 * bounds, ids, signatures, digests of values.
 */
export type TransportEvent =
  /** An overlay stream is open and both hellos were exchanged. */
  | {
      readonly type: 'neighbour-up';
      readonly peer: PeerId;
      readonly addresses: readonly string[];
      /** Who dialled: `outgoing` when this peer did. */
      readonly direction: 'outgoing' | 'incoming';
      /** The address that was dialled, when this peer did. */
      readonly dialled?: string;
    }
  | { readonly type: 'overlay-message'; readonly from: PeerId; readonly message: OverlayMessage }
  | { readonly type: 'neighbour-down'; readonly peer: PeerId; readonly reason: string }
  | { readonly type: 'dial-failed'; readonly address: string; readonly reason: string }
  /** A volunteer's work stream is open and both hellos were exchanged. */
  | { readonly type: 'volunteer-up'; readonly peer: PeerId }
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
  | { readonly type: 'requester-down'; readonly peer: PeerId; readonly reason: string };
