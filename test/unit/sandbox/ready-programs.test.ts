import { expect, test } from 'vitest';

import { ReadyPrograms } from '../../../src/sandbox/ready-programs.ts';

test('a program is made once while it is among the eight used last', () => {
  const made: string[] = [];
  const programs = new ReadyPrograms<string>();
  const use = (name: string): string =>
    programs.get(`javascript:${name}`, () => {
      made.push(name);
      return name;
    });
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (const name of names) expect(use(name)).toBe(name);
  use('a');
  use('new');
  expect(made).toEqual([...names, 'new']);
  use('a');
  expect(made.length).toBe(9);
  use('b');
  expect(made.at(-1)).toBe('b');
});
