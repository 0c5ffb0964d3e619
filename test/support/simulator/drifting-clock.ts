/**
 * A machine's two clocks: one that starts anywhere and is a little too fast or too slow, and one
 * that somebody has set nearly right.
 */

import type { Random } from '../../../src/protocol/random.ts';
import type { Now } from '../../../src/protocol/events.ts';

export type ClockOptions = {
  /** How far a clock's rate may be off, as a share. Quartz is off by up to 1e-4. */
  readonly driftMax: number;
  /** How far the time of day may be off. */
  readonly unixOffMsMax: number;
};

export const usualClocks: ClockOptions = { driftMax: 1e-3, unixOffMsMax: 3_000 };

/** When every simulation begins, on a clock that is right. */
const BEGINNING_UNIX_MS = 1_800_000_000_000;
/** A machine that has been up for some days. */
const START_MS_MAX = 1e9;
/** What a computed time may be off: a timer for 5 ms must not find that it is 4 ms. */
const ROUNDED_MS = 1e-3;

export class DriftingClock {
  readonly #rate: number;
  #startMs: number;
  #unixStartMs: number;

  constructor({ driftMax, unixOffMsMax }: ClockOptions, random: Random) {
    this.#rate = 1 + driftMax * (2 * random.next() - 1);
    this.#startMs = START_MS_MAX * random.next();
    this.#unixStartMs = BEGINNING_UNIX_MS + unixOffMsMax * (2 * random.next() - 1);
  }

  /** Somebody sets the time of day, ahead or back. */
  jump(ms: number): void {
    this.#unixStartMs += ms;
  }

  /** The machine has slept so long, as its time of day shows, and its other clock does not. */
  stoodStill(ms: number): void {
    this.#startMs -= ms * this.#rate;
  }

  /**
   * In whole milliseconds: V8 keeps those in the place of a field, and any others as an object of
   * their own, which a large simulation is twice as slow with.
   * @param trueMs milliseconds since the simulation's beginning
   */
  now(trueMs: number): Now {
    const ms = trueMs * this.#rate;
    return {
      ms: Math.floor(this.#startMs + ms + ROUNDED_MS),
      unixMs: Math.round(this.#unixStartMs + ms),
    };
  }

  /** When this clock shows `ms`, in milliseconds since the simulation's beginning. */
  trueMs(ms: number): number {
    return (ms - this.#startMs) / this.#rate;
  }
}
