/**
 * A thread that runs one step of a job, seen from the host: messages in, messages out, and an end
 * when the program stops answering.
 */

import { Worker } from 'node:worker_threads';

import { GridError, reasonOf } from '../model/errors.ts';
import type { FromStepThread, StepTask, ToStepThread } from './messages.ts';
import { MemoryWatch } from './memory-watch.ts';
import { threadSurroundings, threadUrl } from './thread-url.ts';

const MiB = 1024 * 1024;

export type StepThreadOptions = {
  /** The longest time that the program may run without saying anything. */
  readonly idleMsMax: number;
  readonly memoryBytesMax: number;
};

export class StepThread {
  readonly #task: StepTask;
  readonly #options: StepThreadOptions;
  readonly #worker: Worker;
  readonly #memory: MemoryWatch;
  /** In their order, not yet received; bounded by what was asked for. */
  readonly #arrived: FromStepThread[] = [];
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#end(this.#signal.reason);
  #ended: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** @param signal ends the thread; `receive` then rejects with its reason */
  constructor(task: StepTask, options: StepThreadOptions, signal: AbortSignal) {
    this.#task = task;
    this.#options = options;
    this.#signal = signal;
    this.#worker = new Worker(threadUrl('step-worker'), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: options.memoryBytesMax / MiB },
      ...threadSurroundings,
    });
    this.#worker.on('message', (message: FromStepThread) => {
      this.#arrived.push(message);
      this.#wake?.();
    });
    this.#worker.on('error', (error) => this.#end(this.#died(error)));
    this.#worker.on('exit', () => this.#end(this.#failed('its thread ended before it did')));
    this.#memory = new MemoryWatch(
      () => this.#worker,
      options.memoryBytesMax,
      () => this.#end(this.#outOfMemory()),
    );
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  post(message: ToStepThread): void {
    // A thread, not a window.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#worker.postMessage(message);
  }

  /**
   * The next message. Time in which nobody receives doesn't count against the program: it waits for
   * the host then.
   * @throws {GridError} `job-failed` when the program failed, fell silent or took its thread down,
   *   with only the reason as its message when the step is a check
   */
  async receive(): Promise<FromStepThread> {
    const seconds = this.#options.idleMsMax / 1000;
    const silent = (): void => this.#end(this.#failed(silence[this.#task.step](seconds)));
    const timer = setTimeout(silent, this.#options.idleMsMax);
    try {
      while (this.#arrived.length === 0 && this.#ended === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
    if (this.#signal.aborted) throw this.#signal.reason;
    const message = this.#arrived.shift();
    if (message === undefined) throw this.#ended?.error;
    if (message.type === 'failed') throw this.#failed(message.reason);
    return message;
  }

  /** Ends the thread, whatever it does. Idempotent. */
  async close(): Promise<void> {
    this.#end(this.#failed('it was stopped'));
    await this.#worker.terminate();
  }

  #end(error: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { error };
    this.#memory.stop();
    this.#signal.removeEventListener('abort', this.#onAbort);
    void this.#worker.terminate();
    this.#wake?.();
  }

  #died(error: unknown): GridError {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') return this.#outOfMemory();
    return this.#failed(`its thread died: ${reasonOf(error)}`);
  }

  #outOfMemory(): GridError {
    return this.#failed(`it needed more than ${this.#options.memoryBytesMax / MiB} MiB of memory`);
  }

  #failed(reason: string): GridError {
    const { step } = this.#task;
    return new GridError(
      'job-failed',
      step === 'check' ? reason : `The job's ${step} failed: ${reason}`,
    );
  }
}

/** What is said of a program that says nothing. */
const silence: Record<StepTask['step'], (seconds: number) => string> = {
  check: (seconds) => `evaluating it takes more than ${seconds} s`,
  split: (seconds) => `it ran for ${seconds} s without yielding a chunk or ending`,
  merge: (seconds) => `it ran for ${seconds} s without asking for a result or ending`,
};
