import { expect, test } from 'vitest';

import {
  bytesText,
  clip,
  countText,
  durationText,
  plain,
  plural,
  rateText,
  table,
  wrap,
} from '../../../src/cli/format.ts';

test.each([
  [0, '0 ms'],
  [850.4, '850 ms'],
  [1000, '1.0 s'],
  [59_940, '59.9 s'],
  [59_960, '1 min'],
  [250_000, '4 min 10 s'],
  [11_100_000, '3 h 5 min'],
  [187_200_000, '2 d 4 h'],
])('%d ms read as %s', (ms, text) => expect(durationText(ms)).toBe(text));

test.each([
  [512, '512 B'],
  [1536, '1.5 KiB'],
  [268_435_456, '256 MiB'],
  [1023.99 * 1024, '1 MiB'],
])('%d bytes read as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test('numbers have separators and nouns their plural', () => {
  expect(countText(12_345_678)).toBe('12,345,678');
  expect(plural(1, 'peer')).toBe('1 peer');
  expect(plural(0, 'peer')).toBe('0 peers');
  expect([0.44, 12.51, 3400.2].map(rateText)).toEqual(['0.4', '12.5', '3,400']);
});

test("a stranger's text can't steer the terminal", () => {
  expect(plain('\u001b[31mred\u001b[0m\u001b]0;title\u0007 a\tb\r\nc\u009b2J')).toBe('red a b \nc');
});

test('text is clipped and wrapped to the columns there are', () => {
  expect(clip('abcdefgh', 8)).toBe('abcdefgh');
  expect(clip('abcdefghi', 8)).toBe('abcde...');
  expect(wrap('the quick brown fox', 10)).toEqual(['the quick', 'brown fox']);
  expect(wrap('abcdefghijkl mn', 5)).toEqual(['abcde', 'fghij', 'kl mn']);
  expect(wrap('', 10)).toEqual([]);
});

test('a table is aligned, and gives up width first where it may', () => {
  const columns = [
    { title: 'JOB' },
    { title: 'NAME', columnsMin: 8 },
    { title: 'CHUNKS', align: 'right' },
    { title: 'AGE', align: 'right', expendable: true },
  ] as const;
  const rows = [
    ['c0ffee00', 'a name that is rather long', '1,000', '3 h'],
    ['deadbeef', 'short', '7', '1 d'],
  ];
  expect(table(columns, rows, 80)).toEqual([
    'JOB       NAME                        CHUNKS  AGE',
    'c0ffee00  a name that is rather long   1,000  3 h',
    'deadbeef  short                            7  1 d',
  ]);
  expect(table(columns, rows, 40)).toEqual([
    'JOB       NAME               CHUNKS  AGE',
    'c0ffee00  a name that is...   1,000  3 h',
    'deadbeef  short                   7  1 d',
  ]);
  expect(table(columns, rows, 27)).toEqual([
    'JOB       NAME      CHUNKS',
    'c0ffee00  a nam...   1,000',
    'deadbeef  short          7',
  ]);
});
