/**
 * A thread with one task of its own, seen from the main thread: messages in, messages out, and an
 * end when it stops answering, takes too much memory or dies.
 */

import { Worker } from 'node:worker_threads';

import { reasonOf } from '../model/errors.ts';
import type { Failure } from '../model/replica.ts';
import { MemoryWatch } from './memory-watch.ts';
import { SilenceWatch } from './silence-watch.ts';
import { expectEnd, type OnStuckThread } from './thread-end.ts';
import { heapLimits, threadSurroundings, threadUrl } from './thread-start.ts';

const MiB = 1024 * 1024;

export type OwnThreadOptions = {
  /** The longest time that the thread may run without saying anything. */
  readonly idleMsMax: number;
  /** What is said of it then. */
  readonly silence: string;
  readonly memoryBytesMax: number;
  readonly onStuck: OnStuckThread;
};

/** Why a thread ended before it had done what it was for. */
export class ThreadFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.detail);
    this.failure = failure;
  }
}

export class OwnThread<Task, To, From> {
  /** Resolves once it has ended. */
  readonly ended: Promise<void>;
  readonly #options: OwnThreadOptions;
  readonly #worker: Worker;
  readonly #memory: MemoryWatch;
  /** In their order, not yet received; bounded by what was asked for. */
  readonly #arrived: From[] = [];
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#end(this.#signal.reason);
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /**
   * @param module name of the thread's module
   * @param signal ends the thread; `receive` then rejects with its reason
   */
  constructor(module: string, task: Task, options: OwnThreadOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#worker = new Worker(threadUrl(module), {
      workerData: task,
      resourceLimits: heapLimits(options.memoryBytesMax),
      ...threadSurroundings,
    });
    this.ended = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.on('message', (message: From) => {
      this.#arrived.push(message);
      this.#wake?.();
    });
    this.#worker.on('error', (error) => this.#end(this.#died(error)));
    this.#worker.on('exit', () => this.#end(threw('its thread ended before it did')));
    this.#memory = new MemoryWatch(
      () => this.#worker,
      options.memoryBytesMax,
      () => this.#end(this.#outOfMemory()),
    );
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  post(message: To): void {
    // A thread, not a window.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#worker.postMessage(message);
  }

  /**
   * The next message. Time in which nobody receives doesn't count against the program: it waits for
   * the main thread then.
   * @throws {ThreadFailure} when the thread fell silent, took too much or died
   */
  async receive(): Promise<From> {
    const { idleMsMax, silence } = this.#options;
    const watch = new SilenceWatch(this.#worker, idleMsMax, () =>
      this.#end(new ThreadFailure({ kind: 'timed-out', detail: silence })),
    );
    try {
      while (this.#arrived.length === 0 && this.#failure === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      watch.stop();
    }
    if (this.#signal.aborted) throw this.#signal.reason;
    const message = this.#arrived.shift();
    if (message === undefined) throw this.#failure?.error;
    return message;
  }

  /** Ends the thread, whatever it does. Idempotent. */
  async close(): Promise<void> {
    this.#end(threw('it was stopped'));
    await this.#worker.terminate();
  }

  #end(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#memory.stop();
    this.#signal.removeEventListener('abort', this.#onAbort);
    void expectEnd(this.#worker, this.#options.onStuck);
    void this.#worker.terminate();
    this.#wake?.();
  }

  #died(error: unknown): ThreadFailure {
    if (isOutOfMemory(error)) return this.#outOfMemory();
    return threw(`its thread died: ${reasonOf(error)}`);
  }

  #outOfMemory(): ThreadFailure {
    const MiBMax = Math.round(this.#options.memoryBytesMax / MiB);
    const detail = `it needed more than ${MiBMax} MiB of memory`;
    return new ThreadFailure({ kind: 'out-of-memory', detail });
  }
}

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function threw(detail: string): ThreadFailure {
  return new ThreadFailure({ kind: 'threw', detail });
}
