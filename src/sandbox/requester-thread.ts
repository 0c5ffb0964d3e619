/**
 * A thread that runs one `split` or `merge`, seen from the host: messages in, messages out, and an end
 * when the program stops answering.
 */

import { Worker } from 'node:worker_threads';

import { GridError } from '../model/errors.ts';
import type { FromRequesterThread, RequesterTask, ToRequesterThread } from './messages.ts';
import { threadSurroundings, threadUrl } from './thread-url.ts';

const MiB = 1024 * 1024;

export type RequesterThreadOptions = {
  /** The longest time that the program may run without saying anything. */
  readonly idleMsMax: number;
  readonly memoryBytesMax: number;
};

export class RequesterThread {
  readonly #task: RequesterTask;
  readonly #options: RequesterThreadOptions;
  readonly #worker: Worker;
  /** In their order, not yet received; bounded by what was asked for. */
  readonly #arrived: FromRequesterThread[] = [];
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#end(this.#signal.reason);
  #ended: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** @param signal ends the thread; `receive` then rejects with its reason */
  constructor(task: RequesterTask, options: RequesterThreadOptions, signal: AbortSignal) {
    this.#task = task;
    this.#options = options;
    this.#signal = signal;
    this.#worker = new Worker(threadUrl('requester-worker'), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: options.memoryBytesMax / MiB },
      ...threadSurroundings,
    });
    this.#worker.on('message', (message: FromRequesterThread) => {
      this.#arrived.push(message);
      this.#wake?.();
    });
    this.#worker.on('error', (error) => this.#end(this.#failed(describeDeath(error, options))));
    this.#worker.on('exit', () => this.#end(this.#failed('its thread ended before it did')));
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  post(message: ToRequesterThread): void {
    // A thread, not a window.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#worker.postMessage(message);
  }

  /**
   * The next message. Time in which nobody receives doesn't count against the program: it waits for
   * the host then.
   * @throws {GridError} `job-failed` when the program failed, fell silent or took its thread down
   */
  async receive(): Promise<FromRequesterThread> {
    const timer = setTimeout(() => {
      const seconds = this.#options.idleMsMax / 1000;
      const doing = this.#task.step === 'split' ? 'yielding a chunk' : 'asking for a result';
      this.#end(this.#failed(`it ran for ${seconds} s without ${doing} or ending`));
    }, this.#options.idleMsMax);
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
    this.#signal.removeEventListener('abort', this.#onAbort);
    void this.#worker.terminate();
    this.#wake?.();
  }

  #failed(reason: string): GridError {
    return new GridError('job-failed', `The job's ${this.#task.step} failed: ${reason}`);
  }
}

function describeDeath(error: unknown, options: RequesterThreadOptions): string {
  const { memoryBytesMax } = options;
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return `it needed more than ${memoryBytesMax / MiB} MiB of memory`;
  }
  return `its thread died: ${error instanceof Error ? error.message : String(error)}`;
}
