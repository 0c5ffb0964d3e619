/**
 * Threads that compute for programs of one runtime with one memory limit, and what becomes of a
 * batch when one of its chunks takes the thread down.
 *
 * A batch is one task for one thread. When a chunk runs too long or out of memory, its thread is
 * gone and with it the results of the chunks before: the culprit fails, the chunks before it and
 * the chunks after it are run again as two tasks. A chunk is so computed twice at most, however
 * many of its neighbours misbehave, and nobody but the culprit pays with more than time.
 */

import { Piscina } from 'piscina';
import type { Worker } from 'node:worker_threads';

import { digest } from '../model/ids.ts';
import type { Runtime } from '../model/program.ts';
import type { Failure, FailureKind } from '../model/replica.ts';
import type { ChunkBatch, ChunkOutcome } from '../ports.ts';
import { pack, unpack } from '../wire/packed.ts';
import { MemoryWatch } from './memory-watch.ts';
import type { ComputeReply, ComputeTask, SharedProgram } from './messages.ts';
import { OverdueWatch } from './overdue-watch.ts';
import { isOutOfMemory } from './own-thread.ts';
import { processNowMs, Progress } from './progress.ts';
import { threadCpuMs } from './thread-cpu.ts';
import { expectEnd, type OnStuckThread } from './thread-end.ts';
import { heapLimits, threadSurroundings, threadUrl } from './thread-start.ts';

const MiB = 1024 * 1024;

export type ComputePoolOptions = {
  readonly runtime: Runtime;
  readonly threads: number;
  /** V8's heap of each thread. What is outside of it is bounded by a batch's limits. */
  readonly heapBytesMax: number;
  readonly onStuck: OnStuckThread;
};

/** Chunks [from, to) of a batch, on their way to one thread. */
type Span = { readonly from: number; readonly to: number; readonly retried: boolean };

type SpanEnd =
  | { readonly type: 'done'; readonly outcomes: readonly ChunkOutcome[] }
  /** The chunk that took the thread down. */
  | {
      readonly type: 'culprit';
      readonly index: number;
      readonly kind: FailureKind;
      readonly ranMs: number;
    }
  /** The machine had no time for this chunk. */
  | { readonly type: 'starved'; readonly index: number }
  | { readonly type: 'thread-died' };

export class ComputePool {
  readonly #onStuck: OnStuckThread;
  readonly #pool: Piscina;
  #closed = false;

  /** Starts the threads, so that they are ready when the first batch comes. */
  constructor(options: ComputePoolOptions) {
    this.#onStuck = options.onStuck;
    this.#pool = new Piscina({
      filename: threadUrl(`${options.runtime}-worker`).href,
      // Found at the thread's start by `require`; piscina's other way in needs an eval that SES
      // took away.
      name: 'computeBatch',
      // As many at all times: a task that waits for a thread whose task was aborted gets the next
      // one.
      minThreads: options.threads,
      maxThreads: options.threads,
      concurrentTasksPerWorker: 1,
      resourceLimits: heapLimits(options.heapBytesMax),
      ...threadSurroundings,
    });
    // Trouble of a thread that has no task; it is replaced, and the next task finds out if that
    // fails.
    this.#pool.on('error', () => {});
  }

  /**
   * Resolves with one outcome a chunk, in their order; never rejects.
   * @param batch with limits that this peer allows
   */
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
          for (const [index, outcome] of end.outcomes.entries()) {
            outcomes[span.from + index] = outcome;
          }
          break;
        case 'culprit': {
          const culprit = span.from + end.index;
          outcomes[culprit] = {
            outcome: { type: 'failure', failure: failureOf(end.kind, batch) },
            computeMs: end.ranMs,
          };
          spans.push(...around(span, end.index));
          break;
        }
        case 'starved':
          // As it came: somebody else may have the time.
          spans.push(...around(span, end.index));
          break;
        case 'thread-died':
          // Through no fault that can be seen: once more, and then back to where they came from.
          if (!span.retried) spans.push({ ...span, retried: true });
          break;
      }
    }
    return outcomes;
  }

  /** Ends all threads; what runs comes back as not computed. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const thread of this.#pool.threads) expectEnd(thread, this.#onStuck);
    await this.#pool.destroy();
  }

  /** Runs chunks [from, to), numbered from 0 in what comes of them. */
  async #runSpan(
    program: SharedProgram,
    batch: ChunkBatch,
    span: Span,
    signal: AbortSignal,
  ): Promise<SpanEnd> {
    const progress = new Progress();
    const chunks = batch.chunks.slice(span.from, span.to);
    const task: ComputeTask = {
      program,
      job: batch.job,
      chunks: Uint32Array.from(chunks, ({ chunk }) => chunk),
      inputs: pack(chunks.map(({ input }) => input)),
      limits: batch.limits,
      progress: progress.shared,
    };
    const misbehaved = new AbortController();
    const ended = AbortSignal.any([signal, misbehaved.signal]);
    // Before piscina's own listener, which ends the thread.
    ended.addEventListener('abort', () => {
      const thread = this.#thread(progress.read()?.thread);
      if (thread !== undefined) expectEnd(thread, this.#onStuck);
    });
    let hog: number | undefined;
    const time = new OverdueWatch(
      progress,
      batch.limits.wallMsMax,
      (thread) => threadCpuMs(this.#thread(thread)),
      () => misbehaved.abort(),
    );
    const memory = new MemoryWatch(
      () => this.#thread(progress.read()?.thread),
      batch.limits.memoryBytesMax,
      () => {
        hog = progress.read()?.chunk;
        misbehaved.abort();
      },
    );
    try {
      // Aborting a task that runs terminates its thread.
      const reply: ComputeReply = await this.#pool.run(task, { signal: ended });
      const outcomes = outcomesOf(reply);
      return outcomes.length === chunks.length
        ? { type: 'done', outcomes }
        : { type: 'thread-died' };
    } catch (error) {
      const running = progress.read();
      const ranMs = running === undefined ? 0 : processNowMs() - running.startedMs;
      if (isOutOfMemory(error)) hog = running?.chunk;
      const index = time.overdue?.chunk ?? hog;
      // What the thread itself says of where it is may be anything once it has been taken over.
      if (index === undefined || chunks[index] === undefined) return { type: 'thread-died' };
      if (time.overdue?.why === 'starved') return { type: 'starved', index };
      const kind = time.overdue === undefined ? 'out-of-memory' : 'timed-out';
      return { type: 'culprit', index, kind, ranMs };
    } finally {
      time.stop();
      memory.stop();
    }
  }

  #thread(id: number | undefined): Worker | undefined {
    return this.#pool.threads.find(({ threadId }) => threadId === id);
  }
}

/** What is left of a span without one chunk, the first part last: it is next. */
function around(span: Span, index: number): Span[] {
  const at = span.from + index;
  return [
    { ...span, from: at + 1 },
    { ...span, to: at },
  ];
}

export const notComputed: ChunkOutcome = { outcome: { type: 'returned' }, computeMs: 0 };

/** @throws {Error} for what is no reply: a thread that was taken over may say anything */
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

function failureOf(kind: FailureKind, { limits }: ChunkBatch): Failure {
  const memoryMiB = Math.round(limits.memoryBytesMax / MiB);
  const detail =
    kind === 'out-of-memory'
      ? `the chunk needed more than ${memoryMiB} MiB of memory`
      : `the chunk ran longer than ${limits.wallMsMax} ms`;
  return { kind, detail };
}
