/**
 * The chunks that nobody has had yet, in an order that nobody can tell. A spot-check is a chunk
 * that somebody has had. Leased in the order of their numbers, a chunk with a number above all that
 * a peer has seen would never be one, and there it could lie. So the next one is drawn from those
 * at the front, not all: their inputs lie in pages, and are read from disk page by page.
 */

import type { Random } from '../random.ts';

/**
 * Chunks to draw from: what a page of small inputs has. Of those who lie only about numbers above
 * all that they have seen (`test/support/verification-attacks.ts`) a quarter as many lies are
 * accepted as in the order of numbers; with 1,024 it was two thirds.
 */
const DRAWN_FROM = 4_096;

export class FreshChunks {
  readonly #random: Random;
  /** To draw from, and before #front what was drawn. */
  #numbers: number[] = [];
  #front = 0;
  #chunks = 0;
  /** Numbers from here on are not to be drawn yet. */
  #frontier = 0;
  /** Of those, the ones that somebody has had in an earlier process. */
  #taken = new Set<number>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Chunks that were ever added. */
  get chunks(): number {
    return this.#chunks;
  }

  get size(): number {
    return this.#chunks - this.#frontier - this.#taken.size + this.#drawable;
  }

  add(count: number): void {
    this.#chunks += count;
  }

  /** Of which nobody is to get these; as many as are remembered one by one anyway. */
  resume(chunks: number, taken: Iterable<number>): void {
    this.#chunks = chunks;
    this.#taken = new Set(taken);
  }

  /** @returns undefined if there is none left */
  draw(): number | undefined {
    for (; this.#drawable < DRAWN_FROM && this.#frontier < this.#chunks; this.#frontier++) {
      if (!this.#taken.delete(this.#frontier)) this.#numbers.push(this.#frontier);
    }
    const front = this.#numbers[this.#front];
    const at = this.#front + Math.floor(this.#random.next() * this.#drawable);
    const drawn = this.#numbers[at];
    if (front === undefined || drawn === undefined) return undefined;
    this.#numbers[at] = front;
    this.#front += 1;
    if (this.#front > DRAWN_FROM) {
      this.#numbers = this.#numbers.slice(this.#front);
      this.#front = 0;
    }
    return drawn;
  }

  get #drawable(): number {
    return this.#numbers.length - this.#front;
  }
}
