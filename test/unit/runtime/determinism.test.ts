import { describe, expect, test } from 'vitest';

import type { Outcome } from '../../../src/model/replica.ts';
import { backwards, differenceOf } from '../../../src/runtime/determinism.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';

function result(value: unknown): Outcome {
  const bytes = encodeCanonical(value);
  return { type: 'result', digest: digestOf(bytes), value: bytes };
}

function failed(kind: 'threw' | 'out-of-memory'): Outcome {
  return { type: 'failure', failure: { kind, detail: 'whatever' } };
}

describe('the order of the second time', () => {
  test.each([1, 2, 3, 8, 9, 100])('has each of %d chunks once', (count) => {
    const order = backwards(count).flat();
    expect(order.toSorted((a, b) => a - b)).toEqual([...Array(count).keys()]);
  });

  test('puts no chunk after the one that it ran after before', () => {
    const order = backwards(50).flat();
    for (const [index, chunk] of order.entries()) expect(order[index - 1]).not.toBe(chunk - 1);
  });

  test('has several chunks in a batch', () => {
    expect(backwards(10)).toEqual([
      [9, 8, 7, 6, 5, 4, 3, 2],
      [1, 0],
    ]);
  });
});

describe('two outcomes of a chunk', () => {
  test('that are alike have no difference', () => {
    expect(differenceOf(result({ a: 1, b: 2 }), result({ b: 2, a: 1 }))).toBeUndefined();
    expect(differenceOf(failed('threw'), failed('threw'))).toBeUndefined();
  });

  test.each([
    [
      'texts',
      'one two three',
      'one TWO three',
      'byte 4 of its result was 0x74 the first time, and 0x54 the second: ' +
        '"one two three", then "one TWO three"',
    ],
    [
      'texts, counted in bytes',
      'ä1',
      'ä2',
      'byte 2 of its result was 0x31 the first time, and 0x32 the second: "ä1", then "ä2"',
    ],
    [
      'long texts, of which some is shown',
      `${'x'.repeat(100)}1${'y'.repeat(100)}`,
      `${'x'.repeat(100)}2${'y'.repeat(100)}`,
      'byte 100 of its result was 0x31 the first time, and 0x32 the second: ' +
        `"${'x'.repeat(20)}1${'y'.repeat(19)}", then "${'x'.repeat(20)}2${'y'.repeat(19)}"`,
    ],
    [
      'texts of which one ends sooner',
      'one',
      'one more',
      'byte 3 of its result was missing the first time, and 0x20 the second: ' +
        '"one", then "one more"',
    ],
    [
      'bytes that are text',
      Buffer.from('1\n'),
      Buffer.from('2\n'),
      'byte 0 of its result was 0x31 the first time, and 0x32 the second: ' +
        String.raw`"1\n", then "2\n"`,
    ],
    [
      'bytes that are none',
      Uint8Array.of(0, 0xff, 7),
      Uint8Array.of(0, 0xff, 8),
      'byte 2 of its result was 0x07 the first time, and 0x08 the second',
    ],
    [
      'other values',
      { n: 300 },
      { n: 301 },
      'byte 5 of its result as CBOR was 0x2c the first time, and 0x2d the second: ' +
        String.raw`"{\"n\":300}", then "{\"n\":301}"`,
    ],
    [
      'a text and a list',
      'ab',
      ['ab'],
      'byte 0 of its result as CBOR was 0x62 the first time, and 0x81 the second: ' +
        String.raw`"ab", then "[\"ab\"]"`,
    ],
  ])('that are %s differ from some byte on', (_what, first, second, expected) => {
    expect(differenceOf(result(first), result(second))).toBe(expected);
  });

  test('of which one failed differ in that', () => {
    expect(differenceOf(result(1), failed('out-of-memory'))).toBe(
      'it ended as a result the first time, and as out-of-memory the second',
    );
    expect(differenceOf(failed('threw'), failed('out-of-memory'))).toBe(
      'it ended as threw the first time, and as out-of-memory the second',
    );
  });
});
