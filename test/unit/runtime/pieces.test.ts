import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { Pieces } from '../../../src/model/job.ts';
import { type PieceSource, splitIntoPieces } from '../../../src/runtime/pieces.ts';
import { decodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A generator of numbers below a bound, the same for the same seed (mulberry32). */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

async function* inPieces(bytes: Uint8Array, size: () => number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + size();
    yield bytes.subarray(at, end);
    at = end;
  }
}

function text(bytes: string, pieceBytes = 7): PieceSource {
  return { input: inPieces(Buffer.from(bytes), () => pieceBytes - 1) };
}

async function chunksOf(pieces: Pieces, source: PieceSource): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const some of splitIntoPieces(pieces, source)) {
    for (const each of some) {
      expect(each.length).toBeLessThanOrEqual(limits.chunkInputBytesMax);
      const chunk = decodeCanonical(each);
      if (!(chunk instanceof Uint8Array)) throw new Error('a chunk is no string of bytes');
      chunks.push(Buffer.from(chunk));
    }
  }
  return chunks;
}

async function textsOf(pieces: Pieces, source: PieceSource): Promise<string[]> {
  return (await chunksOf(pieces, source)).map(String);
}

async function failureOf(pieces: Pieces, source: PieceSource) {
  return gridErrorOf(chunksOf(pieces, source));
}

describe('pieces of random inputs', () => {
  const seeds = Array.from({ length: 40 }, (_, index) => index + 1);

  test.each(seeds)('joined are the input, and lines are never cut (seed %i)', async (seed) => {
    const random = seeded(seed);
    const letters = 'ab\r\n\n\n';
    const input = Buffer.from(
      Array.from({ length: 1 + random(3000) }, () => letters[random(letters.length)]).join(''),
    );
    const size = (): number => random(40);
    const linesPerChunk = 1 + random(5);
    const lines = await chunksOf(
      { type: 'lines', linesPerChunk },
      { input: inPieces(input, size) },
    );
    expect(Buffer.concat(lines)).toEqual(input);
    for (const chunk of lines.slice(0, -1)) {
      expect(chunk.at(-1)).toBe(10);
      expect(chunk.filter((byte) => byte === 10)).toHaveLength(linesPerChunk);
    }
    const bytesPerChunk = 1 + random(100);
    const bytes = await chunksOf(
      { type: 'bytes', bytesPerChunk },
      { input: inPieces(input, size) },
    );
    expect(Buffer.concat(bytes)).toEqual(input);
    expect(new Set(bytes.slice(0, -1).map(({ length }) => length)).size).toBeLessThanOrEqual(1);
    expect(bytes[0]?.length).toBe(Math.min(bytesPerChunk, input.length));
  });
});

describe('lines', () => {
  test('keep their ends, and the last one may have none', async () => {
    const lines = { type: 'lines', linesPerChunk: 1 } as const;
    const expected = ['one\r\n', '\n', 'three\rstill three\n', 'the last'];
    expect(await textsOf(lines, text(expected.join('')))).toEqual(expected);
  });

  test('come several to a chunk, the last of which may have fewer', async () => {
    const lines = { type: 'lines', linesPerChunk: 2 } as const;
    expect(await textsOf(lines, text('1\n2\n3\n4\n5\n'))).toEqual(['1\n2\n', '3\n4\n', '5\n']);
  });

  test('that fill a chunk to the last byte are taken, and one byte more is too much', async () => {
    const lines = { type: 'lines', linesPerChunk: 1 } as const;
    const longest = `${'x'.repeat(limits.pieceBytesMax - 1)}\n`;
    const fits = await chunksOf(lines, text(`a\n${longest}b`, 100_000));
    expect(fits.map(({ length }) => length)).toEqual([2, limits.pieceBytesMax, 1]);
    const error = await failureOf(lines, text(`a\nb\nx${longest}c`, 100_000));
    expect([error.code, error.message]).toEqual([
      'job-failed',
      expect.stringMatching(/^Line 3 of the input is longer than 1048576 bytes.* into bytes\.$/),
    ]);
  });

  test('that are too many for a chunk are named', async () => {
    const line = `${'x'.repeat(100_000)}\n`;
    const error = await failureOf({ type: 'lines', linesPerChunk: 20 }, text(line.repeat(20), 1e5));
    expect(error.message).toMatch(/^Lines 1 to 11 of the input have more than 1048576 .*per-chunk/);
  });
});

describe('a range', () => {
  const range = (from: number, to: number, numbersPerChunk: number): Pieces => {
    return { type: 'range', from, to, numbersPerChunk };
  };

  test('gives each number on a line of its own', async () => {
    expect(await textsOf(range(-2, 3, 2), {})).toEqual(['-2\n-1\n', '0\n1\n', '2\n']);
    const last = Number.MAX_SAFE_INTEGER;
    expect(await textsOf(range(last - 1, last, 9), {})).toEqual([`${last - 1}\n`]);
  });

  test('with too many numbers to a chunk says which', async () => {
    const error = await failureOf(range(0, 1e9, 1e9), {});
    expect(error.message).toMatch(/^The numbers from 0 to 999999999 have more than 1048576 bytes/);
  });

  test('is cut as it is asked for, however long it is', async () => {
    const batches = splitIntoPieces(range(0, Number.MAX_SAFE_INTEGER, 1), {});
    const first = await batches.next();
    expect(first.value).toHaveLength(limits.frameItemsMax);
    await batches.return(undefined);
  });
});

describe('files', () => {
  test('are chunks as they are', async () => {
    const folder = tempDir();
    const paths = ['a', 'b'].map((name) => join(folder, name));
    const largest = Buffer.alloc(limits.pieceBytesMax, 'manyhands');
    await writeFile(paths[0] ?? '', '');
    await writeFile(paths[1] ?? '', largest);
    const chunks = await chunksOf({ type: 'files', names: ['a', 'b'] }, { paths });
    expect(
      chunks.map((chunk, index) => chunk.equals([Buffer.of(), largest][index] ?? chunk)),
    ).toEqual([true, true]);
    expect(chunks.map(({ length }) => length)).toEqual([0, limits.pieceBytesMax]);
  });

  test('that are too large or gone are named', async () => {
    const path = join(tempDir(), 'large');
    await writeFile(path, Buffer.alloc(limits.pieceBytesMax + 1));
    const large = await failureOf({ type: 'files', names: ['large'] }, { paths: [path] });
    expect([large.code, large.message]).toEqual([
      'job-failed',
      expect.stringContaining(`The file ${path} has more than 1048576 bytes`),
    ]);
    const gone = await failureOf({ type: 'files', names: ['gone'] }, { paths: [`${path}.not`] });
    expect([gone.code, gone.message]).toEqual([
      'input-unreadable',
      expect.stringContaining(`${path}.not can't be read: ENOENT`),
    ]);
  });
});

test.each<[Pieces, string]>([
  [{ type: 'lines', linesPerChunk: 1 }, 'it has no lines'],
  [{ type: 'bytes', bytesPerChunk: 1 }, 'it has no bytes'],
])('an empty input is no job: %j', async (pieces, words) => {
  const error = await failureOf(pieces, text(''));
  expect([error.code, error.message]).toEqual(['job-failed', expect.stringContaining(words)]);
});

test('between batches everything else gets its turn', async () => {
  let turns = 0;
  const count = setInterval(() => (turns += 1), 0);
  let batches = 0;
  const lines = { type: 'lines', linesPerChunk: 1 } as const;
  for await (const _some of splitIntoPieces(lines, text('\n'.repeat(50_000), 50_000))) batches += 1;
  clearInterval(count);
  expect(batches).toBe(Math.ceil(50_000 / limits.frameItemsMax));
  expect(turns).toBeGreaterThan(0);
});
