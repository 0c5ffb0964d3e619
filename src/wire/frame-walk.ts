/**
 * A walk over the bytes of a frame before they are parsed. protobufjs makes an object of each
 * element of a repeated field before anybody could ask how many there are: two bytes of a frame
 * become a hundred of memory, and a compressed frame of 4 KB would stop a peer for seconds.
 *
 * What is counted here must be what is parsed there. protobufjs reads a field as its definition
 * says, whatever the frame says of it, and past the end of the message that it is in. So each known
 * field has to be written as its definition says, and to end where its message does.
 */

import { type Field, type Layout } from './layout.ts';
import { Violation } from './violation.ts';

/**
 * How many elements the repeated fields of a message may have, by field number, and the shapes of
 * the messages that hold repeated fields. Any other field comes once.
 */
export type Shape = {
  readonly counts?: Readonly<Record<number, number>>;
  readonly nested?: Readonly<Record<number, Shape>>;
};

/** Fields of later versions; each costs as much time as one that is known. A guess. */
const unknownFieldsMax = 64;
/** The longest tag or length, of 32 bits, and the longest number of all. */
const headBytesMax = 5;
const numberBytesMax = 10;
const noShape: Shape = {};

/** @throws {Violation} unless the bytes are a message of this layout within these bounds */
export function walk(bytes: Uint8Array, layout: Layout, shape: Shape): void {
  new Walk(bytes).message(bytes.length, layout, shape);
}

class Walk {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** From here to `end`. */
  message(end: number, layout: Layout, shape: Shape): void {
    const counts = new Map<number, number>();
    let unknown = 0;
    while (this.#at < end) {
      const tag = this.#varint(end, headBytesMax);
      if (tag >= 2 ** 32) throw malformed();
      const number = Math.floor(tag / 8);
      const field = layout.get(number);
      if (field === undefined) {
        unknown += 1;
        if (unknown > unknownFieldsMax) throw new Violation('too many fields that are not known');
        this.#skip(tag % 8, end);
        continue;
      }
      const added = this.#field(field, tag % 8, end, shape.nested?.[number] ?? noShape);
      const count = (counts.get(number) ?? 0) + added;
      const countMax = field.isRepeated ? (shape.counts?.[number] ?? 0) : 1;
      if (count > countMax) {
        throw new Violation(`field ${number} has more than ${countMax} elements`);
      }
      counts.set(number, count);
    }
  }

  /** @returns how many elements it has */
  #field(field: Field, written: number, end: number, shape: Shape): number {
    const { wireType, varintBytesMax, isRepeated, layout } = field;
    if (isRepeated && wireType === 0 && written === 2) return this.#packed(end, varintBytesMax);
    if (written !== wireType) throw malformed();
    if (wireType === 0) this.#varint(end, varintBytesMax);
    else if (layout === undefined) this.#at = this.#endOfBytes(end);
    else this.message(this.#endOfBytes(end), layout, shape);
    return 1;
  }

  /** Numbers that are repeated may be written as one field. */
  #packed(end: number, varintBytesMax: number): number {
    const last = this.#endOfBytes(end);
    let count = 0;
    for (; this.#at < last; count++) this.#varint(last, varintBytesMax);
    return count;
  }

  /** The groups of old protobuf (3, 4) are not spoken. */
  #skip(wireType: number, end: number): void {
    if (wireType === 0) this.#varint(end, numberBytesMax);
    else if (wireType === 1) this.#at += 8;
    else if (wireType === 2) this.#at = this.#endOfBytes(end);
    else if (wireType === 5) this.#at += 4;
    else throw malformed();
    if (this.#at > end) throw malformed();
  }

  #endOfBytes(end: number): number {
    const length = this.#varint(end, headBytesMax);
    if (length > end - this.#at) throw malformed();
    return this.#at + length;
  }

  /** Exact up to 2^53, and larger ones stay large. */
  #varint(end: number, bytesMax: number): number {
    const last = Math.min(end, this.#at + bytesMax);
    let value = 0;
    for (let scale = 1; this.#at < last; scale *= 128) {
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw malformed();
  }
}

export function malformed(): Violation {
  return new Violation('the frame is not a valid protobuf message');
}
