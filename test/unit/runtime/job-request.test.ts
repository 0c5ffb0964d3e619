import { describe, expect, test } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import { digest } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import { jobRequest } from '../../../src/runtime/job-request.ts';
import { submitRequest } from '../../support/submit-request.ts';

const blob = digest('b'.repeat(64));
const other = digest('c'.repeat(64));

const javascript = submitRequest(blob);

const lines = { kind: 'lines', lines: 1 } as const;
const wasi = { ...javascript, runtime: 'wasi', pieces: lines, inputPath: '/words.txt' };
const range = (from: number, to: number, numbersPerChunk: number) => {
  return {
    ...wasi,
    inputPath: '',
    pieces: { range: { from, to, numbersPerChunk }, kind: 'range' },
  };
};
const files = (...paths: readonly string[]) => {
  return { ...wasi, inputPath: '', pieces: { files: { paths: [...paths] }, kind: 'files' } };
};

function refusalOf(request: object): [string, string] {
  try {
    jobRequest({ ...javascript, ...request });
  } catch (error) {
    if (error instanceof GridError) return [error.code, error.message];
    throw error;
  }
  throw new Error('it was not refused');
}

const someTrust = { errorRate: 1e-3, assumeFaulty: 0.2, identitiesScarce: false };

test('a JavaScript job is a script and its policy', () => {
  expect(jobRequest({ ...javascript, paramsJson: '{"n":4}', inputPath: '/in' })).toEqual({
    name: 'squares',
    params: { n: 4 },
    inputPath: '/in',
    program: { runtime: 'javascript', script: blob },
    trust: { quorum: 1 },
    limits: { wallMsMax: 1, memoryBytesMax: 1, resultBytesMax: 1, stderrBytesMax: 0 },
    chunksMax: 1,
  });
});

test('a job may be believed on evidence', () => {
  const credibility = { errorRate: 1e-6, assumeFaulty: 0.1, identitiesScarce: true };
  expect(jobRequest({ ...javascript, credibility }).trust).toEqual({
    quorum: 1,
    credibility: { errorRate: 1e-6, assumeFaulty: 0.1, identities: 'scarce' },
  });
});

describe('a WASI job', () => {
  const programOf = (request: object) => jobRequest({ ...javascript, ...request }).program;

  test('has its own name as its first argument unless it is given others', () => {
    const setup = { arguments: [], environment: [], files: [] };
    expect(programOf(wasi)).toEqual({
      runtime: 'wasi',
      module: blob,
      setup: { ...setup, arguments: ['squares'] },
      steps: { type: 'pieces', pieces: { type: 'lines', linesPerChunk: 1 }, paths: [] },
    });
    const given = {
      arguments: ['sq', '-x'],
      environment: ['A=1'],
      files: [{ path: 'data/a', digest: other }],
    };
    expect(programOf({ ...wasi, setup: given })).toMatchObject({
      setup: { ...given, files: [{ path: 'data/a', blob: other }] },
    });
  });

  test('may have a script, which reads the input', () => {
    expect(programOf({ ...wasi, pieces: null, script: other })).toMatchObject({
      steps: { type: 'script', script: other },
    });
  });

  test.each<[object, object]>([
    [
      { ...wasi, pieces: { kind: 'bytes', bytes: limits.pieceBytesMax } },
      { type: 'bytes', bytesPerChunk: limits.pieceBytesMax },
    ],
    [range(-5, 5, 2), { type: 'range', from: -5, to: 5, numbersPerChunk: 2 }],
    [files('/a/x.txt', '/b/x.txt'), { type: 'files', names: ['x.txt', 'x.txt'] }],
  ])('may be cut otherwise: %j', (request, pieces) => {
    expect(programOf(request)).toMatchObject({ steps: { pieces } });
  });

  test('keeps the paths of its files for itself', () => {
    expect(programOf(files('/a/x'))).toMatchObject({ steps: { paths: ['/a/x'] } });
  });
});

// An offer with such a limit is one that every neighbour ends the stream for.
test.each<[object, string]>([
  [{ wallMsMax: 0 }, 'wall limit'],
  [{ memoryBytesMax: 0 }, 'needs some memory'],
  [{ memoryBytesMax: 2 ** 53 }, 'less than 2^53'],
  [{ resultBytesMax: 0 }, 'A result may have'],
  [{ resultBytesMax: limits.resultBytesMax + 1 }, 'A result may have'],
  [{ stderrBytesMax: limits.stderrBytesMax + 1 }, 'stderr up to 65536 bytes'],
  [{ name: '' }, 'name'],
  [{ name: 'x'.repeat(limits.nameCharsMax + 1) }, 'name'],
  [{ quorum: 0 }, 'quorum'],
  [{ credibility: { ...someTrust, errorRate: 0 } }, 'An error rate is from'],
  [{ credibility: { ...someTrust, errorRate: 0.2 } }, 'An error rate is from'],
  [{ credibility: { ...someTrust, errorRate: NaN } }, 'An error rate is from'],
  [{ credibility: { ...someTrust, assumeFaulty: 0 } }, 'The share of saboteurs'],
  [{ credibility: { ...someTrust, assumeFaulty: 0.5 } }, 'The share of saboteurs'],
  [{ chunksMax: 0 }, 'chunks'],
  [{ paramsJson: '{' }, 'no JSON'],
  [{ inputPath: 'here.txt' }, 'absolute, since the peer may be in another folder: "here.txt"'],
  [{ inputPath: '/a\0b' }, 'NUL'],
  [{ runtime: 'java' }, '"javascript" or "wasi", but this is "java"'],
  [{ runtime: '' }, 'but this is ""'],
  [{ pieces: lines }, 'JavaScript job is one script'],
  [{ setup: { arguments: [], environment: [], files: [] } }, 'JavaScript job is one script'],
  [{ script: other }, 'JavaScript job is one script'],
  [{ ...wasi, pieces: null }, 'this has neither'],
  [{ ...wasi, script: other }, 'this has both'],
  [{ ...wasi, inputPath: '' }, 'lines are cut from an input file'],
  [{ ...range(0, 9, 1), inputPath: '/in' }, 'a range has no input file'],
  [{ ...files('/a'), inputPath: '/in' }, 'files has no input file'],
  [{ ...wasi, pieces: {} }, 'these are none of them'],
  [{ ...wasi, pieces: { kind: 'lines', lines: 0 } }, 'at least one line'],
  [{ ...wasi, pieces: { kind: 'bytes', bytes: 0 } }, 'a piece has 1 to'],
  [
    { ...wasi, pieces: { kind: 'bytes', bytes: limits.pieceBytesMax + 1 } },
    '1048577 are asked for',
  ],
  [range(0, 9, 0), 'at least one number'],
  [range(9, 9, 1), 'from 9 to 9'],
  [range(0, 2 ** 53, 1), 'from 0 to 9007199254740992'],
  [range(-(2 ** 53), 0, 1), 'from -9007199254740992 to 0'],
  [files(), 'here are 0'],
  [files(...Array.from({ length: limits.pieceFilesMax + 1 }, () => '/a')), 'here are 10001'],
  [files('a'), 'absolute'],
  [files(`/${'a'.repeat(limits.pathCharsMax + 1)}`), 'at most 255 characters'],
  [
    { ...wasi, setup: { arguments: Array(1025).fill(''), environment: [], files: [] } },
    '1024 arguments, but here are 1025',
  ],
  [
    { ...wasi, setup: { arguments: [], environment: Array(1025).fill('A=1'), files: [] } },
    '1024 variables of the environment',
  ],
])('a job with %j is refused', (request, words) => {
  const [code, message] = refusalOf(request);
  expect([code, message.toLowerCase()]).toEqual([
    'usage',
    expect.stringContaining(words.toLowerCase()),
  ]);
});

test.each<object>([
  { program: 'nothing' },
  { ...wasi, program: '' },
  { ...wasi, pieces: null, script: 'x' },
  { ...wasi, setup: { arguments: [], environment: [], files: [{ path: 'a', digest: 'x' }] } },
])('what is named by no digest is refused: %j', (request) => {
  expect(refusalOf(request)[0]).toBe('invalid-id');
});
