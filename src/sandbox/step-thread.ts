/** A thread that runs `split` or `merge`, seen from the main thread. */

import { GridError } from '../model/errors.ts';
import type { FromStepThread, StepTask, ToStepThread } from './messages.ts';
import { OwnThread, ThreadFailure } from './own-thread.ts';
import type { OnStuckThread } from './thread-end.ts';

export type StepThreadOptions = {
  /** The longest time that the program may run without saying anything. */
  readonly idleMsMax: number;
  readonly memoryBytesMax: number;
  readonly onStuck: OnStuckThread;
};

export class StepThread {
  readonly #step: 'split' | 'merge';
  readonly #thread: OwnThread<StepTask, ToStepThread, FromStepThread>;

  /** @param signal ends the thread; `receive` then rejects with its reason */
  constructor(
    task: StepTask & { readonly step: 'split' | 'merge' },
    options: StepThreadOptions,
    signal: AbortSignal,
  ) {
    this.#step = task.step;
    const silence = silenceOf[task.step](options.idleMsMax / 1000);
    this.#thread = new OwnThread('step-worker', task, { ...options, silence }, signal);
  }

  /** Resolves once the thread has ended. */
  get ended(): Promise<void> {
    return this.#thread.ended;
  }

  post(message: ToStepThread): void {
    this.#thread.post(message);
  }

  /**
   * The next message. Time in which nobody receives doesn't count against the program: it waits for
   * the main thread then.
   * @throws {GridError} `job-failed` when the program failed, fell silent or took its thread down
   */
  async receive(): Promise<FromStepThread> {
    try {
      const message = await this.#thread.receive();
      if (message.type === 'failed') throw this.#failed(message.reason);
      return message;
    } catch (error) {
      throw error instanceof ThreadFailure ? this.#failed(error.message) : error;
    }
  }

  /** Ends the thread, whatever it does. Idempotent. */
  async close(): Promise<void> {
    await this.#thread.close();
  }

  #failed(reason: string): GridError {
    return new GridError('job-failed', `The job's ${this.#step} failed: ${reason}`);
  }
}

/** What is said of a program that says nothing. */
const silenceOf: Record<'split' | 'merge', (seconds: number) => string> = {
  split: (seconds) => `it ran for ${seconds} s without yielding a chunk or ending`,
  merge: (seconds) => `it ran for ${seconds} s without asking for a result or ending`,
};
