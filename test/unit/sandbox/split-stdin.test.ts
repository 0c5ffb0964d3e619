import { expect, test } from 'vitest';

import { encodeStdin } from '../../../src/sandbox/split-stdin.ts';
import { decodeCanonical } from '../../../src/wire/canonical-cbor.ts';

function stdin(value: unknown): unknown {
  const decoded = decodeCanonical(encodeStdin(value));
  return decoded instanceof Uint8Array ? new TextDecoder().decode(decoded) : decoded;
}

test('text and bytes become the stdin as they are', () => {
  expect(stdin('ä, no newline')).toBe('ä, no newline');
  expect(stdin(Uint8Array.of(104, 105))).toBe('hi');
  expect(stdin('')).toBe('');
});

test('anything else becomes JSON on a line of its own', () => {
  expect(stdin({ b: 1, a: [true, null] })).toBe('{"b":1,"a":[true,null]}\n');
  expect(stdin(42)).toBe('42\n');
  expect(stdin(null)).toBe('null\n');
  expect(stdin({ big: 2n ** 70n })).toBe('{"big":"1180591620717411303424"}\n');
});

test('what has no JSON is an error that says what may be yielded', () => {
  expect(() => encodeStdin(undefined)).toThrow(
    'it is undefined; a WASI program reads text, bytes or what can be written as JSON',
  );
  expect(() => encodeStdin(() => 1)).toThrow('it is function');
});
