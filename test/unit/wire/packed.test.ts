import { expect, test } from 'vitest';

import { decodePacked, encodePacked, itemAt, pack, unpack } from '../../../src/wire/packed.ts';

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

test('each item can be had by itself', () => {
  const packed = pack([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]);
  expect([0, 1, 2, 3].map((index) => itemAt(packed, index))).toEqual([
    Uint8Array.of(1, 2),
    new Uint8Array(0),
    Uint8Array.of(3),
    undefined,
  ]);
});

test('as one byte string it comes back the same, from any offset', () => {
  const packed = pack([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]);
  const encoded = encodePacked(packed);
  const shifted = new Uint8Array(encoded.byteLength + 1);
  shifted.set(encoded, 1);
  expect(decodePacked(shifted.subarray(1))).toEqual(packed);
});

test.each([
  ['nothing', []],
  ['half a count', [1, 0]],
  ['a count without its ends', [2, 0, 0, 0, 1, 0, 0, 0]],
  ['ends that go back', [2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 9, 9]],
  ['fewer bytes than it ends at', [1, 0, 0, 0, 2, 0, 0, 0, 9]],
  ['more bytes than it ends at', [1, 0, 0, 0, 1, 0, 0, 0, 9, 9]],
])('%s is no packed byte string', (_, bytes) => {
  expect(decodePacked(Uint8Array.from(bytes))).toBeUndefined();
});
