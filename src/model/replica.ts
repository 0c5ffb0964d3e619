/** One execution of a chunk by one peer: the lease that allows it and the outcome that ends it. */

import type { Digest, JobId, PeerId } from './ids.ts';
import type { Signed } from './signed.ts';

export type Lease = {
  /** Unique within one job at one requester. */
  readonly lease: number;
  readonly chunk: number;
};

/** A lease as the volunteer gets it. */
export type LeasedChunk = Lease & {
  /** Canonical CBOR of what `split` yielded for the chunk. */
  readonly input: Uint8Array;
};

/** A chunk that fails says how. A failure is never a vote for a result. */
export const failureKinds = [
  'timed-out',
  'out-of-memory',
  /** JavaScript threw, or WebAssembly trapped. */
  'threw',
  /** A WASI program ended with another exit code than 0. */
  'exited',
  'result-too-large',
  /** The program wants what no volunteer gives: host functions, threads, shared memory. */
  'forbidden-import',
  /** Two executions of the chunk gave different results. */
  'not-deterministic',
] as const;

export type FailureKind = (typeof failureKinds)[number];

export type Failure = {
  readonly kind: FailureKind;
  /** For a person: the error's message and what the program wrote, at most `reasonCharsMax`. */
  readonly detail: string;
};

export type Outcome =
  | {
      readonly type: 'result';
      /**
       * SHA-256 of `value`, computed by whoever hands this to a machine, never taken from a peer.
       */
      readonly digest: Digest;
      /** Canonical CBOR. */
      readonly value: Uint8Array;
      /** What the job's own `verify` says of it, where a job has one. */
      readonly verdict?: 'verified' | 'refuted';
    }
  | {
      readonly type: 'failure';
      readonly failure: Failure;
      /** Too many of its peer's results broke the job's own `equals` or `verify`: it is done. */
      readonly isLast?: true;
    }
  /** Not computed, through no fault of the chunk: the sandbox died or the owner stopped it. */
  | { readonly type: 'returned' };

export type ReplicaResult = {
  readonly lease: number;
  readonly chunk: number;
  readonly outcome: Outcome;
  readonly computeMs: number;
  /**
   * What was computed: the digest of the program, its setup and the chunk's input. With every
   * result, from whoever hands the outcome to a machine.
   */
  readonly work?: Digest;
};

/** A large result that travels ahead of its frame: whose it is, and what it is said to be. */
export type ValueName = {
  readonly from: PeerId;
  readonly job: JobId;
  readonly lease: number;
  readonly digest: Digest;
};

/** Results of one job in one frame, under one signature. */
export type ResultFrame = {
  readonly job: JobId;
  readonly replicas: readonly ReplicaResult[];
  /** The statement as it came, which names no values; absent until it is signed. */
  readonly signed?: Signed;
};
