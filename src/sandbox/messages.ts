/** What the host and its threads say to each other. */

import type { Digest } from '../model/ids.ts';
import type { Failure } from '../model/replica.ts';
import type { Packed } from '../wire/packed.ts';

/** A program as it is handed to a thread, which copies it at most once: sharing costs nothing. */
export type SharedProgram = {
  readonly digest: Digest;
  readonly source: SharedArrayBuffer;
};

/** Host to compute thread: chunks to run one after the other. */
export type ComputeTask = {
  readonly program: SharedProgram;
  readonly inputs: Packed;
  readonly resultBytesMax: number;
  /** For `Progress`. */
  readonly progress: SharedArrayBuffer;
};

/** Compute thread to host: what came of them. */
export type ComputeReply = {
  /** Canonical CBOR; empty where a chunk failed. */
  readonly values: Packed;
  /** Digests of the values, in their order; empty where a chunk failed. */
  readonly digests: readonly string[];
  readonly computeMs: Float64Array;
  /** By the chunk's place in the batch. */
  readonly failures: ReadonlyMap<number, Failure>;
};

/** What a thread is started with that runs one step of a job. */
export type StepTask = {
  /** `check` evaluates the program once, to see whether it can run. */
  readonly step: 'check' | 'split' | 'merge';
  readonly source: Uint8Array;
  readonly params: Uint8Array;
  /** The input file's name, for a split that was given one. */
  readonly inputName?: string;
};

export type ToStepThread =
  /** Yield some chunks more: credit for one `chunks` message. */
  | { readonly type: 'pull' }
  /** Answers `input-wanted`; no bytes at the file's end. */
  | { readonly type: 'input'; readonly bytes: Uint8Array | undefined }
  /** Answers `results-wanted`; no results at their end. */
  | { readonly type: 'results'; readonly values: Packed | undefined };

export type FromStepThread =
  | { readonly type: 'checked' }
  | { readonly type: 'chunks'; readonly chunks: Packed; readonly ended: boolean }
  | { readonly type: 'input-wanted' }
  | { readonly type: 'results-wanted' }
  | {
      readonly type: 'output';
      readonly kind: 'bytes' | 'text' | 'json';
      readonly value: Uint8Array;
    }
  | { readonly type: 'failed'; readonly reason: string };
