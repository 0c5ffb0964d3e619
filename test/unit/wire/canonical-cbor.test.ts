import { describe, expect, test } from 'vitest';

import {
  decodeBounded,
  decodeCanonical,
  encodeCanonical,
} from '../../../src/wire/canonical-cbor.ts';

function throughCbor(value: unknown): unknown {
  return decodeCanonical(encodeCanonical(value));
}

describe('a value', () => {
  test.each([
    ['numbers', [0, -1, 0.5, 1e300, Infinity, 2n ** 64n - 1n, -(2n ** 64n)]],
    ['text', ['', 'ü\u{1f600}', '\0']],
    ['bytes', new Uint8Array([0, 255])],
    ['what is in other things', { a: [{ b: [[]] }], c: { d: {} } }],
    ['keys that objects have anyway', { constructor: 1, ['__proto__']: 2, toString: null }],
  ])('of %s comes back as it was', (_what, value) => {
    expect(throughCbor(value)).toEqual(value);
  });

  test('has the same bytes whatever the order of its keys', () => {
    expect(encodeCanonical({ b: 1, aa: 2, a: 3 })).toEqual(encodeCanonical({ a: 3, b: 1, aa: 2 }));
  });

  test('may hold the same thing twice, beside each other', () => {
    const twice = { a: 1 };
    expect(throughCbor([twice, twice])).toEqual([{ a: 1 }, { a: 1 }]);
  });

  test('that is a view is what it shows, a Buffer too', () => {
    const whole = Buffer.from('abcdef');
    expect(throughCbor(whole.subarray(2, 4))).toEqual(new Uint8Array([99, 100]));
  });

  test('that is a Map is an object, and without a prototype too', () => {
    const value = [new Map([['a', 1]]), Object.assign(Object.create(null), { b: 2 })];
    expect(throughCbor(value)).toEqual([{ a: 1 }, { b: 2 }]);
  });
});

describe('what would not come back as it was is refused:', () => {
  const itself: unknown[] = [];
  itself.push([itself]);

  test.each([
    ['undefined', [undefined], 'undefined'],
    ['a function', [() => 1], 'a function'],
    ['a symbol', Symbol('mine'), 'a symbol'],
    ['a date', new Date(0), 'a Date'],
    ['other arrays of numbers', new Uint16Array(1), 'a Uint16Array'],
    ['an instance', new URLSearchParams(), 'an instance of a class'],
    ['a Map with other keys', new Map([[1, 1]]), 'a Map with other keys'],
    ['a large bigint', 2n ** 64n, 'so large a bigint'],
    ['half of a pair', '\ud800', 'text with half of a surrogate pair'],
    ['half of a pair as a key', { '\udc00': 1 }, 'text with half of a surrogate pair'],
    ['a cycle', itself, 'an object that is within itself'],
  ])('%s', (_what, value, named) => {
    expect(() => encodeCanonical(value)).toThrow(`CBOR can't carry ${named}; it can carry null,`);
  });
});

test('a value that lies about itself is read once, and taken at that', () => {
  const bytes = Object.defineProperty(Uint8Array.of(1, 2), 'length', { value: 1000 });
  const growing: unknown[] = [bytes];
  Object.defineProperty(growing, 1, { get: () => growing.push(3), enumerable: true });
  expect(throughCbor(growing)).toEqual([Uint8Array.of(1, 2), 3]);
});

test('bytes with the same key twice are refused', () => {
  expect(() => decodeCanonical(Uint8Array.of(0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2))).toThrow(
    'repeat map key',
  );
});

test('with a bound on items all is read that is within it, and to the same', () => {
  const value = { a: [1, 2 ** 60, 'x'], b: Uint8Array.of(1, 2) };
  const bytes = Buffer.from(encodeCanonical(value));
  expect(decodeBounded(bytes, 8)).toEqual(decodeCanonical(bytes));
  expect(() => decodeBounded(bytes, 7)).toThrow('too many items');
});
