/**
 * Which chunks are accepted: one bit each, and how far they are accepted without a gap, which is
 * how far `merge` may read. The results themselves are in the store; ten million chunks cost
 * 1.25 MB here.
 */

export class Assembler {
  #bits = new Uint8Array(128);
  #accepted = 0;
  #contiguous = 0;

  /** @returns false if the chunk was accepted before */
  accept(chunk: number): boolean {
    if (this.has(chunk)) return false;
    const byte = chunk >>> 3;
    if (byte >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(byte + 1, 2 * this.#bits.length));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (chunk & 7));
    this.#accepted += 1;
    while (this.has(this.#contiguous)) this.#contiguous += 1;
    return true;
  }

  /** It is not believed any more. What lies behind it can't be read any more either. */
  reopen(chunk: number): void {
    if (!this.has(chunk)) return;
    const byte = chunk >>> 3;
    this.#bits[byte] = (this.#bits[byte] ?? 0) & ~(1 << (chunk & 7));
    this.#accepted -= 1;
    this.#contiguous = Math.min(this.#contiguous, chunk);
  }

  has(chunk: number): boolean {
    return ((this.#bits[chunk >>> 3] ?? 0) & (1 << (chunk & 7))) !== 0;
  }

  get accepted(): number {
    return this.#accepted;
  }

  /** Chunks 0 to `contiguous` - 1 are all accepted. */
  get contiguous(): number {
    return this.#contiguous;
  }
}
