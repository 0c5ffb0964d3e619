/**
 * The sandbox: where programs of strangers compute, and where a requester's own split and merge
 * run.
 *
 * Two kinds of threads, because they have two kinds of trouble. `compute` runs in a pool, many
 * chunks to a message, where the time of each chunk is watched. `split` and `merge` get a thread of
 * their own for as long as they last and speak with the host all the way, so that neither a huge
 * input nor ten million results are ever in memory at once.
 */

import { createReadStream } from 'node:fs';

import PQueue from 'p-queue';

import { GridError, reasonOf } from '../model/errors.ts';
import type { Digest, JobId } from '../model/ids.ts';
import type {
  ChunkBatch,
  ChunkOutcome,
  MergeOutput,
  Sandbox,
  SandboxStats,
  SplitInput,
} from '../ports.ts';
import { pack, unpack } from '../wire/packed.ts';
import { ComputePool } from './compute-pool.ts';
import type { StepTask, SharedProgram } from './messages.ts';
import { Programs } from './programs.ts';
import { StepThread } from './step-thread.ts';

const MiB = 1024 * 1024;

export type SandboxOptions = {
  /** Threads that compute; 0 for a peer that only asks. */
  readonly slots: number;
  /**
   * V8 heap of each thread. Threads are shared by all jobs, so a job whose spec asks for more
   * doesn't get it, and one that asks for less is held to it outside of the heap only: a chunk's
   * ArrayBuffers may take as much again, or what its job allows if that is less.
   */
  readonly memoryBytesMax?: number;
  /** How long `split` may run without yielding or reading. */
  readonly splitIdleMsMax?: number;
  /** How long `merge` may run without asking for a result. */
  readonly mergeIdleMsMax?: number;
};

const memoryBytesMaxDefault = 512 * MiB;
const splitIdleMsMaxDefault = 30_000;
/** Its last step may well be the longest: compressing a picture, sorting what was gathered. */
const mergeIdleMsMaxDefault = 120_000;

/**
 * For evaluating a program's top level once; a chunk has its own limit, which includes it again.
 */
const checkMsMax = 5_000;
/** A check takes a thread and a tenth of a second. */
const checksMax = 2;
const noParams = new Uint8Array(0);

/** A piece of an input file on its way to `split`; reading larger ones is no faster. */
const inputPieceBytes = 256 * 1024;

export function createSandbox(options: SandboxOptions): Sandbox {
  return new ThreadSandbox(options);
}

class ThreadSandbox implements Sandbox {
  readonly slots: number;
  readonly #options: Required<SandboxOptions>;
  readonly #programs = new Programs();
  readonly #pool: ComputePool;
  /** One for each job that has batches running. */
  readonly #stops = new Map<JobId, { readonly controller: AbortController; batches: number }>();
  readonly #stepThreads = new Set<StepThread>();
  /** Programs being checked: not known to be good yet, although they are among `#programs`. */
  readonly #loading = new Map<Digest, Promise<string | undefined>>();
  /** Strangers may offer many programs at a time. */
  readonly #checks = new PQueue({ concurrency: checksMax });
  #batches = 0;

  constructor(options: SandboxOptions) {
    this.slots = options.slots;
    this.#options = {
      memoryBytesMax: memoryBytesMaxDefault,
      splitIdleMsMax: splitIdleMsMaxDefault,
      mergeIdleMsMax: mergeIdleMsMaxDefault,
      ...options,
    };
    this.#pool = new ComputePool({
      threads: Math.max(1, options.slots),
      memoryBytesMax: this.#options.memoryBytesMax,
    });
  }

  async load(program: Digest, source: Uint8Array): Promise<string | undefined> {
    if (this.slots > 0) this.#pool.warmUp();
    const loading = this.#loading.get(program);
    if (loading !== undefined) return loading;
    if (this.#programs.get(program) !== undefined) return undefined;
    const loaded = this.#loadNew(program, source);
    this.#loading.set(program, loaded);
    try {
      return await loaded;
    } finally {
      this.#loading.delete(program);
    }
  }

  async #loadNew(program: Digest, source: Uint8Array): Promise<string | undefined> {
    this.#programs.put(program, source);
    const reason = await this.#checks.add(async () => this.#check(program));
    if (reason !== undefined) this.#programs.delete(program);
    return reason;
  }

  async run(batch: ChunkBatch): Promise<readonly ChunkOutcome[]> {
    const program = this.#programs.get(batch.program);
    if (program === undefined) {
      return batch.chunks.map(() => ({ outcome: { type: 'returned' }, computeMs: 0 }));
    }
    const stop = this.#stops.get(batch.job) ?? { controller: new AbortController(), batches: 0 };
    this.#stops.set(batch.job, stop);
    stop.batches += 1;
    this.#batches += 1;
    try {
      return await this.#pool.run(program, batch, stop.controller.signal);
    } finally {
      this.#batches -= 1;
      stop.batches -= 1;
      if (stop.batches === 0 && this.#stops.get(batch.job) === stop) this.#stops.delete(batch.job);
    }
  }

  stop(job: JobId): void {
    this.#stops.get(job)?.controller.abort();
    this.#stops.delete(job);
  }

  async *split(
    program: Digest,
    params: Uint8Array,
    input: SplitInput | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Uint8Array[]> {
    const task: StepTask = {
      ...this.#stepTask('split', program, params),
      ...(input === undefined ? {} : { inputName: input.name }),
    };
    const pieces = input === undefined ? undefined : readPieces(input);
    const thread = this.#startThread(task, this.#options.splitIdleMsMax, signal);
    try {
      thread.post({ type: 'pull' });
      for (;;) {
        const message = await thread.receive();
        if (message.type === 'input-wanted') {
          const piece = await pieces?.next();
          thread.post({ type: 'input', bytes: piece?.value });
        } else if (message.type === 'chunks') {
          const chunks = unpack(message.chunks);
          if (chunks.length > 0) yield chunks;
          if (message.ended) return;
          thread.post({ type: 'pull' });
        }
      }
    } finally {
      await this.#endThread(thread);
      await pieces?.return(undefined);
    }
  }

  async merge(
    program: Digest,
    params: Uint8Array,
    results: AsyncIterable<readonly Uint8Array[]>,
    signal: AbortSignal,
  ): Promise<MergeOutput> {
    const task = this.#stepTask('merge', program, params);
    const pages = results[Symbol.asyncIterator]();
    const thread = this.#startThread(task, this.#options.mergeIdleMsMax, signal);
    try {
      for (;;) {
        const message = await thread.receive();
        if (message.type === 'results-wanted') {
          const page = await pages.next();
          const values = page.done === true ? undefined : pack(page.value);
          thread.post({ type: 'results', values });
        } else if (message.type === 'output') {
          return { kind: message.kind, value: message.value };
        }
      }
    } finally {
      await this.#endThread(thread);
      await pages.return?.();
    }
  }

  stats(): SandboxStats {
    const slotsBusy = Math.min(this.#batches, this.slots);
    return { slotsBusy, batchesQueued: this.#batches - slotsBusy };
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#pool.close(),
      ...[...this.#stepThreads].map((thread) => thread.close()),
    ]);
  }

  /** In a thread of its own: those of the pool may be busy for minutes. */
  async #check(program: Digest): Promise<string | undefined> {
    const { signal } = new AbortController();
    const thread = this.#startThread(
      this.#stepTask('check', program, noParams),
      checkMsMax,
      signal,
    );
    try {
      await thread.receive();
      return undefined;
    } catch (error) {
      return reasonOf(error);
    } finally {
      await this.#endThread(thread);
    }
  }

  #stepTask(step: StepTask['step'], program: Digest, params: Uint8Array): StepTask {
    const known: SharedProgram | undefined = this.#programs.get(program);
    if (known !== undefined) {
      return { step, params, source: new Uint8Array(known.source).slice() };
    }
    throw new GridError(
      'internal',
      `The program of this job is not loaded, so its ${step} can't run.`,
    );
  }

  #startThread(task: StepTask, idleMsMax: number, signal: AbortSignal): StepThread {
    const { memoryBytesMax } = this.#options;
    const thread = new StepThread(task, { idleMsMax, memoryBytesMax }, signal);
    this.#stepThreads.add(thread);
    return thread;
  }

  async #endThread(thread: StepThread): Promise<void> {
    await thread.close();
    this.#stepThreads.delete(thread);
  }
}

async function* readPieces(input: SplitInput): AsyncGenerator<Uint8Array, undefined> {
  const stream = createReadStream(input.path, { highWaterMark: inputPieceBytes });
  try {
    for await (const piece of stream) {
      if (piece instanceof Uint8Array) yield piece;
    }
  } catch (error) {
    throw new GridError(
      'input-unreadable',
      `The input ${input.path} can't be read: ${reasonOf(error)}. Check that it is a file and ` +
        'that you may read it.',
      { cause: error },
    );
  } finally {
    stream.destroy();
  }
}
