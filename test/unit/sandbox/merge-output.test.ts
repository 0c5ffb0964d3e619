import { expect, test } from 'vitest';

import { mergeOutput } from '../../../src/sandbox/merge-output.ts';

function shown(value: unknown): [string, string] {
  const output = mergeOutput(value);
  return [output.kind, new TextDecoder().decode(output.value)];
}

test('text and bytes are given as they are', () => {
  expect(shown('ä\n')).toEqual(['text', 'ä\n']);
  expect(shown(Uint8Array.of(104, 105))).toEqual(['bytes', 'hi']);
});

test('anything else is given as JSON, members in their order, with a newline at the end', () => {
  expect(shown({ b: 1, a: [true, null] })).toEqual([
    'json',
    '{\n  "b": 1,\n  "a": [\n    true,\n    null\n  ]\n}\n',
  ]);
  expect(shown(42)).toEqual(['json', '42\n']);
});

test('what JSON lacks is given in a form that it has', () => {
  const value = { big: -(2n ** 70n), map: new Map([['k', 1n]]), bytes: Uint8Array.of(0, 255) };
  expect(JSON.parse(shown(value)[1])).toEqual({
    big: '-1180591620717411303424',
    map: { k: '1' },
    bytes: 'AP8=',
  });
});

test('what has no JSON is an error that says what may be returned', () => {
  expect(() => mergeOutput(undefined)).toThrow(
    'merge returned undefined; it must return text, bytes',
  );
  expect(() => mergeOutput(() => 1)).toThrow('merge returned function');
});
