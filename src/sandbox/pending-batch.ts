/**
 * A batch of chunks until each of them has an outcome, however many processes that takes.
 */

import type { ChunkBatch, ChunkOutcome } from '../ports.ts';

/**
 * Once the results of a batch have so many bytes, the rest of its chunks comes back as it was: they
 * are in memory as a whole, and several times, until the last of them is there. So a batch has one
 * result more than this at most. Twice what is expected of a run at most (`lease-demand.ts`); a
 * guess.
 */
export const batchFillBytes = 32 * 1024 * 1024;

/** Not computed, through no fault of its own. */
export const returned: ChunkOutcome = { outcome: { type: 'returned' }, computeMs: 0 };

export class PendingBatch {
  readonly batch: ChunkBatch;
  /** All outcomes, in the order of the batch's chunks. */
  readonly done: Promise<readonly ChunkOutcome[]>;
  readonly #outcomes: (ChunkOutcome | undefined)[];
  readonly #resolve: (outcomes: readonly ChunkOutcome[]) => void;
  #unsettled: number;
  #isStopped = false;

  constructor(batch: ChunkBatch) {
    this.batch = batch;
    this.#outcomes = batch.chunks.map(() => undefined);
    this.#unsettled = batch.chunks.length;
    const { promise, resolve } = Promise.withResolvers<readonly ChunkOutcome[]>();
    this.done = promise;
    this.#resolve = resolve;
    this.#check();
  }

  /** The first outcome of a chunk is the one that counts. @param index its place in the batch */
  settle(index: number, outcome: ChunkOutcome): void {
    if (this.#outcomes[index] !== undefined) return;
    this.#outcomes[index] = outcome;
    this.#unsettled -= 1;
    this.#check();
  }

  /** Nobody wants it any more: what has no outcome yet is not to be run again. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** What runs of it comes back, from wherever it runs. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Those of these chunks that have no outcome yet. */
  unsettled(indexes: readonly number[]): readonly number[] {
    return indexes.filter((index) => this.#outcomes[index] === undefined);
  }

  #check(): void {
    if (this.#unsettled > 0) return;
    this.#resolve(this.#outcomes.map((outcome) => outcome ?? returned));
  }
}
