/**
 * Blobs in memory, put together from the pieces of a stream. Of each the first copy is taken, if it
 * is what its name says; so what is run is what was checked before, whatever else the stream has.
 */

import { type Digest, short } from '../model/ids.ts';
import { digestOf } from '../wire/digest.ts';

type Piece = { readonly digest: Digest; readonly piece: Uint8Array; readonly isLast: boolean };

/** Room that doubles, so that small pieces cost no more than they have bytes. */
type Filling = { readonly digest: Digest; bytes: Buffer; filled: number };

const ROOM_BYTES_MIN = 64 * 1024;

export class HeldBlobs {
  readonly #bytesMax: number;
  #bytes = 0;
  #open: Filling | undefined;
  /** Undefined while it comes, and of one that was not whole. */
  readonly #held = new Map<Digest, Buffer | undefined>();

  /** @param bytesMax of all */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @returns false when it is too much */
  add({ digest, piece, isLast }: Piece): boolean {
    if (this.#open?.digest !== digest) this.#open = undefined;
    if (this.#open === undefined) {
      if (this.#held.has(digest)) return true;
      this.#held.set(digest, undefined);
      this.#open = { digest, bytes: Buffer.alloc(ROOM_BYTES_MIN), filled: 0 };
    }
    this.#bytes += piece.length;
    if (this.#bytes > this.#bytesMax) return false;
    fill(this.#open, piece);
    if (isLast) this.#end(this.#open);
    return true;
  }

  /** @throws {Error} for one that is not there, or is not what its name says */
  get(blob: Digest): Buffer {
    const bytes = this.#held.get(blob);
    if (bytes === undefined) throw new Error(`its blob ${short(blob)} is not in the file`);
    return bytes;
  }

  #end({ digest, bytes, filled }: Filling): void {
    this.#open = undefined;
    const whole = bytes.subarray(0, filled);
    if (digestOf(whole) === digest) this.#held.set(digest, whole);
  }
}

function fill(open: Filling, piece: Uint8Array): void {
  const filled = open.filled + piece.length;
  if (filled > open.bytes.length) {
    const more = Buffer.alloc(Math.max(filled, 2 * open.bytes.length));
    open.bytes.copy(more, 0, 0, open.filled);
    open.bytes = more;
  }
  open.bytes.set(piece, open.filled);
  open.filled = filled;
}
