/** Runs jobs through the real sandbox, as a peer does, but without a grid. */

import { digestOf } from '../../src/wire/digest.ts';
import { decodeCanonical, encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { jobId, type Digest } from '../../src/model/ids.ts';
import type { ChunkLimits } from '../../src/model/job.ts';
import { limits } from '../../src/model/limits.ts';
import type { ChunkBatch, ChunkOutcome, Sandbox, SplitInput } from '../../src/ports.ts';

export const aJobId = jobId('a'.repeat(64));

export const generousLimits: ChunkLimits = {
  wallMsMax: 30_000,
  memoryBytesMax: 512 * 1024 * 1024,
  resultBytesMax: limits.resultBytesMax,
};

/** A program as the bundler writes them, from a body that declares the three functions or some. */
export function programText(body: string): Uint8Array {
  const exported = ['split', 'compute', 'merge'].filter((name) =>
    new RegExp(String.raw`function\*? ${name}\b`).test(body),
  );
  return new TextEncoder().encode(`(() => {\n${body}\nreturn { ${exported.join(', ')} };\n})();`);
}

/** @throws {Error} when the program can't run */
export async function loadProgram(sandbox: Sandbox, body: string): Promise<Digest> {
  const source = programText(body);
  const program = digestOf(source);
  const reason = await sandbox.load(program, source);
  if (reason !== undefined) throw new Error(reason);
  return program;
}

export function batchOf(
  program: Digest,
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
  sandbox: Sandbox,
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
  sandbox: Sandbox,
  program: Digest,
  params: unknown = {},
  input?: SplitInput,
): Promise<unknown[]> {
  const { signal } = new AbortController();
  const chunks: unknown[] = [];
  for await (const some of sandbox.split(program, encodeCanonical(params), input, signal)) {
    chunks.push(...some.map(decodeCanonical));
  }
  return chunks;
}
