/**
 * How well this peer itself is doing, from what it can see of itself. Who was asleep, or gets no
 * processor time, or has lost its network, hears from nobody, and is wrong to think that everybody
 * else has died. So the worse it fares the more patient it is with others.
 *
 * Lifeguard's local health (Dadgar, Phillips, Currey 2018, section IV-A): a score that multiplies
 * all timeouts. It cut false alarms there by more than 50 times. What is added here is that waiting
 * begins anew after this peer was asleep: nobody is judged for an answer that it could not hear.
 */

import { lateness } from './patience.ts';

/** The paper's S. Timeouts are up to nine times as long. */
const SCORE_MAX = 8;
/** So late is no busy machine but one that stood still; a guess. */
const SLEPT_MS_MIN = 1_000;
/** A point goes after so long without trouble, for want of anybody who answers. A guess. */
const POINT_MS = 10_000;

export class Awareness {
  #score = 0;
  #wokeAtMs = -Infinity;
  /** When the next point goes. */
  #mendsAtMs = 0;

  /** What timeouts are multiplied by, at least 1. */
  get scale(): number {
    return 1 + this.#score;
  }

  /** When an answer that is awaited since a time is overdue. Moves with this peer's health. */
  deadlineMs(sinceMs: number, patienceMs: number): number {
    return Math.max(sinceMs, this.#wokeAtMs) + patienceMs * this.scale;
  }

  /**
   * A timer of this peer has fired.
   * @param lateMs after it was due; negative for early
   */
  woke(lateMs: number, nowMs: number): void {
    const points = lateness(lateMs);
    if (points > 0) this.#worsen(points);
    else if (nowMs >= this.#mendsAtMs) this.#mend();
    else return;
    this.#mendsAtMs = nowMs + POINT_MS;
    if (lateMs >= SLEPT_MS_MIN) this.#wokeAtMs = nowMs;
  }

  /** Nobody answered where somebody should have. */
  missed(): void {
    this.#worsen(1);
  }

  /** Somebody answered in time. */
  answered(): void {
    this.#mend();
  }

  #worsen(points: number): void {
    this.#score = Math.min(this.#score + points, SCORE_MAX);
  }

  #mend(): void {
    this.#score = Math.max(this.#score - 1, 0);
  }
}
