/**
 * The inputs of all chunks of a job that is done, as one blob: its pages in their order, each after
 * its length (uint32, little-endian). A blob of its own for each page would do as well, but pages
 * are shared by jobs with the same inputs and removed when the last of those has ended.
 */

import type { Digest } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { decodePacked, encodePacked, type Packed, unpack } from '../wire/packed.ts';

const LENGTH_BYTES = 4;
/** A page that is full may have one more input of the largest size. */
const PAGE_BYTES_MAX =
  limits.pageFillBytes + limits.chunkInputBytesMax + (1 + limits.pageChunksMax) * LENGTH_BYTES;

export async function* encodeKeptInputs(
  pages: readonly Digest[],
  read: (page: Digest) => Promise<Packed>,
): AsyncGenerator<Uint8Array> {
  for (const page of pages) {
    const bytes = encodePacked(await read(page));
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(bytes.length);
    yield length;
    yield bytes;
  }
}

/**
 * The way back, from pieces as they come: push them, and pages come out. What is not complete is
 * copied to where it belongs, so that many small pieces cost no more than a large one.
 */
export class KeptInputs {
  readonly #length: Buffer = Buffer.alloc(LENGTH_BYTES);
  /** The page that is being filled; before it comes its length. */
  #page: Buffer | undefined;
  #filled = 0;
  #isDamaged = false;

  /** @returns the inputs that are complete; undefined for what nobody can have written */
  push(piece: Uint8Array): readonly Uint8Array[] | undefined {
    const inputs: Uint8Array[] = [];
    for (let at = 0; at < piece.length && !this.#isDamaged;) {
      const open = this.#page ?? this.#length;
      const some = piece.subarray(at, at + open.length - this.#filled);
      open.set(some, this.#filled);
      at += some.length;
      this.#filled += some.length;
      if (this.#filled < open.length) break;
      this.#filled = 0;
      if (this.#page === undefined) this.#begin(this.#length.readUInt32LE());
      else for (const input of this.#end(this.#page)) inputs.push(input);
    }
    return this.#isDamaged ? undefined : inputs;
  }

  /** Whether nothing is left in the middle of a page. */
  get isWhole(): boolean {
    return !this.#isDamaged && this.#page === undefined && this.#filled === 0;
  }

  #begin(bytes: number): void {
    // One without inputs has their number at least.
    if (bytes === 0 || bytes > PAGE_BYTES_MAX) this.#isDamaged = true;
    else this.#page = Buffer.alloc(bytes);
  }

  #end(bytes: Buffer): readonly Uint8Array[] {
    this.#page = undefined;
    const page = decodePacked(bytes);
    if (page !== undefined) return unpack(page);
    this.#isDamaged = true;
    return [];
  }
}
