/**
 * Many byte strings as one: a batch crosses to a thread and back as two arrays, and a page of chunk
 * inputs is one file and one object in memory, whatever the number of its items.
 */

export type Packed = {
  /** All items, one after the other, in a buffer of their own. */
  readonly bytes: Uint8Array;
  /** Where each item ends. */
  readonly ends: Uint32Array;
};

/** At most 4 GiB in all, which a batch of the largest inputs stays under. */
export function pack(items: readonly Uint8Array[]): Packed {
  const ends = new Uint32Array(items.length);
  let total = 0;
  for (const [index, item] of items.entries()) {
    total += item.byteLength;
    ends[index] = total;
  }
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const item of items) {
    bytes.set(item, offset);
    offset += item.byteLength;
  }
  return { bytes, ends };
}

/** The items, as views of the packed bytes. */
export function unpack(packed: Packed): Uint8Array[] {
  const items: Uint8Array[] = [];
  let start = 0;
  for (const end of packed.ends) {
    items.push(packed.bytes.subarray(start, end));
    start = end;
  }
  return items;
}

/** @returns undefined if there is no such item */
export function itemAt({ bytes, ends }: Packed, index: number): Uint8Array | undefined {
  const end = ends[index];
  return end === undefined ? undefined : bytes.subarray(ends[index - 1] ?? 0, end);
}

const WORD_BYTES = 4;

/**
 * As one byte string: the number of items, where each ends (all uint32, little-endian), the bytes.
 */
export function encodePacked({ bytes, ends }: Packed): Uint8Array {
  const encoded = new Uint8Array((1 + ends.length) * WORD_BYTES + bytes.byteLength);
  const words = new DataView(encoded.buffer);
  words.setUint32(0, ends.length, true);
  for (const [index, end] of ends.entries()) words.setUint32((1 + index) * WORD_BYTES, end, true);
  encoded.set(bytes, (1 + ends.length) * WORD_BYTES);
  return encoded;
}

/** @returns undefined for what `encodePacked` can't have made */
export function decodePacked(encoded: Uint8Array): Packed | undefined {
  const words = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (encoded.byteLength < WORD_BYTES) return undefined;
  const count = words.getUint32(0, true);
  const headBytes = (1 + count) * WORD_BYTES;
  if (headBytes > encoded.byteLength) return undefined;
  const ends = new Uint32Array(count);
  let last = 0;
  for (let index = 0; index < count; index++) {
    const end = words.getUint32((1 + index) * WORD_BYTES, true);
    if (end < last) return undefined;
    ends[index] = end;
    last = end;
  }
  return headBytes + last === encoded.byteLength
    ? { bytes: encoded.subarray(headBytes), ends }
    : undefined;
}
