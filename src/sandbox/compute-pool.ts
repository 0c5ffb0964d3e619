/**
 * The threads that compute, and what becomes of a batch when one of its chunks takes the thread
 * down.
 *
 * A batch is one task for one thread. When a chunk runs too long or out of memory, its thread is
 * gone and with it the results of the chunks before: the culprit fails, the chunks before it and
 * the chunks after it are run again as two tasks. A chunk is so computed twice at most, however
 * many of its neighbours misbehave, and nobody but the culprit pays with more than time.
 */

import { Piscina } from 'piscina';

import { digest } from '../model/ids.ts';
import type { Failure, FailureKind } from '../model/replica.ts';
import type { ChunkBatch, ChunkOutcome } from '../ports.ts';
import type { ComputeReply, ComputeTask, SharedProgram } from './messages.ts';
import { MemoryWatch } from './memory-watch.ts';
import { OverdueWatch } from './overdue-watch.ts';
import { pack, unpack } from '../wire/packed.ts';
import { processNowMs, Progress } from './progress.ts';
import { threadSurroundings, threadUrl } from './thread-url.ts';

const MiB = 1024 * 1024;

export type ComputePoolOptions = {
  readonly threads: number;
  /**
   * V8 heap of a thread; threads are shared by all jobs, so that it is one limit for all. What a
   * chunk has outside of the heap may be as much again, or what its job allows if that is less.
   */
  readonly memoryBytesMax: number;
};

/** Chunks [from, to) of a batch, on their way to one thread. */
type Span = { readonly from: number; readonly to: number; readonly retried: boolean };

type SpanEnd =
  | { readonly type: 'done'; readonly reply: ComputeReply }
  /** The chunk that took the thread down. */
  | {
      readonly type: 'culprit';
      readonly index: number;
      readonly kind: FailureKind;
      readonly ranMs: number;
    }
  | { readonly type: 'thread-died' };

export class ComputePool {
  readonly #options: ComputePoolOptions;
  #pool: Piscina | undefined;
  #closed = false;

  constructor(options: ComputePoolOptions) {
    this.#options = options;
  }

  /** Resolves with one outcome a chunk, in their order; never rejects. */
  async run(
    program: SharedProgram,
    batch: ChunkBatch,
    signal: AbortSignal,
  ): Promise<readonly ChunkOutcome[]> {
    const outcomes: ChunkOutcome[] = batch.chunks.map(() => notComputed);
    const spans: Span[] = [{ from: 0, to: batch.chunks.length, retried: false }];
    for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
      if (signal.aborted || this.#closed) break;
      if (span.from === span.to) continue;
      const end = await this.#runSpan(program, batch, span, signal);
      switch (end.type) {
        case 'done':
          for (const [index, outcome] of outcomesOf(end.reply).entries()) {
            outcomes[span.from + index] = outcome;
          }
          break;
        case 'culprit': {
          const culprit = span.from + end.index;
          outcomes[culprit] = {
            outcome: { type: 'failure', failure: this.#failure(end.kind, batch) },
            computeMs: end.ranMs,
          };
          spans.push({ ...span, from: culprit + 1 }, { ...span, to: culprit });
          break;
        }
        case 'thread-died':
          // Through no fault that can be seen: once more, and then back to where they came from.
          if (!span.retried) spans.push({ ...span, retried: true });
          break;
      }
    }
    return outcomes;
  }

  /** Starts the threads, so that they are ready when the first batch comes. */
  warmUp(): void {
    if (!this.#closed) this.#threads();
  }

  /** Ends all threads; what runs comes back as not computed. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool?.destroy();
  }

  /** Runs chunks [from, to), numbered from 0 in what comes of them. */
  async #runSpan(
    program: SharedProgram,
    batch: ChunkBatch,
    span: Span,
    signal: AbortSignal,
  ): Promise<SpanEnd> {
    const pool = this.#threads();
    const progress = new Progress();
    const task: ComputeTask = {
      program,
      inputs: pack(batch.chunks.slice(span.from, span.to).map((chunk) => chunk.input)),
      resultBytesMax: batch.limits.resultBytesMax,
      progress: progress.shared,
    };
    const misbehaved = new AbortController();
    let hog: number | undefined;
    const time = new OverdueWatch(progress, batch.limits.wallMsMax, () => misbehaved.abort());
    const memory = new MemoryWatch(
      () => pool.threads.find((thread) => thread.threadId === progress.read()?.thread),
      this.#memoryBytesMax(batch),
      () => {
        hog = progress.read()?.chunk;
        misbehaved.abort();
      },
    );
    try {
      // Aborting a task that runs terminates its thread.
      const reply: ComputeReply = await pool.run(task, {
        signal: AbortSignal.any([signal, misbehaved.signal]),
      });
      return { type: 'done', reply };
    } catch (error) {
      const running = progress.read();
      const ranMs = running === undefined ? 0 : processNowMs() - running.startedMs;
      if (time.overdue !== undefined) {
        return { type: 'culprit', index: time.overdue, kind: 'timed-out', ranMs };
      }
      if (isOutOfMemory(error)) hog = running?.chunk;
      if (hog !== undefined) return { type: 'culprit', index: hog, kind: 'out-of-memory', ranMs };
      return { type: 'thread-died' };
    } finally {
      time.stop();
      memory.stop();
    }
  }

  /** Started on first use: a peer that only asks pays for no threads. */
  #threads(): Piscina {
    if (this.#pool !== undefined) return this.#pool;
    const pool = new Piscina({
      filename: threadUrl('compute-worker').href,
      // Found at the thread's start by `require`; piscina's other way in needs an eval that SES
      // took away.
      name: 'computeBatch',
      // As many at all times: a task that waits for a thread whose task was aborted gets the next
      // one.
      minThreads: this.#options.threads,
      maxThreads: this.#options.threads,
      concurrentTasksPerWorker: 1,
      resourceLimits: { maxOldGenerationSizeMb: this.#options.memoryBytesMax / MiB },
      ...threadSurroundings,
    });
    // Trouble of a thread that has no task; it is replaced, and the next task finds out if that
    // fails.
    pool.on('error', () => {});
    this.#pool = pool;
    return pool;
  }

  #memoryBytesMax(batch: ChunkBatch): number {
    return Math.min(batch.limits.memoryBytesMax, this.#options.memoryBytesMax);
  }

  #failure(kind: FailureKind, batch: ChunkBatch): Failure {
    const memoryMiB = Math.round(this.#memoryBytesMax(batch) / MiB);
    const detail =
      kind === 'out-of-memory'
        ? `the chunk needed more than ${memoryMiB} MiB of memory`
        : `the chunk ran longer than ${batch.limits.wallMsMax} ms`;
    return { kind, detail };
  }
}

const notComputed: ChunkOutcome = { outcome: { type: 'returned' }, computeMs: 0 };

function outcomesOf(reply: ComputeReply): ChunkOutcome[] {
  return unpack(reply.values).map((value, index) => {
    const failure = reply.failures.get(index);
    return {
      outcome:
        failure === undefined
          ? { type: 'result', digest: digest(reply.digests[index] ?? ''), value }
          : { type: 'failure', failure },
      computeMs: reply.computeMs[index] ?? 0,
    };
  });
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
