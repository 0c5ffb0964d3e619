/**
 * What a job asks of whoever decides which chunk is leased to whom and which results are believed:
 * by a fixed number of equal ones (`lease-table.ts`) or by evidence (`evidence-table.ts`).
 */

import type { Digest, PeerId } from '../../model/ids.ts';
import type { JobFailure, WrongResult } from '../../model/job.ts';
import type { Lease, ReplicaResult } from '../../model/replica.ts';
import type { AcceptedResult } from '../events.ts';
import type { JobPast } from './job-past.ts';
import type { LeaseBook } from './lease-book.ts';
import type { Tally } from './tally.ts';

export type RevokedLease = { readonly peer: PeerId; readonly lease: number };

/** What a result led to. */
export type Settlement =
  | { readonly type: 'counted' }
  | {
      readonly type: 'accepted';
      readonly chunk: number;
      readonly digest: Digest;
      readonly value: Uint8Array;
      /** Leases of the chunk that are still out and of no more use. */
      readonly revoked: readonly RevokedLease[];
    }
  /** Evidence for or against a peer moves all chunks that it voted on. */
  | {
      readonly type: 'moved';
      /** To be kept before chunks are accepted; in the place of others of the same chunk. */
      readonly stored: readonly AcceptedResult[];
      readonly accepted: readonly number[];
      /** Accepted before, and not believed any more. */
      readonly reopened: readonly number[];
      readonly revoked: readonly RevokedLease[];
      /** Peers that returned what is not right. */
      readonly caught: readonly WrongResult[];
    }
  | { readonly type: 'job-failed'; readonly failure: JobFailure }
  /** No such lease of this peer: forged, or from before it was cut off. Not counted. */
  | { readonly type: 'unknown' };

export interface JobTable {
  readonly tally: Tally;
  readonly leases: LeaseBook;
  /** Chunks that `split` has yielded so far. */
  readonly chunks: number;
  readonly splitEnded: boolean;
  /** Undecided chunks whose replicas disagree. */
  readonly disputed: number;
  /** Chunks whose replicas ever disagreed. */
  readonly disputesEver: number;
  /** Undecided chunks with at least one lease out. */
  readonly inFlight: number;
  readonly activeLeases: number;
  /** Chunks with undecided replicas; absent in a table that bounds them by itself. */
  readonly open?: number;
  /** Replicas that could be leased now, to somebody: an estimate. */
  readonly replicasOpen: number;
  /** How long a lease made now lasts. */
  readonly leaseMs: number;
  /**
   * Goes on from there; to be called first.
   * @param isAccepted of those that were
   */
  resume(past: JobPast, isAccepted: (chunk: number) => boolean, nowMs: number): Settlement;
  addChunks(count: number): void;
  endSplit(): void;
  /** Peers here that hold leases now. Revoked ones don't count: nobody waits for them. */
  holders(): Set<PeerId>;
  /** Up to `count` leases for a peer. */
  lease(peer: PeerId, count: number, nowMs: number): Lease[];
  /** Whether that answers a lease of the peer's, be it a late one. */
  expects(peer: PeerId, result: Pick<ReplicaResult, 'lease' | 'chunk'>): boolean;
  /** Takes a replica's outcome. The value's digest must have been checked. */
  result(peer: PeerId, result: ReplicaResult, nowMs: number): Settlement;
  /** A peer was caught in another job: here it has said nothing either, if that matters. */
  disown?(peer: PeerId): Settlement;
  /** Leases past their time, or kept for too long, go to others. @returns how many expired */
  expire(nowMs: number): number;
  /** A peer loses its leases at once and for good, but for some; what it returned stays. */
  peerGone(peer: PeerId, except?: ReadonlySet<number>): number;
  /** Undecided chunks for which every peer here has voted or failed already. */
  waitingForOthersThan(peers: readonly PeerId[]): number;
}
