/**
 * Notices a thread that takes too much memory: V8's heap and what lies outside of it, as large
 * ArrayBuffers do, together. V8's own limit counts the heap alone. A thread's statistics answer
 * even while it is in an endless loop. WebAssembly's memory is in none of them: a module is bounded
 * before it runs.
 *
 * What is counted includes garbage that V8 has not collected yet, hence the allowance; and a thread
 * may go over between two looks. This keeps a machine from being taken down, no more.
 */

import type { Worker } from 'node:worker_threads';

/** A thread fills a few hundred MiB between two looks, and a look costs it microseconds. */
const lookEveryMs = 100;
/**
 * V8 collects when memory outside of the heap has grown by 64 MiB (kExternalAllocationSoftLimit);
 * twice that, which leaves room for the thread's own modules and for what is garbage in the heap.
 */
const garbageBytesMax = 128 * 1024 * 1024;

export class MemoryWatch {
  readonly #thread: () => Worker | undefined;
  readonly #bytesMax: number;
  readonly #onOver: () => void;
  readonly #timer: NodeJS.Timeout;
  #looking = false;
  #stopped = false;

  /**
   * @param thread the one to look at, undefined while there is none
   * @param onOver called at most once, never after `stop`
   */
  constructor(thread: () => Worker | undefined, bytesMax: number, onOver: () => void) {
    this.#thread = thread;
    this.#bytesMax = bytesMax;
    this.#onOver = onOver;
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const thread = this.#thread();
    if (thread === undefined || this.#looking) return;
    this.#looking = true;
    const bytes = await bytesTaken(thread);
    this.#looking = false;
    if (this.#stopped || bytes <= this.#bytesMax + garbageBytesMax) return;
    this.stop();
    this.#onOver();
  }
}

/** 0 when the thread has just ended: then there is nothing to watch. */
async function bytesTaken(thread: Worker): Promise<number> {
  try {
    const { used_heap_size: heap, external_memory: external } = await thread.getHeapStatistics();
    return heap + external;
  } catch {
    return 0;
  }
}
