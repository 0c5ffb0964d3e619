/** What is kept of a job that runs, so that it goes on after its requester has started again. */

import type { Digest, JobId, PeerId } from './ids.ts';
import type { WrongResult } from './job.ts';
import type { KeptStatement, StoredResult } from './stored-result.ts';

/** A page of chunk inputs: a blob. */
export type StoredPage = {
  readonly blob: Digest;
  /** Its first chunk. */
  readonly first: number;
  readonly count: number;
  /** Of its inputs. */
  readonly bytes: number;
};

/** Leases that a peer was given together, numbered on from the first. */
export type StoredLeases = {
  readonly peer: PeerId;
  readonly first: number;
  readonly chunks: readonly number[];
};

/** A result that is kept, without its value. */
export type StoredDigest = { readonly chunk: number; readonly digest: Digest };

/** What has become of one job since it was written down last. */
export type JobWrites = {
  readonly job: JobId;
  /** Results; of a chunk that has one already in the place of that. */
  readonly results?: readonly StoredResult[];
  /** What peers have signed of results. */
  readonly statements?: readonly KeptStatement[];
  /** Chunks that are believed from now on, where a result is kept before it is. */
  readonly accepted?: readonly number[];
  /** And those that are not any more. */
  readonly reopened?: readonly number[];
  readonly leases?: readonly StoredLeases[];
  readonly pages?: readonly StoredPage[];
  readonly caught?: readonly WrongResult[];
};
