/** Runs jobs through the real sandbox, as a peer does, but without a grid. */

import { digestOf } from '../../src/wire/digest.ts';
import { decodeCanonical, encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { jobId } from '../../src/model/ids.ts';
import type { ChunkLimits } from '../../src/model/job.ts';
import { limits } from '../../src/model/limits.ts';
import type { ProgramKey } from '../../src/model/program.ts';
import type {
  ChunkBatch,
  ChunkOutcome,
  LoadableProgram,
  Sandbox,
  SplitInput,
} from '../../src/ports.ts';
import type { ThreadSandbox, ThreadSandboxOptions } from '../../src/sandbox/thread-sandbox.ts';

/** The sandbox, or only what is inside of its process. */
type Runner = Pick<Sandbox, 'load' | 'run'>;

export const aJobId = jobId('a'.repeat(64));

export const generousLimits: ChunkLimits = {
  wallMsMax: 30_000,
  memoryBytesMax: 512 * 1024 * 1024,
  resultBytesMax: limits.resultBytesMax,
  stderrBytesMax: limits.stderrBytesMax,
};

export const threadOptions: ThreadSandboxOptions = {
  slots: 1,
  limits: generousLimits,
  splitIdleMsMax: 30_000,
  mergeIdleMsMax: 30_000,
};

/** What is inside of the sandbox's process, run in this one. */
export function inThreads(threads: ThreadSandbox): Runner {
  return {
    load: async (program, chunkLimits) =>
      threads.load(
        program.runtime === 'javascript'
          ? { ...program, source: await program.source() }
          : {
              ...program,
              module: await program.module(),
              files: await Promise.all(
                program.files.map(async ({ path, bytes }) => ({ path, bytes: await bytes() })),
              ),
            },
        chunkLimits,
      ),
    run: async (batch) => threads.run(batch),
  };
}

const functionNames = ['split', 'compute', 'merge'] as const;

/** A program as the bundler writes them, from a body that declares the three functions or some. */
export function programText(body: string): Uint8Array {
  const exported = functionNames.filter((name) => declares(body, name));
  return new TextEncoder().encode(`(() => {\n${body}\nreturn { ${exported.join(', ')} };\n})();`);
}

function declares(body: string, name: string): boolean {
  return new RegExp(String.raw`function\*? ${name}\b`).test(body);
}

/** A script as it is loaded. @param functions that it must export */
export function scriptOf(
  source: Uint8Array,
  functions: readonly (typeof functionNames)[number][] = ['compute'],
): LoadableProgram {
  return {
    runtime: 'javascript',
    key: `javascript:${digestOf(source)}`,
    source: async () => source,
    functions,
  };
}

/** @throws {Error} when the program can't run */
export async function loadProgram(sandbox: Runner, body: string): Promise<ProgramKey> {
  const source = programText(body);
  const functions = functionNames.filter((name) => declares(body, name));
  const program = scriptOf(source, functions);
  const failure = await sandbox.load(program, generousLimits);
  if (failure !== undefined) throw new Error(failure.detail);
  return program.key;
}

export function batchOf(
  program: ProgramKey,
  inputs: readonly unknown[],
  changes: Partial<ChunkLimits> = {},
): ChunkBatch {
  return {
    job: aJobId,
    program,
    limits: { ...generousLimits, ...changes },
    chunks: inputs.map((input, chunk) => ({
      lease: chunk,
      chunk,
      input: encodeCanonical(input),
    })),
  };
}

/** Loads a program, runs its `compute` on these inputs, and says what came of each. */
export async function computeAll(
  sandbox: Runner,
  body: string,
  inputs: readonly unknown[],
  changes: Partial<ChunkLimits> = {},
): Promise<unknown[]> {
  const program = await loadProgram(sandbox, body);
  return shown(await sandbox.run(batchOf(program, inputs, changes)));
}

/** Decoded results, failures and the word "returned". */
export function shown(outcomes: readonly ChunkOutcome[]): unknown[] {
  return outcomes.map(({ outcome }) => {
    if (outcome.type === 'result') return decodeCanonical(outcome.value);
    return outcome.type === 'failure' ? outcome.failure : 'returned';
  });
}

/** What `split` yields, decoded. */
export async function splitAll(
  sandbox: Pick<Sandbox, 'split'>,
  program: ProgramKey,
  params: unknown = {},
  input?: SplitInput,
  encoding: 'values' | 'bytes' = 'values',
): Promise<unknown[]> {
  const { signal } = new AbortController();
  const chunks: unknown[] = [];
  const pulled = sandbox.split(program, encodeCanonical(params), input, encoding, signal);
  for await (const some of pulled) {
    chunks.push(...some.map(decodeCanonical));
  }
  return chunks;
}
