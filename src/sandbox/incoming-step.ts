/**
 * `split` or `merge` in the sandbox's process: its thread on one side, the peer on the other. The
 * thread is listened to when it is the step's turn, so that the time in which it waits for the peer
 * doesn't count against it.
 */

import { reasonOf, unreachable } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { unpack, pack } from '../wire/packed.ts';
import { pieceBytes } from './channel.ts';
import type { FromStepThread } from './messages.ts';
import type { StepAnswer, StepSaid } from './process-messages.ts';
import type { StepThread } from './step-thread.ts';
import type { StepToStart, ThreadSandbox } from './thread-sandbox.ts';

export type Say = (said: StepSaid, body?: readonly Uint8Array[]) => void;

type Output = Extract<FromStepThread, { readonly type: 'output' }>;

export class IncomingStep {
  readonly #tell: Say;
  #closed = false;
  #thread: StepThread | undefined;
  /** What `merge` returned, and how much of it the peer has. */
  #output: { readonly message: Output; said: number } | undefined;

  constructor(threads: ThreadSandbox, step: StepToStart, say: Say) {
    this.#tell = say;
    try {
      this.#thread = threads.startStep(step, new AbortController().signal);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (step.step === 'split') this.#thread.post({ type: 'pull' });
    void this.#listen(this.#thread);
  }

  answer(answer: StepAnswer, body: Uint8Array): void {
    if (this.#output !== undefined) return this.#sayMore(this.#output);
    if (this.#thread === undefined) return;
    switch (answer.type) {
      case 'pull':
        this.#thread.post({ type: 'pull' });
        break;
      case 'input':
        this.#thread.post({ type: 'input', bytes: answer.ended ? undefined : body.slice() });
        break;
      case 'results': {
        const results = unpack({ bytes: body, ends: Uint32Array.from(answer.ends) });
        this.#thread.post({ type: 'results', values: answer.ended ? undefined : pack(results) });
        break;
      }
      default:
        return unreachable(answer);
    }
    void this.#listen(this.#thread);
  }

  /** Nothing is said any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.close();
  }

  /** Passes on the next message. */
  async #listen(thread: StepThread): Promise<void> {
    try {
      const message = await thread.receive();
      switch (message.type) {
        case 'input-wanted':
        case 'results-wanted':
          return this.#say({ type: message.type });
        case 'chunks': {
          const { ended, chunks } = message;
          return this.#say({ type: 'chunks', ended, ends: [...chunks.ends] }, [chunks.bytes]);
        }
        case 'output':
          this.#output = { message, said: 0 };
          return this.#sayMore(this.#output);
        case 'checked':
        case 'failed':
          throw new Error(`a step said ${message.type}`);
        default:
          return unreachable(message);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #sayMore(output: { readonly message: Output; said: number }): void {
    const { kind, value } = output.message;
    const piece = value.subarray(output.said, output.said + pieceBytes);
    output.said += piece.byteLength;
    this.#say({ type: 'output', kind, bytes: value.byteLength }, [piece]);
  }

  #say(said: StepSaid, body?: readonly Uint8Array[]): void {
    if (!this.#closed) this.#tell(said, body);
  }

  #fail(error: unknown): void {
    this.#say({ type: 'failed', reason: reasonOf(error).slice(0, 2 * limits.reasonCharsMax) });
  }
}
