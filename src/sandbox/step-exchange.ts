/**
 * `split` or `merge` in the sandbox's process, seen from the peer. The two take turns: the step
 * says one thing, is answered, and says the next. So neither side ever holds more than one message
 * of the other, and a step waits while nobody asks it to go on.
 */

import { GridError } from '../model/errors.ts';
import type { Exchange } from './process-client.ts';
import { ProcessDied } from './process-child.ts';
import type { FromProcess, StepAnswer, StepHead, StepSaid } from './process-messages.ts';

/** What a step says for itself; failing is thrown. */
export type Said = Exclude<StepSaid, { readonly type: 'failed' }> & { readonly body: Uint8Array };

export type StepToRun = {
  readonly head: StepHead;
  /** Canonical CBOR. */
  readonly params: Uint8Array;
};

/** Messages without the exchange's number. */
type StepMessage =
  | { readonly type: 'step'; readonly step: StepHead }
  | { readonly type: 'answer'; readonly answer: StepAnswer }
  | { readonly type: 'end-step' };
export type SendStep = (message: StepMessage, body?: readonly Uint8Array[]) => void;

/** Whose turn it is, until the peer ends it. */
type Turn = 'its' | 'ours' | 'ended';

export class StepExchange implements Exchange {
  /** Its thread is gone, or the whole process. */
  readonly over: Promise<void>;
  readonly #step: StepHead['step'];
  readonly #signal: AbortSignal;
  readonly #send: SendStep;
  readonly #onAbort = (): void => {
    this.#failure ??= { error: this.#signal.reason };
    this.end();
  };
  readonly #resolveOver: () => void;
  #turn: Turn = 'its';
  /** It was ended in its turn: what it said then may be on its way. */
  #mayBeHeard = false;
  /** Said and not yet received. */
  #said: Said | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** @param signal ends it; `next` then rejects with its reason */
  constructor(step: StepHead['step'], signal: AbortSignal, send: SendStep) {
    this.#step = step;
    this.#signal = signal;
    this.#send = send;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#resolveOver = resolve;
  }

  start({ head, params }: StepToRun): void {
    this.#send({ type: 'step', step: head }, [params]);
    if (this.#signal.aborted) this.#onAbort();
    else this.#signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * What the step says next; to be answered then.
   * @throws {GridError} `job-failed` when it failed, `internal` when the process died
   */
  async next(): Promise<Said> {
    while (this.#said === undefined && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    const said = this.#said;
    this.#said = undefined;
    if (said === undefined) throw new Error('a step was asked twice for what it says');
    return said;
  }

  answer(answer: StepAnswer, body?: readonly Uint8Array[]): void {
    if (this.#turn !== 'ours') return;
    this.#turn = 'its';
    this.#send({ type: 'answer', answer }, body);
  }

  /** Ends its thread, whatever it does. Idempotent. */
  end(): void {
    if (this.#turn === 'ended') return;
    this.#mayBeHeard = this.#turn === 'its';
    this.#turn = 'ended';
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#send({ type: 'end-step' });
    this.#wake?.();
  }

  receive(message: FromProcess, body: Uint8Array): 'more' | 'last' | 'breach' {
    if (this.#turn === 'ended') {
      if (message.type === 'said' && this.#mayBeHeard) {
        this.#mayBeHeard = false;
        return 'more';
      }
      if (message.type !== 'step-ended') return 'breach';
      this.#resolveOver();
      return 'last';
    }
    if (message.type !== 'said' || this.#turn !== 'its') return 'breach';
    const { said } = message;
    this.#turn = 'ours';
    if (said.type === 'failed') this.#failure = { error: new GridError('job-failed', said.reason) };
    else this.#said = { ...said, body };
    this.#wake?.();
    return 'more';
  }

  fail(error: unknown): void {
    this.#turn = 'ended';
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#failure ??= { error: error instanceof ProcessDied ? this.#died(error) : error };
    this.#resolveOver();
    this.#wake?.();
  }

  #died({ message }: ProcessDied): GridError {
    return new GridError('internal', `The job's ${this.#step} failed: while it ran, ${message}.`);
  }
}
