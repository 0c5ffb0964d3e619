import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { ProgramKey } from '../../../src/model/program.ts';
import type { SharedProgram } from '../../../src/sandbox/messages.ts';
import { Programs } from '../../../src/sandbox/programs.ts';

function program(name: string | number): SharedProgram {
  const key: ProgramKey = `javascript:${name}`;
  return { runtime: 'javascript', key, source: new SharedArrayBuffer(0), functions: [] };
}

test('the least recently used programs are forgotten when the bytes are too many', () => {
  const programs = new Programs();
  for (const name of ['a', 'b', 'c', 'd']) programs.put(program(name), limits.moduleBytesMax);
  expect(programs.get('javascript:a')).toEqual(program('a'));
  programs.put(program('e'), 1);
  const kept = ['a', 'b', 'c', 'd', 'e'].filter((name) => programs.has(`javascript:${name}`));
  expect(kept).toEqual(['a', 'c', 'd', 'e']);
});

test('a program is kept however large it is, and counts once when it is put again', () => {
  const programs = new Programs();
  programs.put(program('large'), 5 * limits.moduleBytesMax);
  expect(programs.has('javascript:large')).toBe(true);
  programs.put(program('large'), 1);
  programs.put(program('small'), 1);
  expect(programs.has('javascript:large')).toBe(true);
});

test('no more than a thousand or so are kept, however small', () => {
  const programs = new Programs();
  const names = Array.from({ length: 2000 }, (_, n) => n);
  for (const name of names) programs.put(program(name), 1);
  expect(names.filter((name) => programs.has(`javascript:${name}`)).length).toBe(1024);
});
