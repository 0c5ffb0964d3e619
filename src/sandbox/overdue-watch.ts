/**
 * Notices the chunk that runs too long. A thread in an endless loop can't be asked anything, so
 * this looks at the shared `Progress` at the moment when the chunk that runs would be overdue, and
 * again at the next such moment if the thread has moved on meanwhile.
 */

import { processNowMs, type Progress } from './progress.ts';

/** setTimeout's longest wait; a stranger's offer may allow a chunk twice as long. */
const timerMsMax = 2 ** 31 - 1;

export class OverdueWatch {
  readonly #progress: Progress;
  readonly #wallMsMax: number;
  readonly #onOverdue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #overdue: number | undefined;

  /** @param onOverdue called at most once */
  constructor(progress: Progress, wallMsMax: number, onOverdue: () => void) {
    this.#progress = progress;
    this.#wallMsMax = wallMsMax;
    this.#onOverdue = onOverdue;
    this.#look();
  }

  /** The chunk that ran too long, by its place in the batch. */
  get overdue(): number | undefined {
    return this.#overdue;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const running = this.#progress.read();
    const ranMs = running === undefined ? 0 : processNowMs() - running.startedMs;
    if (running !== undefined && ranMs >= this.#wallMsMax) {
      this.#overdue = running.chunk;
      this.#onOverdue();
      return;
    }
    // Timers may fire a fraction of a millisecond early; a whole one more, and one look suffices.
    const waitMs = Math.ceil(this.#wallMsMax - ranMs) + 1;
    this.#timer = setTimeout(() => this.#look(), Math.min(waitMs, timerMsMax));
  }
}
