/** What is to be kept of the moves that a frame of results led to: of each chunk the last word. */

import type { JobId } from '../../model/ids.ts';
import type { WrongResult } from '../../model/job.ts';
import type { Effect } from '../events.ts';
import type { Settlement } from './job-table.ts';

export class MovesKept {
  readonly #job: JobId;
  /** Whether each is accepted now. */
  readonly #chunks = new Map<number, boolean>();
  readonly #caught: WrongResult[] = [];

  constructor(job: JobId) {
    this.#job = job;
  }

  add({ accepted, reopened, caught }: Extract<Settlement, { type: 'moved' }>): void {
    for (const chunk of reopened) this.#chunks.set(chunk, false);
    for (const chunk of accepted) this.#chunks.set(chunk, true);
    this.#caught.push(...caught);
  }

  get effects(): Effect[] {
    if (this.#chunks.size === 0 && this.#caught.length === 0) return [];
    const all = [...this.#chunks];
    const accepted = all.filter(([, isAccepted]) => isAccepted).map(([chunk]) => chunk);
    const reopened = all.filter(([, isAccepted]) => !isAccepted).map(([chunk]) => chunk);
    return [{ type: 'keep-moves', job: this.#job, accepted, reopened, caught: this.#caught }];
  }
}
