/**
 * A job's first chunks, run here and now: cut, computed and put together in the same sandbox as on
 * the grid, without a peer, leases or verification. For whoever writes a job.
 *
 * Each chunk is computed twice, in two sandboxes: two processes, so that the second time is on
 * another thread for certain. Both go through the chunks at once, which takes no longer where there
 * are two cores.
 */

import { GridError } from '../model/errors.ts';
import { type Digest, jobId } from '../model/ids.ts';
import type { ChunkLimits, Pieces } from '../model/job.ts';
import type { Failure, Outcome } from '../model/replica.ts';
import type { BlobRef, ProgramKey, ProgramRef } from '../model/program.ts';
import type { ChunkOutcome, LoadableProgram, MergeOutput, Sandbox, SplitInput } from '../ports.ts';
import { createSandbox } from '../sandbox/create-sandbox.ts';
import { decodeCanonical, encodeCanonical } from '../wire/canonical-cbor.ts';
import { digestOf } from '../wire/digest.ts';
import { decodeSetup, encodeSetup } from '../wire/setup-codec.ts';
import { backwards, differenceOf } from './determinism.ts';
import { loadableProgram, loadableScript } from './loadable.ts';
import { splitIntoPieces } from './pieces.ts';
import { type TriedComparison, tryComparison } from './try-comparison.ts';

/** With all its bytes. */
type TriedJob =
  | { readonly runtime: 'javascript'; readonly script: Uint8Array }
  | {
      readonly runtime: 'wasi';
      readonly program: {
        readonly module: Uint8Array;
        readonly arguments: readonly string[];
        readonly environment: readonly string[];
        readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
      };
      /** With `split` and `merge`; absent for a job of pieces. */
      readonly script?: Uint8Array;
    };

export type TryJobOptions = {
  readonly job: TriedJob;
  /** JSON object. */
  readonly paramsJson: string;
  readonly pieces?: Pieces;
  /** Of `split`, lines or bytes. */
  readonly input?: SplitInput;
  /** Of the files that are the pieces. */
  readonly paths?: readonly string[];
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
  /** The second time, `chunk` came out otherwise: `not-deterministic` or `timed-out`. */
  | { readonly type: 'differs'; readonly chunk: number; readonly failure: Failure }
  /** All chunks came out the same twice. */
  | { readonly type: 'same'; readonly chunks: number }
  /** The job's own `equals` or `verify` finds nothing wrong with any of them. */
  | TriedComparison
  | {
      readonly type: 'merged';
      readonly output: MergeOutput;
      /** That is all there is: the output is the job's result. */
      readonly sawAll: boolean;
    };

export type TryJobComponents = {
  /** One for each time that the chunks are computed. */
  readonly openSandbox: (limits: ChunkLimits) => Sandbox;
};

/**
 * Events as they happen: each chunk, up to the first that fails; whether they came out the same a
 * second time, and what the job's own comparison says of them; then the merged output.
 * @throws {GridError} `job-invalid`, `job-failed` for split, merge and comparison,
 *   `input-unreadable`
 */
export async function* tryJob(
  options: TryJobOptions,
  { openSandbox }: TryJobComponents = { openSandbox: oneSlot },
): AsyncGenerator<TryJobEvent> {
  const sandbox = openSandbox(options.limits);
  const other = openSandbox(options.limits);
  try {
    yield* tryIn(sandbox, other, options);
  } finally {
    await Promise.all([sandbox.close(), other.close()]);
  }
}

function oneSlot(limits: ChunkLimits): Sandbox {
  return createSandbox({ slots: 1, limits });
}

async function* tryIn(
  sandbox: Sandbox,
  other: Sandbox,
  options: TryJobOptions,
): AsyncGenerator<TryJobEvent> {
  const { program, script } = loadablesOf(options);
  await Promise.all([
    load(sandbox, program, options.limits),
    load(other, program, options.limits),
    ...(script === undefined ? [] : [load(sandbox, script, options.limits)]),
  ]);
  const params = encodeCanonical(JSON.parse(options.paramsJson));
  const { inputs, sawAll } = await firstChunks(sandbox, script, params, options);

  const run = runnerOf(program.key, inputs, options.limits);
  const stop = new AbortController();
  const again = backwardsOn(other, run, inputs.length, stop.signal);
  // Until it is waited for below, its trouble is nobody's.
  again.catch(() => undefined);
  const outcomes: Outcome[] = [];
  for (const [chunk, input] of inputs.entries()) {
    const [ran] = await run(sandbox, [chunk]);
    if (ran === undefined) throw new Error(`the sandbox returned nothing for chunk ${chunk}`);
    yield { type: 'chunk', chunk, inputBytes: input.length, ...ran };
    outcomes.push(ran.outcome);
    if (ran.outcome.type === 'result') continue;
    stop.abort();
    await again;
    // Twice the time would tell nothing more.
    if (isOverdue(ran.outcome)) return;
    yield* differs(chunk, ran.outcome, (await run(other, [chunk]))[0]?.outcome);
    return;
  }
  const secondOutcomes = await again;
  for (const [chunk, outcome] of outcomes.entries()) {
    const difference = [...differs(chunk, outcome, secondOutcomes.get(chunk))];
    yield* difference;
    if (difference.length > 0) return;
  }
  yield { type: 'same', chunks: inputs.length };
  if (script !== undefined) {
    const values = valuesOf(outcomes);
    const { limits } = options;
    yield* tryComparison({ script, limits, inputs, values }, sandbox);
  }
  yield { type: 'merged', output: await merged(sandbox, script, params, outcomes), sawAll };
}

type Loadables = { readonly program: LoadableProgram; readonly script?: LoadableProgram };

/** @throws {GridError} `job-invalid` for a program whose setup no volunteer would take */
function loadablesOf({ job, limits }: TryJobOptions): Loadables {
  const blobs = new Map<Digest, Uint8Array>();
  const put = (bytes: Uint8Array): BlobRef => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { digest, bytes: bytes.length };
  };
  const read = async (digest: Digest): Promise<Uint8Array> => {
    const bytes = blobs.get(digest);
    if (bytes === undefined) throw new Error(`there is no blob ${digest}`);
    return bytes;
  };
  if (job.runtime === 'javascript') {
    const { digest } = put(job.script);
    const script = loadableScript(
      digest,
      limits.memoryBytesMax,
      ['split', 'compute', 'merge'],
      read,
    );
    return { program: script, script };
  }
  const { module, files, ...rest } = job.program;
  const setupBytes = encodeSetup({
    ...rest,
    files: files.map(({ path, bytes }) => Object.assign({ path }, put(bytes))),
  });
  const setup = decodeSetup(setupBytes);
  if (setup.type !== 'message') {
    const reason = setup.type === 'rejected' ? setup.reason : 'it is of an unknown kind';
    throw new GridError('job-invalid', `The program can't be given that: ${reason}.`);
  }
  const { digest, bytes } = put(module);
  const ref: ProgramRef = {
    runtime: 'wasi',
    program: digest,
    programBytes: bytes,
    setup: put(setupBytes),
  };
  const program = loadableProgram(ref, setup.message, limits.memoryBytesMax, read);
  if (job.script === undefined) return { program };
  const steps = put(job.script).digest;
  const script = loadableScript(steps, limits.memoryBytesMax, ['split', 'merge'], read);
  return { program, script };
}

/** @throws {GridError} `job-invalid` */
async function load(
  sandbox: Sandbox,
  program: LoadableProgram,
  limits: ChunkLimits,
): Promise<void> {
  const failure = await sandbox.load(program, limits);
  if (failure === undefined) return;
  throw new GridError('job-invalid', `The job can't run: ${failure.kind}: ${failure.detail}`);
}

/** `sawAll`: there are no more. */
async function firstChunks(
  sandbox: Sandbox,
  script: LoadableProgram | undefined,
  params: Uint8Array,
  { job, pieces, input, paths, chunksMax }: TryJobOptions,
): Promise<{ inputs: Uint8Array[]; sawAll: boolean }> {
  const inputs: Uint8Array[] = [];
  for await (const some of cut()) {
    inputs.push(...some.slice(0, chunksMax + 1 - inputs.length));
    if (inputs.length > chunksMax) return { inputs: inputs.slice(0, chunksMax), sawAll: false };
  }
  if (inputs.length > 0) return { inputs, sawAll: true };
  throw new GridError(
    'job-failed',
    'split yielded no chunk, so there is nothing to compute. Check its parameters and its input.',
  );

  function cut(): AsyncIterable<readonly Uint8Array[]> {
    if (script !== undefined) {
      const encoding = job.runtime === 'wasi' ? 'bytes' : 'values';
      const { signal } = new AbortController();
      return sandbox.split(script.key, params, input, encoding, signal);
    }
    if (pieces === undefined) throw new Error('a job without split is cut into pieces');
    return splitIntoPieces(pieces, {
      ...(input === undefined ? {} : { input: input.pieces }),
      ...(paths === undefined ? {} : { paths }),
    });
  }
}

type Runner = (
  sandbox: Sandbox,
  chunks: readonly number[],
  signal?: AbortSignal,
) => Promise<readonly ChunkOutcome[]>;

function runnerOf(program: ProgramKey, inputs: readonly Uint8Array[], limits: ChunkLimits): Runner {
  return async (sandbox, numbers, signal) => {
    const chunks = numbers.flatMap((chunk) => {
      const input = inputs[chunk];
      return input === undefined ? [] : [{ lease: chunk, chunk, input }];
    });
    return sandbox.run({ job: theJob, program, limits, chunks }, signal);
  };
}

/** It has no id before it is submitted. */
const theJob = jobId('0'.repeat(64));

/** The second time, until it is stopped. */
async function backwardsOn(
  sandbox: Sandbox,
  run: Runner,
  count: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Outcome>> {
  const outcomes = new Map<number, Outcome>();
  for (const batch of backwards(count)) {
    if (signal.aborted) break;
    const ran = await run(sandbox, batch, signal);
    for (const [index, { outcome }] of ran.entries()) outcomes.set(batch[index] ?? NaN, outcome);
  }
  return outcomes;
}

/**
 * Nothing where both times ended alike.
 * @throws {GridError} `job-failed` when there was no second time
 */
function* differs(
  chunk: number,
  first: Outcome,
  second: Outcome | undefined,
): Generator<TryJobEvent> {
  if (first.type === 'returned') return;
  if (second === undefined || second.type === 'returned') {
    throw new GridError(
      'job-failed',
      `Chunk ${chunk} could not be computed a second time: the sandbox ended. Run it again; ` +
        'if that happens each time, the chunk takes the sandbox down.',
    );
  }
  if (second.type === 'failure' && second.failure.kind === 'timed-out') {
    // Time is the machine's as much as the program's.
    yield { type: 'differs', chunk, failure: second.failure };
    return;
  }
  const detail = differenceOf(first, second);
  if (detail === undefined) return;
  yield { type: 'differs', chunk, failure: { kind: 'not-deterministic', detail } };
}

function valuesOf(outcomes: readonly Outcome[]): readonly Uint8Array[] {
  return outcomes.flatMap((each) => (each.type === 'result' ? [each.value] : []));
}

function isOverdue(outcome: Outcome): boolean {
  return outcome.type === 'failure' && outcome.failure.kind === 'timed-out';
}

async function merged(
  sandbox: Sandbox,
  script: LoadableProgram | undefined,
  params: Uint8Array,
  outcomes: readonly Outcome[],
): Promise<MergeOutput> {
  const values = valuesOf(outcomes);
  if (script === undefined) {
    const parts = values.map(decodeCanonical).filter((each) => each instanceof Uint8Array);
    return { kind: 'bytes', value: Buffer.concat(parts) };
  }
  async function* results(): AsyncGenerator<readonly Uint8Array[]> {
    yield values;
  }
  return sandbox.merge(script.key, params, results(), new AbortController().signal);
}
