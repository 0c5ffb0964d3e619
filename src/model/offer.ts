/**
 * The signed, gossiped announcement that a job has chunks to compute: what a volunteer needs to
 * decide, and nothing that it does not.
 */

import type { JobId, PeerId } from './ids.ts';
import type { ChunkLimits } from './job.ts';
import type { ProgramRef } from './program.ts';
import type { Signed } from './signed.ts';

export type Offer = ProgramRef & {
  readonly job: JobId;
  /** The peer whose signature the offer carries. */
  readonly requester: PeerId;
  /** Where the requester can be reached, "host:port", the likeliest first. */
  readonly addresses: readonly string[];
  readonly name: string;
  readonly limits: ChunkLimits;
  /** Rises with every offer of the same job; a lower one is old news. */
  readonly sequence: number;
  /** How many more replicas could be leased now; a lower bound while `split` runs. */
  readonly replicasOpen: number;
  /** Closed: the job has ended, forget it. */
  readonly closed: boolean;
  /** Unix time after which the offer is void. */
  readonly expiresAtMs: number;
};

/** A verified offer with the bytes that prove it, which are what is forwarded. */
export type SignedOffer = {
  readonly offer: Offer;
  readonly signed: Signed;
};

/** What tells one offer from all others. Of two of the same job, the higher sequence is news. */
export type OfferName = {
  readonly requester: PeerId;
  readonly job: JobId;
  readonly sequence: number;
};
