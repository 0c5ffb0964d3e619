import { expect, test } from 'vitest';

import { HeldBlobs } from '../../../src/runtime/held-blobs.ts';
import { digestOf } from '../../../src/wire/digest.ts';

const bytes = Buffer.from('a program that is checked, and then run'.repeat(5000));
const digest = digestOf(bytes);

function put(blobs: HeldBlobs, all: Uint8Array, pieceBytes: number, isWhole = true): boolean {
  let fits = true;
  for (let at = 0; at < all.length; at += pieceBytes) {
    const piece = all.subarray(at, at + pieceBytes);
    fits &&= blobs.add({ digest, piece, isLast: isWhole && at + pieceBytes >= all.length });
  }
  return fits;
}

test.each([1, 1000, 1_000_000])('a blob comes out of pieces of %i bytes', (pieceBytes) => {
  const blobs = new HeldBlobs(bytes.length);
  expect(put(blobs, bytes, pieceBytes)).toBe(true);
  expect(blobs.get(digest).equals(bytes)).toBe(true);
});

test('of one that comes twice the first copy is taken', () => {
  const blobs = new HeldBlobs(3 * bytes.length);
  put(blobs, bytes, 1000);
  put(blobs, Buffer.from('another'), 1000);
  put(blobs, bytes, 1000);
  expect(blobs.get(digest).equals(bytes)).toBe(true);
});

test('one that is cut short, or not what its name says, is none, whatever comes behind', () => {
  for (const first of [bytes.subarray(0, 5000), Buffer.from('x')]) {
    const blobs = new HeldBlobs(3 * bytes.length);
    put(blobs, first, 1000, first.length === 1);
    const other = Buffer.from('between');
    blobs.add({ digest: digestOf(other), piece: other, isLast: true });
    put(blobs, bytes, 1000);
    expect(() => blobs.get(digest)).toThrow('is not in the file');
    expect(blobs.get(digestOf(other)).equals(other)).toBe(true);
  }
});

test('more than there is room for is refused', () => {
  expect(put(new HeldBlobs(bytes.length - 1), bytes, 1000)).toBe(false);
});
