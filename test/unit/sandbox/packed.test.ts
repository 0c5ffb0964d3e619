import { expect, test } from 'vitest';

import { pack, unpack } from '../../../src/sandbox/packed.ts';

test('what is packed comes out again, empty items too', () => {
  const items = [new Uint8Array(0), Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)];
  expect(unpack(pack(items))).toEqual(items);
  expect(unpack(pack([]))).toEqual([]);
});

test('views are packed without what is around them', () => {
  const packed = pack([Uint8Array.of(1, 2, 3, 4).subarray(1, 3)]);
  expect(packed.bytes.buffer.byteLength).toBe(2);
  expect(unpack(packed)).toEqual([Uint8Array.of(2, 3)]);
});
