/** What the main thread of the sandbox's process and its other threads say to each other. */

import type { JobId } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { ProgramKey, ScriptFunction } from '../model/program.ts';
import type { Failure } from '../model/replica.ts';
import type { Packed } from '../wire/packed.ts';

/** A program as it is handed to a thread. Its bytes are shared by all threads. */
export type SharedProgram = SharedScript | SharedCommand;

export type SharedScript = {
  readonly runtime: 'javascript';
  readonly key: ProgramKey;
  readonly source: SharedArrayBuffer;
  /** That it was seen to export. */
  readonly functions: readonly ScriptFunction[];
};

export type SharedCommand = {
  readonly runtime: 'wasi';
  readonly key: ProgramKey;
  /** Compiled once, by whichever thread; what a thread gets of it is a handle on the same code. */
  readonly module: WebAssembly.Module;
  readonly arguments: readonly string[];
  readonly environment: readonly string[];
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
};

/** To a thread that computes: chunks to run one after the other. */
export type ComputeTask = {
  readonly program: SharedProgram;
  /** In the place of `compute`; each input has its two arguments. */
  readonly call?: 'equals' | 'verify' | undefined;
  readonly job: JobId;
  /** The number of each chunk within its job, in the order of the inputs. */
  readonly chunks: Uint32Array;
  readonly inputs: Packed;
  /** What both the job and this peer allow. */
  readonly limits: ChunkLimits;
  /** Once the results have so many bytes, the rest of the chunks is left. */
  readonly fillBytes: number;
  /** For `Progress`. */
  readonly progress: SharedArrayBuffer;
};

/** What came of them. */
export type ComputeReply = {
  /** Canonical CBOR; empty where a chunk failed, and none for those that were left. */
  readonly values: Packed;
  /** Digests of the values, in their order; empty where a chunk failed. */
  readonly digests: readonly string[];
  readonly computeMs: Float64Array;
  /** By the chunk's place in the batch. */
  readonly failures: ReadonlyMap<number, Failure>;
};

/** What a thread is started with that runs one step of a job. */
export type StepTask = {
  readonly source: Uint8Array;
  readonly stderrBytesMax: number;
} & (
  | {
      /** Evaluates the program once, to see whether it can run. */
      readonly step: 'check';
      readonly functions: readonly ScriptFunction[];
    }
  | {
      readonly step: 'split';
      readonly params: Uint8Array;
      /** The input file's name, for a split that was given one. */
      readonly inputName?: string;
      readonly encoding: 'values' | 'bytes';
    }
  | { readonly step: 'merge'; readonly params: Uint8Array }
);

export type ToStepThread =
  /** Yield some chunks more: credit for one `chunks` message. */
  | { readonly type: 'pull' }
  /** Answers `input-wanted`; no bytes at the file's end. */
  | { readonly type: 'input'; readonly bytes: Uint8Array | undefined }
  /** Answers `results-wanted`; no results at their end. */
  | { readonly type: 'results'; readonly values: Packed | undefined };

export type FromStepThread =
  | { readonly type: 'checked'; readonly exports: readonly ScriptFunction[] }
  | { readonly type: 'chunks'; readonly chunks: Packed; readonly ended: boolean }
  | { readonly type: 'input-wanted' }
  | { readonly type: 'results-wanted' }
  | {
      readonly type: 'output';
      readonly kind: 'bytes' | 'text' | 'json';
      readonly value: Uint8Array;
    }
  | { readonly type: 'failed'; readonly reason: string };

/** What a thread is started with that makes a module ready. */
export type ModuleTask = {
  readonly module: Uint8Array;
  readonly memoryBytesMax: number;
};

export type FromModuleThread =
  | { readonly type: 'compiled'; readonly module: WebAssembly.Module }
  | { readonly type: 'refused'; readonly failure: Failure };
