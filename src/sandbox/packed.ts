/** Many byte strings as one, so that a batch crosses to a thread and back as two arrays. */

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
