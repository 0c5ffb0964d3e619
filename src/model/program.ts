/**
 * What runs a job's chunks. A JavaScript program is one script and nothing else. A WASI program is
 * a module and its setup, in blobs of their own: an interpreter of 26 MB is one blob for all the
 * scripts that it ever runs.
 */

import type { Digest } from './ids.ts';

export const runtimes = ['javascript', 'wasi'] as const;

export type Runtime = (typeof runtimes)[number];

/** What a script may export, as far as anybody asks for it. */
export const scriptFunctions = ['split', 'compute', 'merge', 'equals', 'verify'] as const;

export type ScriptFunction = (typeof scriptFunctions)[number];

/** Bytes that are kept apart, named by their digest. */
export type BlobRef = { readonly digest: Digest; readonly bytes: number };

/** As offers and specs name it. */
export type ProgramRef = {
  readonly runtime: Runtime;
  /** The script, or the WebAssembly module. */
  readonly program: Digest;
  readonly programBytes: number;
  /** A serialized `Setup`; every WASI program has one, a JavaScript program none. */
  readonly setup?: BlobRef;
};

/** Without what else an offer or a spec says. */
export function programRef({ runtime, program, programBytes, setup }: ProgramRef): ProgramRef {
  return { runtime, program, programBytes, ...(setup === undefined ? {} : { setup }) };
}

/** What a WASI program finds when it starts; the same for all chunks of a job. */
export type Setup = {
  /** argv, the program's own name first. */
  readonly arguments: readonly string[];
  /** "NAME=value". */
  readonly environment: readonly string[];
  /** Read-only. */
  readonly files: readonly DataFile[];
};

export type DataFile = BlobRef & {
  /** From the root of the program's file system: no leading "/", no "." or "..". */
  readonly path: string;
};

/** Names a program as it is loaded: what has the same key is loaded once. */
export type ProgramKey = `${Runtime}:${string}`;

/**
 * The memory that the job allows is a part of it: a module is compiled for that, and a script is
 * first looked at under it. Else a stranger who allows next to none could have the verdict on a
 * program fall for everybody's jobs that share it.
 */
export function programKey(
  { runtime, program, setup }: Pick<ProgramRef, 'runtime' | 'program' | 'setup'>,
  memoryBytesMax: number,
): ProgramKey {
  const ofSetup = setup === undefined ? '' : `:${setup.digest}`;
  return `${runtime}:${program}${ofSetup}:${memoryBytesMax}`;
}
