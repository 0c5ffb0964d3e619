/**
 * So many at once, then one in a while (a token bucket): for what strangers can have this peer do
 * at no cost to themselves, such as knocking at addresses that they made up.
 */

export class Allowance {
  readonly #max: number;
  readonly #everyMs: number;
  /** As of `#asOfMs`. */
  #left: number;
  #asOfMs = 0;

  constructor(max: number, everyMs: number) {
    this.#max = max;
    this.#everyMs = everyMs;
    this.#left = max;
  }

  /** Whether there are so many left to spend. */
  has(nowMs: number, count = 1): boolean {
    return this.left(nowMs) >= count;
  }

  /** How many there are to spend: with the fraction of the next one. */
  left(nowMs: number): number {
    this.#left = Math.min(this.#left + (nowMs - this.#asOfMs) / this.#everyMs, this.#max);
    this.#asOfMs = nowMs;
    return this.#left;
  }

  spend(count = 1): void {
    this.#left -= count;
  }

  /** It came to something: that is not what the allowance is there to limit. */
  refund(): void {
    this.#left += 1;
  }

  /** When there will be one left; Infinity if there is. */
  get dueAtMs(): number {
    if (this.#left >= 1) return Infinity;
    // Rounded up: a fraction of a millisecond early would be too early.
    return Math.ceil(this.#asOfMs + (1 - this.#left) * this.#everyMs);
  }
}
