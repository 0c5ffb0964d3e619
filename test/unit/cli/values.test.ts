import { describe, expect, test } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import {
  parseAddress,
  parseBytes,
  parseCount,
  parseDurationMs,
  parseParams,
  parseRange,
  parseFaulty,
  parsePortion,
  parseTrust,
} from '../../../src/cli/values.ts';

describe('a duration', () => {
  test.each([
    ['90s', 90_000],
    ['2h', 7_200_000],
    ['1h30m', 5_400_000],
    ['1.5m', 90_000],
    ['250ms', 250],
    ['1d', 86_400_000],
    ['1d2h3m4s5ms', 93_784_005],
  ])('%s is %d ms', (text, ms) => expect(parseDurationMs(text)).toBe(ms));

  test.each(['', '90', 's', '1x', '-1s', '1h 30m', '0s', '50d', '1e3s', 'x1s', '1sx'])(
    '"%s" is refused with examples',
    (text) => {
      expect(() => parseDurationMs(text)).toThrow(GridError);
      expect(() => parseDurationMs(text)).toThrow(/30s, 90m, 2h or 1h30m.*but this is/);
    },
  );
});

describe('a size', () => {
  test.each([
    ['256MiB', 268_435_456],
    ['1GB', 1_000_000_000],
    ['1.5 GiB', 1_610_612_736],
    ['4096', 4096],
    ['64kib', 65_536],
    ['1B', 1],
  ])('%s is %d bytes', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  test.each(['', 'MiB', '0', '-1MB', '1 XB', '1MiBs', '9999999TiB', '1e6'])(
    '"%s" is refused with examples',
    (text) => {
      expect(() => parseBytes(text)).toThrow(/256MiB, 1GB or 4096/);
    },
  );
});

describe('a portion', () => {
  test.each([
    ['20', { count: 20 }],
    ['1', { count: 1 }],
    ['1%', { share: 0.01 }],
    ['0.5%', { share: 0.005 }],
    ['100%', { share: 1 }],
    ['0.01', { share: 0.01 }],
    ['1.0', { share: 1 }],
  ])('%s is one', (text, portion) => expect(parsePortion(text)).toEqual(portion));

  test.each(['', '0', '0%', '-1', '101%', '1.5', 'all', '1e400'])('"%s" is refused', (text) => {
    expect(() => parsePortion(text)).toThrow(/a share such as 1%/);
  });
});

describe('trust', () => {
  test.each([
    ['all', { quorum: 1 }],
    ['quorum:2', { quorum: 2 }],
    ['quorum:100', { quorum: 100 }],
    ['error-rate', { errorRate: 1e-3 }],
    ['error-rate:1e-6', { errorRate: 1e-6 }],
    ['error-rate:.05', { errorRate: 0.05 }],
  ])('%s is a policy', (text, policy) => expect(parseTrust(text)).toEqual(policy));

  test.each([
    '',
    'none',
    'quorum',
    'quorum:0',
    'quorum:101',
    'quorum:two',
    'All',
    'error-rate:',
    'error-rate:0',
    'error-rate:0.2',
    'error-rate:1e-13',
    'error-rate:few',
  ])('"%s" is refused with what there is', (text) => {
    expect(() => parseTrust(text)).toThrow(/"all".*"quorum:N".*"error-rate:E"/);
  });
});

describe('the share of saboteurs', () => {
  test.each([
    ['0.2', 0.2],
    ['1e-6', 1e-6],
    ['.49', 0.49],
  ])('%s is one', (text, share) => expect(parseFaulty(text)).toBe(share));

  test.each(['0', '0.5', '-0.1', 'half', ''])('"%s" is none', (text) => {
    expect(() => parseFaulty(text)).toThrow('a share of peers from 0.000001 to 0.49');
  });
});

describe('an address', () => {
  test.each(['192.0.2.7:7420', 'example.org:1', '[2001:db8::7]:65535', 'localhost:7420'])(
    '%s is one',
    (text) => {
      expect(parseAddress(1)(text)).toBe(text);
    },
  );

  test.each(['', 'host', ':7420', 'host:', 'host:65536', '2001:db8::7:7420', 'http://host:80'])(
    '"%s" is none',
    (text) => {
      expect(() => parseAddress(1)(text)).toThrow(/192\.0\.2\.7:7420/);
    },
  );

  test('port 0 is only for listening', () => {
    expect(parseAddress(0)('127.0.0.1:0')).toBe('127.0.0.1:0');
    expect(() => parseAddress(1)('127.0.0.1:0')).toThrow(GridError);
  });
});

describe('a range', () => {
  test.each([
    ['0..256', 0, 256],
    ['-5..5', -5, 5],
    ['1..1e6', 1, 1_000_000],
    ['-9007199254740991..9007199254740991', -9007199254740991, 9007199254740991],
  ])('%s is from %d up to and without %d', (text, from, to) => {
    expect(parseRange(text)).toEqual({ from, to });
  });

  test.each(['', '5', '0..', '..5', '0...5', '0-5', '0.5..2', '0..9007199254740993', 'a..b'])(
    '"%s" is refused with examples',
    (text) => {
      expect(() => parseRange(text)).toThrow(/0\.\.256 or 1\.\.1e6/);
    },
  );

  test.each(['5..5', '6..5'])('%s holds no number, and is refused', (text) => {
    expect(() => parseRange(text)).toThrow(/a range that holds numbers/);
  });
});

test('a count outside of its bounds is refused with them', () => {
  expect(parseCount(1, 8)('8')).toBe(8);
  for (const text of ['0', '9', '', '1.5', '-1', '1e0']) {
    expect(() => parseCount(1, 8)(text)).toThrow('a whole number from 1 to 8');
  }
});

describe('parameters', () => {
  test('are JSON where they parse as JSON, and text where not', () => {
    const json = parseParams([
      'n=1e9',
      'flag=true',
      'list=[1,2]',
      'text=hello world',
      'quoted="5"',
      'empty=',
      'equation=a=b',
    ]);
    expect(JSON.parse(json)).toEqual({
      n: 1_000_000_000,
      flag: true,
      list: [1, 2],
      text: 'hello world',
      quoted: '5',
      empty: '',
      equation: 'a=b',
    });
  });

  test('without any are an empty object', () => expect(parseParams([])).toBe('{}'));

  test('named __proto__ are a parameter like others', () => {
    expect(parseParams(['__proto__=1'])).toBe('{"__proto__":1}');
  });

  test.each([
    [['n'], 'key=value'],
    [['=1'], 'key=value'],
    [['n=1', 'n=2'], 'given twice'],
    [['n=12345678901234567890'], `n='"12345678901234567890"'`],
    [[`text=${'x'.repeat(70_000)}`], '--input'],
  ])('are refused when wrong, with what to do: %#', (pairs, hint) => {
    expect(() => parseParams(pairs)).toThrow(hint);
  });
});
