/**
 * A job: a program, its parameters and its policy. The spec is fixed at submit and its digest is
 * the job's id; everything that changes afterwards is in `JobProgress` and `JobReport`.
 */

import type { Digest, JobId, PeerId } from './ids.ts';
import type { ProgramRef } from './program.ts';
import type { Failure, FailureKind } from './replica.ts';

/** How much evidence a result needs. `quorum: 1` alone is `--trust all`. */
export type Trust = {
  /** Equal digests from this many different peers make a result canonical. At least 1. */
  readonly quorum: number;
  /** And what the requester has seen of them has to tell for it. */
  readonly credibility?: CredibilityTrust;
};

/** Sarmenta's credibility-based fault tolerance. */
export type CredibilityTrust = {
  /** The share of results that may be wrong, above 0 and below 1. */
  readonly errorRate: number;
  /** The share of peers that may be saboteurs, above 0 and below 1. */
  readonly assumeFaulty: number;
  /** `scarce`: who was caught can't come back under another name. */
  readonly identities: 'free' | 'scarce';
};

/** How the results of a chunk are compared; in the order of what wins where a job has several. */
export const comparedBy = ['verify', 'equals', 'digest'] as const;

export type ComparedBy =
  /** `verify(chunk, result)` of the job's script: one result that it finds right is enough. */
  | 'verify'
  /** `equals(a, b)` of the job's script: results that it takes for equal are. */
  | 'equals'
  /** The same bytes. */
  | 'digest';

/**
 * What one chunk may use on a volunteer's machine: a job's spec says what it needs, a volunteer's
 * configuration what it gives, and the smaller of the two holds.
 */
export type ChunkLimits = {
  readonly wallMsMax: number;
  /** V8's heap, ArrayBuffers and WebAssembly memory together. */
  readonly memoryBytesMax: number;
  readonly resultBytesMax: number;
  /** What it wrote to stderr or the console, of which the end is kept for a failure's report. */
  readonly stderrBytesMax: number;
};

/** How the work is cut into chunks and the results are put together, at the requester. */
export type JobSteps =
  /** `split` and `merge` of a script: of the program itself when that is JavaScript. */
  | { readonly type: 'script'; readonly script: Digest }
  /** Pieces that need no code; the results are joined in chunk order. WASI programs only. */
  | { readonly type: 'pieces'; readonly pieces: Pieces };

/** What the chunks of a job without `split` are. */
export type Pieces =
  /** Whole lines of the input. */
  | { readonly type: 'lines'; readonly linesPerChunk: number }
  /** Pieces of the input, the last one shorter. */
  | { readonly type: 'bytes'; readonly bytesPerChunk: number }
  /** Whole numbers from `from` up to and without `to`, each on a line of its own. */
  | {
      readonly type: 'range';
      readonly from: number;
      readonly to: number;
      readonly numbersPerChunk: number;
    }
  /** Whole files; their names without folders name the parts of the result. */
  | { readonly type: 'files'; readonly names: readonly string[] };

export type JobSpec = ProgramRef & {
  /** For people; at most `nameCharsMax` characters. */
  readonly name: string;
  readonly steps: JobSteps;
  /** Canonical CBOR, passed to `split` and `merge`; volunteers never see it. */
  readonly params: Uint8Array;
  readonly trust: Trust;
  readonly comparison: ComparedBy;
  readonly limits: ChunkLimits;
  readonly chunksMax: number;
  readonly requester: PeerId;
  /** Unix time; makes the ids of two submissions of one job differ. */
  readonly createdAtMs: number;
};

export type JobState =
  /** Chunks are leased while `split` may still be yielding more. */
  | 'running'
  /** All results are canonical; `merge` has not returned yet. */
  | 'merging'
  | 'done'
  | 'failed'
  | 'cancelled'
  /** The peer stopped while the job ran, and was of a version that kept too little to go on. */
  | 'lost';

export type JobProgress = {
  readonly job: JobId;
  readonly state: JobState;
  /** Chunks that `split` has yielded so far; all of them once `splitEnded`. */
  readonly chunks: number;
  readonly splitEnded: boolean;
  readonly accepted: number;
  /** Chunks with at least one lease out. */
  readonly inFlight: number;
  /** Undecided chunks whose replicas disagree. */
  readonly disputed: number;
  /** Peers that hold leases or have asked for some, this one included. */
  readonly peers: number;
  /** Accepted chunks a second, lately. */
  readonly chunksPerSecond: number;
  /** Milliseconds; absent while nothing tells how long it will take. */
  readonly remainingMs?: number;
  /** Why nothing moves, in words; absent while things move. */
  readonly stalled?: string;
};

/**
 * What one peer did for one job. Replicas: returned = accepted + lost + late + undecided + failed.
 */
export type Contribution = {
  readonly peer: PeerId;
  readonly leased: number;
  readonly returned: number;
  /** In the canonical group. */
  readonly accepted: number;
  /** In a group that lost against the canonical one: disputes lost. */
  readonly lost: number;
  /** Came after the chunk was decided: a straggler's, or a speculative twin's. */
  readonly late: number;
  readonly failed: number;
  /** Leases not returned in time, or cut off with the peer. */
  readonly expired: number;
  readonly computeSeconds: number;
  /**
   * Spot-checks that the requester has seen it pass, in this job and before: the most on which a
   * result of this job was believed. Absent of jobs that don't believe on evidence, and of who was
   * caught before all was accepted.
   */
  readonly passed?: number;
};

export type JobReport = {
  readonly chunks: number;
  readonly accepted: number;
  /** Chunks whose replicas ever disagreed. */
  readonly disputes: number;
  readonly wallMs: number;
  readonly contributions: readonly Contribution[];
  /** Peers that returned what is not right, as the evidence tells. */
  readonly caught: readonly Caught[];
};

/** What a peer was caught at: the first result of it that is known to be wrong. */
export type WrongResult = {
  readonly peer: PeerId;
  readonly chunk: number;
  readonly digest: Digest;
  /** Of the right one; absent where the job's own `verify` has refuted the wrong one. */
  readonly expected?: Digest;
};

/** Reports of before say only who. */
export type Caught = Pick<WrongResult, 'peer'> & Partial<WrongResult>;

/** The replicas of one chunk that returned the same digest, as a person is shown them. */
type ResultGroup = {
  readonly digest: Digest;
  readonly peers: readonly PeerId[];
};

/** What a result needs to be accepted: one that the job itself has verified, nothing else. */
export function trustNeeded({ trust, comparison }: JobSpec): Trust {
  return comparison === 'verify' ? { quorum: 1 } : trust;
}

/** Why a job failed for good. */
export type JobFailure =
  | {
      readonly type: 'chunk-disputed';
      readonly chunk: number;
      readonly quorum: number;
      readonly groups: readonly ResultGroup[];
      readonly failures: readonly { readonly peer: PeerId; readonly kind: FailureKind }[];
    }
  | {
      readonly type: 'chunk-failed';
      readonly chunk: number;
      readonly failure: Failure;
      readonly peers: readonly PeerId[];
    }
  | {
      /** A step failed at the requester, a comparison of results, its store, or a new start. */
      readonly type: 'requester-failed';
      readonly step: 'split' | 'merge' | 'comparison' | 'store' | 'resume';
      readonly reason: string;
    };
