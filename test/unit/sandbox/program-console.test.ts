import { expect, test } from 'vitest';

import { ProgramConsole } from '../../../src/sandbox/program-console.ts';

function written(bytesMax: number, ...lines: string[]): string {
  const programConsole = new ProgramConsole();
  programConsole.begin(bytesMax);
  for (const line of lines) programConsole.endowment['log']?.(line);
  return programConsole.text;
}

test('all that is written is kept while it is short', () => {
  expect(written(7, 'abc', 'def')).toBe('abc\ndef');
  expect(written(100)).toBe('');
});

test('the end is kept of what is too much, whole lines while there are some', () => {
  expect(written(6, 'abc', 'def')).toBe('def');
  expect(written(2, 'abc')).toBe('bc');
});

test('bytes are counted, and no character is cut in two', () => {
  expect(written(4, 'aäö')).toBe('äö');
  expect(written(3, 'aäö')).toBe('ö');
  expect(written(3, 'a\u{1f600}')).toBe('');
  expect(written(0, 'a')).toBe('');
});

test('what was written before is forgotten at a new beginning', () => {
  const programConsole = new ProgramConsole();
  programConsole.begin(10);
  programConsole.endowment['error']?.('one');
  programConsole.begin(3);
  programConsole.endowment['warn']?.('three', 4);
  expect(programConsole.text).toBe('e 4');
});

test('empty lines have a bound too', () => {
  expect(written(3, ...Array.from({ length: 1000 }, () => ''))).toBe('\n\n\n');
});
