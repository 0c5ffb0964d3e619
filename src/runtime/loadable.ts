/**
 * Programs as the sandbox takes them, from what specs and offers say of them. The bytes stay where
 * they are until the sandbox asks, and can be read again when its process has to start anew.
 */

import type { Digest } from '../model/ids.ts';
import { programKey, type ProgramRef, type ScriptFunction, type Setup } from '../model/program.ts';
import type { LoadableProgram } from '../ports.ts';

/** @throws {Error} when the blob can't be had any more */
export type ReadBlob = (blob: Digest) => Promise<Uint8Array>;

/**
 * What runs a job's chunks.
 * @param setup of a WASI program, decoded from the blob that `ref` names
 * @param memoryBytesMax of the limits that it is loaded with
 */
export function loadableProgram(
  ref: ProgramRef,
  setup: Setup | undefined,
  memoryBytesMax: number,
  read: ReadBlob,
): LoadableProgram {
  const key = programKey(ref, memoryBytesMax);
  if (ref.runtime === 'javascript') {
    return { runtime: 'javascript', key, source: () => read(ref.program), functions: ['compute'] };
  }
  if (setup === undefined) throw new Error(`the WASI program ${ref.program} has no setup`);
  return {
    runtime: 'wasi',
    key,
    module: () => read(ref.program),
    arguments: setup.arguments,
    environment: setup.environment,
    files: setup.files.map(({ path, digest }) => ({ path, bytes: () => read(digest) })),
  };
}

/**
 * A script's part at the requester: cutting the work and putting the results together.
 * @param memoryBytesMax of the limits that it is loaded with
 * @param functions that it must export for that
 */
export function loadableScript(
  script: Digest,
  memoryBytesMax: number,
  functions: readonly ScriptFunction[],
  read: ReadBlob,
): LoadableProgram {
  return {
    runtime: 'javascript',
    key: programKey({ runtime: 'javascript', program: script }, memoryBytesMax),
    source: () => read(script),
    functions,
  };
}
