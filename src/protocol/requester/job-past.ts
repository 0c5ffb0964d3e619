/**
 * How far an earlier process of this peer had come with an own job, as its journal tells. What it
 * was waiting for goes on: leases that were out are kept for their peers as if their streams had
 * been lost, which they were.
 */

import type { Digest, PeerId } from '../../model/ids.ts';
import type { WrongResult } from '../../model/job.ts';
import type { Lease } from '../../model/replica.ts';
import type { Acceptance } from './acceptances.ts';
import { OpenChunk } from './open-chunk.ts';
import type { Counts } from './tally.ts';

export type PastLease = Lease & { readonly peer: PeerId };

export type PastVote = PastLease & { readonly digest: Digest };

export type JobPast = {
  /** Chunks that `split` had yielded. */
  readonly chunks: number;
  readonly splitEnded: boolean;
  /** Chunks from here on were never leased. */
  readonly frontier: number;
  /** Number of the last lease. */
  readonly lastLease: number;
  /** From the beginning each time that it is iterated over. */
  readonly accepted: Iterable<Acceptance>;
  /** On chunks that are not accepted, in the order in which they came. */
  readonly votes: readonly PastVote[];
  /** Of the values that are kept of chunks that are not accepted. */
  readonly stored: ReadonlyMap<number, Digest>;
  /** Of chunks that are not accepted: what was not returned, the oldest first. */
  readonly leases: readonly PastLease[];
  /** What each peer has done, as far as what it has signed tells. */
  readonly counts: ReadonlyMap<PeerId, Partial<Counts>>;
  /** Chunks whose replicas disagreed. */
  readonly disputes: number;
  readonly caught: readonly WrongResult[];
};

/** The chunks that were voted on and are open. @param isHeard whose votes count */
export function votedOn(
  { votes, stored }: JobPast,
  isHeard: (peer: PeerId) => boolean,
): Map<number, OpenChunk> {
  const opens = new Map<number, OpenChunk>();
  for (const { chunk, lease, peer, digest } of votes) {
    const open = opens.get(chunk) ?? new OpenChunk(chunk);
    opens.set(chunk, open);
    open.stored = stored.get(chunk);
    if (open.hasHeard(peer)) continue;
    open.add({ lease, peer, leasedAtMs: 0, deadlineMs: 0, state: 'voted' });
    // Who was caught has said nothing, and does not get the chunk again.
    if (isHeard(peer)) open.vote(peer, digest);
  }
  return opens;
}
