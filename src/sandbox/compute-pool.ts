/**
 * Threads that compute for programs of one runtime with one memory limit, and what becomes of a
 * batch when one of its chunks takes the thread down.
 *
 * A batch is one task for one thread. When a chunk runs too long or out of memory, its thread is
 * gone and with it the results of the chunks before: the culprit fails, the chunks before it and
 * the chunks after it are run again as two tasks. A chunk is so computed twice at most, however
 * many of its neighbours misbehave, and nobody but the culprit pays with more than time.
 *
 * Memory is the one thing that a program can leave behind: `Symbol.for` keeps every text that it
 * was given. So a chunk is out of memory only if a thread of its own hasn't enough for it either.
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
import { batchFillBytes } from './pending-batch.ts';
import { processNowMs, Progress } from './progress.ts';
import { threadCpuMs } from './thread-cpu.ts';
import { expectEnd, type OnStuckThread } from './thread-end.ts';
import { heapLimits, threadSurroundings, threadUrl } from './thread-start.ts';

const MiB = 1024 * 1024;

type ComputePoolOptions = {
  readonly runtime: Runtime;
  readonly threads: number;
  /** V8's heap of each thread. What is outside of it is bounded by a batch's limits. */
  readonly heapBytesMax: number;
  readonly onStuck: OnStuckThread;
};

/** Of the pool that is made for one chunk, whose word on it is the last. */
type OwnPoolOptions = ComputePoolOptions & { readonly isLast?: boolean };

/** Chunks [from, to) of a batch, on their way to one thread. */
type Span = { readonly from: number; readonly to: number; readonly retried: boolean };

/** With as many bytes of results as the others have left for it. */
type FilledSpan = Span & { readonly fillBytes: number };

type SpanEnd =
  /** Fewer outcomes than chunks when there was no room for more. */
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
  readonly #options: OwnPoolOptions;
  readonly #onStuck: OnStuckThread;
  readonly #pool: Piscina;
  /** Each for one chunk that was out of memory. */
  readonly #ownPools = new Set<ComputePool>();
  readonly #deserted = new AbortController();
  #closed = false;

  /** Starts the threads, so that they are ready when the first batch comes. */
  constructor(options: OwnPoolOptions) {
    this.#options = options;
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
    // Trouble of a thread that has no task. One that fails at its start is not replaced, and when
    // there is none left, tasks would wait for ever.
    this.#pool.on('error', () => {
      if (this.#pool.threads.length === 0) this.#deserted.abort();
    });
  }

  /** Its threads could not be started: it will compute nothing any more. */
  get isDeserted(): boolean {
    return this.#deserted.signal.aborted;
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
      if (signal.aborted || this.#closed || this.isDeserted) break;
      if (span.from === span.to) continue;
      const fillBytes = batchFillBytes - resultBytes(outcomes);
      if (fillBytes <= 0) break;
      const end = await this.#runSpan(program, batch, { ...span, fillBytes }, signal);
      switch (end.type) {
        case 'done':
          for (const [index, outcome] of end.outcomes.entries()) {
            outcomes[span.from + index] = outcome;
          }
          break;
        case 'culprit': {
          const culprit = span.from + end.index;
          outcomes[culprit] =
            end.kind === 'out-of-memory' && this.#options.isLast !== true
              ? await this.#runAlone(program, batch, culprit, signal)
              : {
                  outcome: { type: 'failure', failure: failureOf(end.kind, batch) },
                  computeMs: end.ranMs,
                };
          spans.push(...around(span, end.index));
          break;
        }
        case 'starved':
          // As it came, and so are those after it: somebody else may have the time. Each of them
          // would be waited for several times as long as it may take.
          spans.splice(0, Infinity, { ...span, to: span.from + end.index });
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
    for (const thread of this.#pool.threads) void expectEnd(thread, this.#onStuck);
    await Promise.all([...this.#ownPools].map((pool) => pool.close()));
    await this.#pool.destroy();
  }

  /** Runs one chunk of a batch in a thread that has run nothing before. */
  async #runAlone(
    program: SharedProgram,
    batch: ChunkBatch,
    index: number,
    signal: AbortSignal,
  ): Promise<ChunkOutcome> {
    if (signal.aborted || this.#closed) return notComputed;
    const pool = new ComputePool({ ...this.#options, threads: 1, isLast: true });
    this.#ownPools.add(pool);
    try {
      const chunks = batch.chunks.slice(index, index + 1);
      const [outcome = notComputed] = await pool.run(program, { ...batch, chunks }, signal);
      return outcome;
    } finally {
      await pool.close();
      this.#ownPools.delete(pool);
    }
  }

  /** Runs chunks [from, to), numbered from 0 in what comes of them. */
  async #runSpan(
    program: SharedProgram,
    batch: ChunkBatch,
    span: FilledSpan,
    signal: AbortSignal,
  ): Promise<SpanEnd> {
    const progress = new Progress();
    const chunks = batch.chunks.slice(span.from, span.to);
    const task: ComputeTask = {
      program,
      call: batch.call,
      job: batch.job,
      chunks: Uint32Array.from(chunks, ({ chunk }) => chunk),
      inputs: pack(chunks.map(({ input }) => input)),
      limits: batch.limits,
      fillBytes: span.fillBytes,
      progress: progress.shared,
    };
    const misbehaved = new AbortController();
    const ended = AbortSignal.any([signal, misbehaved.signal, this.#deserted.signal]);
    let end: Promise<void> | undefined;
    // Before piscina's own listener, which ends the thread.
    ended.addEventListener('abort', () => {
      const thread = this.#thread(progress.read()?.thread);
      if (thread !== undefined) end = expectEnd(thread, this.#onStuck);
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
      return outcomes.length > 0 && outcomes.length <= chunks.length
        ? { type: 'done', outcomes }
        : { type: 'thread-died' };
    } catch (error) {
      const running = progress.read();
      const ranMs = running === undefined ? 0 : processNowMs() - running.startedMs;
      // A thread that is stuck takes the process down a while later. Until then its chunk must be
      // known to run, and alone in its slot, or whoever runs in its place is blamed for that.
      await end;
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

function resultBytes(outcomes: readonly ChunkOutcome[]): number {
  let bytes = 0;
  for (const { outcome } of outcomes) {
    if (outcome.type === 'result') bytes += outcome.value.byteLength;
  }
  return bytes;
}

function failureOf(kind: FailureKind, { limits }: ChunkBatch): Failure {
  const memoryMiB = Math.round(limits.memoryBytesMax / MiB);
  const detail =
    kind === 'out-of-memory'
      ? `the chunk needed more than ${memoryMiB} MiB of memory`
      : `the chunk ran longer than ${limits.wallMsMax} ms`;
  return { kind, detail };
}
