/**
 * A write that a full disk may refuse, and that nothing waits for: what it could not take is tried
 * again with the next that comes, after a minute, and at the end.
 */

import type { Timers } from '../ports.ts';
import type { LastingTrouble } from './lasting-trouble.ts';

/** Somebody who makes room on a disk takes longer than that; a guess. */
const TRIED_AGAIN_MS = 60_000;

export class TriedAgain {
  readonly #write: () => void;
  readonly #trouble: LastingTrouble;
  readonly #timers: Timers;
  #cancelRetry = (): void => undefined;

  /** @param write all that waits; throws if some of it still has to */
  constructor(write: () => void, trouble: LastingTrouble, timers: Timers) {
    this.#write = write;
    this.#trouble = trouble;
    this.#timers = timers;
  }

  try(): void {
    this.#cancelRetry();
    try {
      this.#write();
    } catch (error) {
      this.#trouble.tell(error);
      this.#cancelRetry = this.#timers.after(TRIED_AGAIN_MS, () => this.try());
    }
  }

  /** The last attempt. */
  stop(): void {
    this.try();
    this.#cancelRetry();
  }
}
