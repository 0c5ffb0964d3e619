import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { Programs } from '../../../src/sandbox/programs.ts';
import { digestOf } from '../../../src/wire/digest.ts';

const digests = Array.from({ length: 2000 }, (_, n) => digestOf(Uint8Array.of(n & 255, n >> 8)));

test('the least recently used program is forgotten when the bytes are too many', () => {
  const programs = new Programs();
  const [a, b, ...others] = digests.slice(0, 9);
  if (a === undefined || b === undefined) throw new Error('no digests');
  const source = new Uint8Array(limits.programBytesMax);
  programs.put(a, source);
  programs.put(b, source);
  for (const other of others.slice(0, 6)) programs.put(other, source);
  expect(programs.get(a)).toBeDefined();
  for (const other of others.slice(6)) programs.put(other, source);
  expect(programs.get(b)).toBeUndefined();
  expect(programs.get(a)).toBeDefined();
});

test('no more than a thousand or so are kept, however small', () => {
  const programs = new Programs();
  for (const digest of digests) programs.put(digest, Uint8Array.of(1));
  expect(digests.filter((digest) => programs.get(digest) !== undefined).length).toBe(1024);
});
