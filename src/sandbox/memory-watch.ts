/**
 * Notices the chunk that fills memory outside of the V8 heap, as large ArrayBuffers do: V8's own limit
 * doesn't count these. The thread's statistics answer even while it is in an endless loop.
 *
 * What is counted includes garbage that V8 has not collected yet, hence the allowance; and a chunk
 * may go over between two looks. This keeps a machine from being taken down, no more.
 */

import type { Worker } from 'node:worker_threads';

import type { Progress } from './progress.ts';

/** A thread fills a few hundred MiB between two looks, and a look costs it microseconds. */
const lookEveryMs = 100;
/** V8 collects when external memory has grown by 64 MiB (kExternalAllocationSoftLimit); twice that. */
const garbageBytesMax = 128 * 1024 * 1024;

export class MemoryWatch {
  readonly #progress: Progress;
  readonly #threads: () => readonly Worker[];
  readonly #bytesMax: number;
  readonly #onOver: () => void;
  readonly #timer: NodeJS.Timeout;
  #looking = false;
  #over: number | undefined;

  /**
   * @param threads those among which the one is that `progress` names
   * @param onOver called at most once
   */
  constructor(
    progress: Progress,
    threads: () => readonly Worker[],
    bytesMax: number,
    onOver: () => void,
  ) {
    this.#progress = progress;
    this.#threads = threads;
    this.#bytesMax = bytesMax;
    this.#onOver = onOver;
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
  }

  /** The chunk that took too much memory, by its place in the batch. */
  get over(): number | undefined {
    return this.#over;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const running = this.#progress.read();
    if (running === undefined || this.#looking) return;
    const thread = this.#threads().find((worker) => worker.threadId === running.thread);
    this.#looking = true;
    const bytes = await externalBytes(thread);
    this.#looking = false;
    if (bytes <= this.#bytesMax + garbageBytesMax || this.#over !== undefined) return;
    this.#over = this.#progress.read()?.chunk;
    if (this.#over === undefined) return;
    this.stop();
    this.#onOver();
  }
}

/** 0 when the thread has just ended: then there is nothing to watch. */
async function externalBytes(thread: Worker | undefined): Promise<number> {
  try {
    return (await thread?.getHeapStatistics())?.external_memory ?? 0;
  } catch {
    return 0;
  }
}
