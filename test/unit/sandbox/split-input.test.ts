import { describe, expect, test } from 'vitest';

import { SplitInput } from '../../../src/sandbox/split-input.ts';

/** The bytes in pieces of these sizes, again and again. */
function inputOf(bytes: Uint8Array, pieceSizes: readonly number[]): SplitInput {
  let offset = 0;
  let turn = 0;
  return new SplitInput('text', async () => {
    if (offset >= bytes.length) return undefined;
    const size = pieceSizes[turn % pieceSizes.length] ?? 1;
    turn += 1;
    offset += size;
    return bytes.slice(offset - size, offset);
  });
}

/** splitmix32: a failure prints its seed and can be run again. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below;
  };
}

const letters = ['a', 'ü', '€', '\u{1f600}', '\n', '\n', '\r', '\u2028', ' '];

describe('lines', () => {
  test.each(Array.from({ length: 300 }, (_, seed) => seed))(
    'of random text are never cut in two, whatever the pieces it comes in (seed %i)',
    async (seed) => {
      const random = randomOf(seed);
      const text = Array.from({ length: random(200) }, () => letters[random(letters.length)]).join(
        '',
      );
      const bytes = new TextEncoder().encode(text);
      const bytesMax = 1 + random(40);
      const sizes = Array.from({ length: 5 }, () => 1 + random(9));
      const pieces = await Array.fromAsync(inputOf(bytes, sizes).lines(bytesMax));
      expect(pieces.join('')).toBe(text);
      for (const piece of pieces.slice(0, -1)) expect(piece.endsWith('\n')).toBe(true);
      for (const piece of pieces) {
        const isOneLine = !piece.slice(0, -1).includes('\n');
        const size = new TextEncoder().encode(piece).length;
        expect(isOneLine || size <= bytesMax, `${size} of ${bytesMax} bytes`).toBe(true);
      }
      // No two neighbours would have fitted into one.
      for (const [index, piece] of pieces.slice(1).entries()) {
        const [firstLine = ''] = piece.split(/(?<=\n)/);
        const both = new TextEncoder().encode(`${pieces[index]}${firstLine}`).length;
        expect(both).toBeGreaterThan(bytesMax);
      }
    },
  );

  test('of bytes that are no UTF-8 have replacement characters', async () => {
    const bytes = Uint8Array.of(0x61, 0xff, 0x0a, 0xe2, 0x82);
    expect(await Array.fromAsync(inputOf(bytes, [2]).lines(3))).toEqual(['a\ufffd\n', '\ufffd']);
  });

  test('lose a byte order mark at the start of the file only', async () => {
    const bytes = new TextEncoder().encode('\ufeffa\n\ufeffb\n');
    expect(await Array.fromAsync(inputOf(bytes, [4]).lines(5))).toEqual(['a\n', '\ufeffb\n']);
  });

  test('of an empty file are none', async () => {
    expect(await Array.fromAsync(inputOf(new Uint8Array(0), [1]).lines(5))).toEqual([]);
  });

  test('are numbered from 1 in the error about one that is too long', async () => {
    const bytes = new Uint8Array(3 * 2 ** 20).fill(0x61);
    bytes[1] = 0x0a;
    bytes[2 ** 20 + 2] = 0x0a;
    // Line 2 has 2^20 + 1 bytes with its newline, one too many.
    const lines = Array.fromAsync(inputOf(bytes, [65_536]).lines(2));
    await expect(lines).rejects.toThrow('line 2 of the input is longer than 1048576 bytes');
  });
});

describe('bytes', () => {
  test('come in pieces of the size asked for, whatever the pieces that are read', async () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, n) => n);
    const pieces = await Array.fromAsync(inputOf(bytes, [3, 1, 17]).bytes(7));
    expect(pieces.map((piece) => piece.length)).toEqual([
      ...Array.from({ length: 14 }, () => 7),
      2,
    ]);
    expect(Uint8Array.from(Buffer.concat(pieces))).toEqual(bytes);
  });

  test('are read when they are asked for and not before', async () => {
    let reads = 0;
    const input = new SplitInput('text', async () => {
      reads += 1;
      return new Uint8Array(10);
    });
    const pieces = input.bytes(5);
    await pieces.next();
    await pieces.next();
    expect(reads).toBe(1);
    await pieces.next();
    expect(reads).toBe(2);
  });
});
