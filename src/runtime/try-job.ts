/**
 * A job's first chunks, run here and now: split, compute and merge in the same sandbox as on the
 * grid, without a peer, leases or verification. For whoever writes a job.
 */

import { basename } from 'node:path';

import { GridError } from '../model/errors.ts';
import { jobId } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { Outcome } from '../model/replica.ts';
import type { MergeOutput, Sandbox } from '../ports.ts';
import { createSandbox } from '../sandbox/create-sandbox.ts';
import { encodeCanonical } from '../wire/canonical-cbor.ts';
import { digestOf } from '../wire/digest.ts';

export type TryJobOptions = {
  readonly program: Uint8Array;
  /** JSON object. */
  readonly paramsJson: string;
  readonly inputPath?: string;
  /** Chunks to run; the job may have more. */
  readonly chunksMax: number;
  readonly limits: ChunkLimits;
};

export type TryJobEvent =
  | {
      readonly type: 'chunk';
      readonly chunk: number;
      readonly inputBytes: number;
      readonly computeMs: number;
      readonly outcome: Outcome;
    }
  | {
      readonly type: 'merged';
      readonly output: MergeOutput;
      /** That is all there is: the output is the job's result. */
      readonly sawAll: boolean;
    };

/**
 * Events as they happen: each chunk, up to the first that fails, then the merged output.
 * @throws {GridError} `job-invalid`, `job-failed` for split and merge, `input-unreadable`
 */
export async function* tryJob(options: TryJobOptions): AsyncGenerator<TryJobEvent> {
  const sandbox = createSandbox({ slots: 1 });
  try {
    yield* tryIn(sandbox, options);
  } finally {
    await sandbox.close();
  }
}

async function* tryIn(sandbox: Sandbox, options: TryJobOptions): AsyncGenerator<TryJobEvent> {
  const { paramsJson, limits } = options;
  const program = digestOf(options.program);
  const reason = await sandbox.load(program, options.program);
  if (reason !== undefined) throw new GridError('job-invalid', `The job can't run: ${reason}`);

  const params = encodeCanonical(JSON.parse(paramsJson));
  const { chunks, sawAll } = await firstChunks(sandbox, options, params);
  // Only tells batches apart, and there is one job here.
  const job = jobId(program);
  const values: Uint8Array[] = [];
  for (const [chunk, input] of chunks.entries()) {
    const batch = { job, program, limits, chunks: [{ lease: chunk, chunk, input }] };
    const [ran] = await sandbox.run(batch);
    if (ran === undefined) throw new Error(`the sandbox returned nothing for chunk ${chunk}`);
    yield { type: 'chunk', chunk, inputBytes: input.length, ...ran };
    if (ran.outcome.type !== 'result') return;
    values.push(ran.outcome.value);
  }
  async function* results(): AsyncGenerator<readonly Uint8Array[]> {
    yield values;
  }
  const output = await sandbox.merge(program, params, results(), new AbortController().signal);
  yield { type: 'merged', output, sawAll };
}

/** `sawAll`: split ended without yielding more. */
async function firstChunks(
  sandbox: Sandbox,
  { program, inputPath, chunksMax }: TryJobOptions,
  params: Uint8Array,
): Promise<{ chunks: Uint8Array[]; sawAll: boolean }> {
  const input =
    inputPath === undefined ? undefined : { name: basename(inputPath), path: inputPath };
  const { signal } = new AbortController();
  const chunks: Uint8Array[] = [];
  for await (const some of sandbox.split(digestOf(program), params, input, signal)) {
    chunks.push(...some.slice(0, chunksMax + 1 - chunks.length));
    if (chunks.length > chunksMax) return { chunks: chunks.slice(0, chunksMax), sawAll: false };
  }
  if (chunks.length > 0) return { chunks, sawAll: true };
  throw new GridError(
    'job-failed',
    'split yielded no chunk, so there is nothing to compute. Check its parameters and its input.',
  );
}
