import { describe, expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { DataFile, Setup } from '../../../src/model/program.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import { decodeSetup, encodeSetup } from '../../../src/wire/setup-codec.ts';
import { someDigest, times } from '../../support/wire-samples.ts';

const python: Setup = {
  arguments: ['python', '/script.py', 'größer', ''],
  environment: ['PYTHONHASHSEED=0', 'EMPTY=', 'EQUATION=a=b'],
  files: [fileAt('script.py', 120), fileAt('data/words.txt', 0), fileAt('data/more/..x')],
};
const none: Setup = { arguments: [], environment: [], files: [] };

function fileAt(path: string, bytes = 1): DataFile {
  return { path, digest: someDigest, bytes };
}

function withFiles(...files: DataFile[]): Uint8Array {
  return encodeSetup({ ...none, files });
}

/** A file's message, right or wrong. */
function withBlob(blob: Record<string, unknown> | null): Uint8Array {
  return loadPeerProto().setup.serialize({ files: [{ path: 'a', blob }] });
}

test.each([
  ['an interpreter', python],
  ['nothing', none],
])('a setup of %s is read as it was written', (_what, setup) => {
  expect(decodeSetup(encodeSetup(setup))).toEqual({ type: 'message', message: setup });
});

test('equal setups are equal blobs', () => {
  expect(encodeSetup(structuredClone(python))).toEqual(encodeSetup(python));
});

test('as many items as are allowed pass, and one more does not', () => {
  const { setupItemsMax } = limits;
  const full: Setup = {
    arguments: times(setupItemsMax, 'a'),
    environment: times(setupItemsMax, 'A=1'),
    files: Array.from({ length: setupItemsMax }, (_, number) => fileAt(`${number}`)),
  };
  expect(decodeSetup(encodeSetup(full))).toEqual({ type: 'message', message: full });
  const overs: Setup[] = [
    { ...none, arguments: [...full.arguments, 'a'] },
    { ...none, environment: [...full.environment, 'A=1'] },
    { ...none, files: [...full.files, fileAt('one-more')] },
  ];
  for (const over of overs) {
    expect(decodeSetup(encodeSetup(over))).toEqual({
      type: 'rejected',
      reason: expect.stringMatching(/more than 1024 elements/),
    });
  }
});

describe('paths of data files', () => {
  test.each([
    '',
    '/',
    '/etc/passwd',
    'a/',
    'a//b',
    '.',
    './a',
    'a/.',
    '..',
    '../a',
    'a/../b',
    'a/..',
    'a\0b',
    'a\nb',
    'a\u001b[2Jb',
    'a\u202eb',
    String.raw`a\b`,
    String.raw`..\a`,
    'x'.repeat(256),
  ])('%j is refused', (path) => {
    expect(decodeSetup(withFiles(fileAt(path)))).toEqual({
      type: 'rejected',
      reason: expect.stringMatching(/^a path /),
    });
  });

  test.each(['a', '.a', 'a.', '...', '..a/b..', 'a b/c', 'ü/\u{1f41d}', 'x'.repeat(255)])(
    '%j is taken',
    (path) => expect(decodeSetup(withFiles(fileAt(path))).type).toBe('message'),
  );

  test.each([
    [['a', 'b', 'a'], /two data files have the path "a"/],
    [['a/b', 'a'], /"a" is a data file and the folder of "a\/b"/],
    [['a', 'a/b/c'], /"a" is a data file and the folder of "a\/b\/c"/],
    [['a/b/c', 'x', 'a/b'], /"a\/b" is a data file and the folder of "a\/b\/c"/],
  ])('%j stand in each other’s way', (paths, reason) => {
    expect(decodeSetup(withFiles(...paths.map((path) => fileAt(path))))).toEqual({
      type: 'rejected',
      reason: expect.stringMatching(reason),
    });
  });

  test('names that only begin alike do not', () => {
    expect(decodeSetup(withFiles(fileAt('a'), fileAt('ab'), fileAt('a.b/c'))).type).toBe('message');
  });
});

test.each<[string, Uint8Array, RegExp]>([
  ['bytes that are no protobuf', Buffer.from([0xff, 0xff]), /not a valid protobuf/],
  [
    'a setup over its bound',
    encodeSetup({ ...none, arguments: ['x'.repeat(limits.setupBytesMax)] }),
    /a setup has 65540 bytes/,
  ],
  ['an argument with NUL', encodeSetup({ ...none, arguments: ['a\0b'] }), /argument holds a NUL/],
  ['a variable with NUL', encodeSetup({ ...none, environment: ['A=b\0'] }), /holds a NUL/],
  ['a variable without value', encodeSetup({ ...none, environment: ['A'] }), /"NAME=value": "A"/],
  ['a variable without name', encodeSetup({ ...none, environment: ['=A'] }), /"NAME=value"/],
  ['a file without blob', withBlob(null), /a data file has no blob/],
  ['a file of a short digest', withBlob({ digest: Buffer.alloc(31), bytes: 1 }), /31 bytes/],
  ['a file over the bound', withFiles(fileAt('a', limits.dataBytesMax + 1)), /size of a data file/],
  ['a file of inexact size', withFiles(fileAt('a', 2 ** 60)), /size of a data file/],
  [
    'files over the bound together',
    withFiles(fileAt('a', limits.dataBytesMax), fileAt('b', 1)),
    /size of all data files is 67108865/,
  ],
])('%s is refused with the reason', (_what, bytes, reason) => {
  expect(decodeSetup(bytes)).toEqual({ type: 'rejected', reason: expect.stringMatching(reason) });
});

test('what a reason quotes can not move the cursor of who reads it', () => {
  const decoded = decodeSetup(encodeSetup({ ...none, environment: ['\u001b[2J'] }));
  expect(decoded).toMatchObject({ reason: expect.stringMatching(/"\ufffd\[2J"/) });
});
