/**
 * Very many numbers, and very many rows of bytes, in as little memory as they have: arrays of
 * objects would take ten times as much.
 */

/** Numbers of 32 bits, more and more of them. */
export class Column {
  #numbers = new Uint32Array(1024);
  length = 0;

  /** @param number of a larger one the lowest 32 bits are kept */
  push(number: number): void {
    if (this.length === this.#numbers.length) {
      const more = new Uint32Array(2 * this.length);
      more.set(this.#numbers);
      this.#numbers = more;
    }
    this.#numbers[this.length] = number;
    this.length += 1;
  }

  at(index: number): number {
    return this.#numbers[index] ?? 0;
  }
}

/** Byte strings of one length, more and more of them. */
export class Rows {
  readonly #rowBytes: number;
  #bytes: Buffer;
  length = 0;

  constructor(rowBytes: number) {
    this.#rowBytes = rowBytes;
    this.#bytes = Buffer.alloc(16 * rowBytes);
  }

  push(row: Uint8Array): void {
    const start = this.length * this.#rowBytes;
    if (start === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, this.#bytes]);
    this.#bytes.set(row, start);
    this.length += 1;
  }

  /** How a row's beginning compares to these bytes: below 0 if it sorts before them. */
  compare(index: number, beginning: Uint8Array): number {
    const start = index * this.#rowBytes;
    return this.#bytes.compare(
      beginning,
      0,
      beginning.length,
      start,
      start + Math.min(beginning.length, this.#rowBytes),
    );
  }

  hex(index: number, from: number, to: number): string {
    const start = index * this.#rowBytes;
    return this.#bytes.toString('hex', start + from, start + to);
  }
}
