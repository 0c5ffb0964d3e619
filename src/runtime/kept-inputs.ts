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

/** The way back, from pieces as they come: push them, and pages come out. */
export class KeptInputs {
  #rest: Buffer = Buffer.alloc(0);
  #isDamaged = false;

  /** @returns the inputs that are complete; undefined for what nobody can have written */
  push(piece: Uint8Array): readonly Uint8Array[] | undefined {
    this.#rest = Buffer.concat([this.#rest, piece]);
    const inputs: Uint8Array[] = [];
    while (!this.#isDamaged && this.#rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#rest.readUInt32LE();
      if (end > LENGTH_BYTES + PAGE_BYTES_MAX) this.#isDamaged = true;
      if (end > this.#rest.length) break;
      const page = decodePacked(this.#rest.subarray(LENGTH_BYTES, end));
      if (page === undefined) this.#isDamaged = true;
      else for (const input of unpack(page)) inputs.push(input);
      this.#rest = this.#rest.subarray(end);
    }
    return this.#isDamaged ? undefined : inputs;
  }

  /** Whether nothing is left in the middle of a page. */
  get isWhole(): boolean {
    return !this.#isDamaged && this.#rest.length === 0;
  }
}
