/** Some chunks of a job, picked at random: a bit for each chunk, since they may be very many. */

import { randomInt } from 'node:crypto';

export class Sample {
  readonly #bits: Uint8Array;
  #size = 0;

  /**
   * Every set of as many has the same chance.
   * @param count at most all
   */
  constructor(chunks: number, count: number) {
    this.#bits = new Uint8Array(Math.ceil(chunks / 8));
    // Floyd's algorithm (Bentley and Floyd, "A sample of brilliance", 1987).
    for (let last = chunks - Math.min(count, chunks); last < chunks; last += 1) {
      const one = randomInt(last + 1);
      this.#add(this.has(one) ? last : one);
    }
  }

  get size(): number {
    return this.#size;
  }

  has(chunk: number): boolean {
    return (((this.#bits[chunk >>> 3] ?? 0) >> (chunk & 7)) & 1) === 1;
  }

  #add(chunk: number): void {
    this.#bits[chunk >>> 3] = (this.#bits[chunk >>> 3] ?? 0) | (1 << (chunk & 7));
    this.#size += 1;
  }
}
