/**
 * The pools of threads that compute. V8 is told a thread's heap limit when the thread starts, so
 * each pool is for one runtime and one limit, and a job with another limit gets another pool. WASI
 * programs all share one: their memory is not on the heap, and a module is bounded before it runs.
 *
 * However many pools there are, no more batches run at a time than this peer has slots. Pools that
 * are idle are kept for the next batch of their kind, a few at most and not for long; the one used
 * last stays, since what comes next is likely more of the same.
 */

import type { Runtime } from '../model/program.ts';
import type { ChunkBatch, ChunkOutcome } from '../ports.ts';
import { ComputePool, notComputed } from './compute-pool.ts';
import type { SharedProgram } from './messages.ts';
import { Slots } from './slots.ts';
import type { OnStuckThread } from './thread-end.ts';

const MiB = 1024 * 1024;

/** Idle pools that wait for more; an idle thread takes some 15 MiB. */
const idlePoolsMax = 2;
/** Starting a pool takes a fraction of a second; a guess. */
const idleMsMax = 60_000;
/** The streams, files and names of a WASI program, and what speaks with it. */
const wasiHeapBytesMax = 128 * MiB;

export type ComputePoolsOptions = {
  /** Batches that run at a time, and threads of each pool. At least 1. */
  readonly slots: number;
  readonly onStuck: OnStuckThread;
};

type Entry = { readonly pool: ComputePool; batches: number; idleTimer: NodeJS.Timeout | undefined };

export class ComputePools {
  readonly #options: ComputePoolsOptions;
  readonly #slots: Slots;
  /** The most recently used ones are at the end. */
  readonly #pools = new Map<string, Entry>();
  /** Those that are no longer among the pools. */
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(options: ComputePoolsOptions) {
    this.#options = options;
    this.#slots = new Slots(options.slots);
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
    if (!(await this.#slots.take(signal))) return batch.chunks.map(() => notComputed);
    try {
      if (this.#closed) return batch.chunks.map(() => notComputed);
      const entry = this.#use(program.runtime, batch.limits.memoryBytesMax);
      entry.batches += 1;
      try {
        return await entry.pool.run(program, batch, signal);
      } finally {
        entry.batches -= 1;
        this.#closeIdle();
      }
    } finally {
      this.#slots.give();
    }
  }

  /** Starts the threads of such programs, so that they are ready when the first batch comes. */
  warmUp(runtime: Runtime, memoryBytesMax: number): void {
    if (this.#closed) return;
    this.#use(runtime, memoryBytesMax);
    this.#closeIdle();
  }

  /** Ends all threads; what runs comes back as not computed. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const kind of this.#pools.keys()) this.#end(kind);
    await Promise.all(this.#closing);
  }

  /** The pool for such programs, which is from now on the one used last. */
  #use(runtime: Runtime, memoryBytesMax: number): Entry {
    const heapMiB = Math.ceil((runtime === 'wasi' ? wasiHeapBytesMax : memoryBytesMax) / MiB);
    const kind = `${runtime} ${heapMiB}`;
    if (this.#pools.get(kind)?.pool.isDeserted === true) this.#end(kind);
    let entry = this.#pools.get(kind);
    if (entry === undefined) {
      const pool = new ComputePool({
        runtime,
        threads: this.#options.slots,
        heapBytesMax: heapMiB * MiB,
        onStuck: this.#options.onStuck,
      });
      entry = { pool, batches: 0, idleTimer: undefined };
    }
    clearTimeout(entry.idleTimer);
    entry.idleTimer = undefined;
    this.#pools.delete(kind);
    this.#pools.set(kind, entry);
    return entry;
  }

  /** Sees to the idle pools but the one used last: too many are closed now, the others later. */
  #closeIdle(): void {
    const idle = [...this.#pools].slice(0, -1).filter(([, { batches }]) => batches === 0);
    for (const [index, [kind, entry]] of idle.entries()) {
      if (index < idle.length - idlePoolsMax) this.#end(kind);
      else entry.idleTimer ??= setTimeout(() => this.#end(kind), idleMsMax).unref();
    }
  }

  #end(kind: string): void {
    const entry = this.#pools.get(kind);
    if (entry === undefined) return;
    clearTimeout(entry.idleTimer);
    this.#pools.delete(kind);
    const closing = entry.pool.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
