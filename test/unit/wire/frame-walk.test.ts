import { describe, expect, test } from 'vitest';

import { type Shape, walk } from '../../../src/wire/frame-walk.ts';
import { layoutOf } from '../../../src/wire/layout.ts';

/** So many leases in one frame, and so many ids in a list. */
const shape: Shape = { nested: { 2: { counts: { 3: 3 } }, 3: { counts: { 2: 3 } } } };

/** Of a frame that a requester sends. */
function verdictOn(...bytes: (number | readonly number[])[]): string {
  try {
    walk(Uint8Array.from(bytes.flat()), layoutOf('ComputeResponse'), shape);
    return 'fine';
  } catch (error) {
    return error instanceof Error ? error.message : 'no error';
  }
}

const malformed = 'the frame is not a valid protobuf message';
/** A field with a length. */
const long = (number: number, ...inner: (number | readonly number[])[]): readonly number[] => {
  const bytes = inner.flat();
  return [number * 8 + 2, bytes.length, ...bytes];
};
const lease = long(3, [8, 1]);
const endless = [0x81, 0x80, 0x80, 0x80, 0x80, 0x00];

describe('what fits', () => {
  test.each<[string, readonly number[]]>([
    ['nothing', []],
    ['as many elements as there may be', long(2, lease, lease, lease)],
    ['numbers one by one', long(3, [16, 1, 16, 2, 16, 3])],
    ['numbers packed', long(3, long(2, 1, 2, 3))],
    ['a number of 64 bits', long(6, [8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])],
    ['fields of a later version', [...long(99 - 84, 1, 2), 0x78, 1, 0x7d, 1, 2, 3, 4]],
  ])('%s', (_what, bytes) => {
    expect(verdictOn(bytes)).toBe('fine');
  });
});

describe('what is too much', () => {
  test.each<[string, readonly number[], string]>([
    ['elements', long(2, lease, lease, lease, lease), 'field 3 has more than 3 elements'],
    ['numbers', long(3, [16, 1], long(2, 1, 2, 3)), 'field 2 has more than 3 elements'],
    ['of a field that comes once', [...long(2), ...long(2)], 'field 2 has more than 1 elements'],
    [
      'fields that nobody knows',
      Array.from({ length: 65 }, () => [0x78, 1]).flat(),
      'too many fields that are not known',
    ],
  ])('%s', (_what, bytes, reason) => {
    expect(verdictOn(bytes)).toBe(reason);
  });
});

/** Else elements could be hidden from the count where the parser finds them. */
describe('what the parser would read in another way', () => {
  test.each<[string, readonly number[]]>([
    ['a number with a length, whose bytes it would read as fields', long(2, long(2, lease))],
    ['bytes as a number, which it would take for a length', long(2, [8, 1])],
    ['a message as a number', [16, 1]],
    ['a number of 32 bits in more than five bytes', long(2, [16, ...endless])],
    ['the same among packed ones', long(1, long(1, endless))],
    ['a length in more than five bytes', [18, 0x80, 0x80, 0x80, 0x80, 0x80, 0]],
    ['a tag of more than 32 bits', [0x92, 0x80, 0x80, 0x80, 0x10, 0]],
    ['bytes that go on behind their message', long(2, [10, 2, 0])],
    ['a number that goes on behind its message', long(6, [8, 0x80])],
    ['a group', [0x7b, 0x7c]],
    ['four bytes that are not there', [0x7d, 1]],
  ])('%s', (_what, bytes) => {
    expect(verdictOn(bytes, 0x7a, 0)).toBe(malformed);
  });
});
