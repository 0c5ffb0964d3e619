/**
 * The clocks of a WASI program, which know nothing of the world. Time passes by being looked at, a
 * millisecond a look, and by sleeping, which takes no time at all: whoever asks to sleep for an
 * hour is told at once that an hour has passed. So all machines tell the same time, and a program
 * that waits for a clock in a loop ends.
 */

import { wasi } from '@bjorn3/browser_wasi_shim';

/** 2000-01-01T00:00:00Z: a plausible date, so that certificates and archives of a program work. */
export const epochNs = 946_684_800_000_000_000n;

/** A loop that waits for a second ends after a thousand looks. */
export const tickNs = 1_000_000n;

/** Some 146 years: room to add whatever a program asks to sleep, without overflow in 64 bits. */
const sleepNsMax = 2n ** 62n;

export class WasiClock {
  #lookedNs = 0n;
  #sleptNs = 0n;

  /**
   * Looks at a clock.
   * @returns nanoseconds, never 0, which Go's runtime takes for a broken clock; or undefined for a
   *   clock that WASI doesn't have
   */
  look(clock: number): bigint | undefined {
    this.#lookedNs += tickNs;
    return this.now(clock);
  }

  /** What was told last: the time between two looks stands still. */
  now(clock: number): bigint | undefined {
    switch (clock) {
      case wasi.CLOCKID_REALTIME:
        return epochNs + this.#lookedNs + this.#sleptNs;
      case wasi.CLOCKID_MONOTONIC:
        return this.#lookedNs + this.#sleptNs;
      case wasi.CLOCKID_PROCESS_CPUTIME_ID:
      case wasi.CLOCKID_THREAD_CPUTIME_ID:
        return this.#lookedNs;
      default:
        return undefined;
    }
  }

  sleep(ns: bigint): void {
    const slept = this.#sleptNs + ns;
    this.#sleptNs = slept < sleepNsMax ? slept : sleepNsMax;
  }
}
