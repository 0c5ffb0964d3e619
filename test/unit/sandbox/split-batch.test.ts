import { describe, expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { SplitReader, stepsOf } from '../../../src/sandbox/split-batch.ts';
import { decodeCanonical, encodeCanonical } from '../../../src/wire/canonical-cbor.ts';

/** Counts what is taken from an endless split. */
function endless(value: unknown): { taken: number; [Symbol.iterator](): Iterator<unknown> } {
  const source = {
    taken: 0,
    *[Symbol.iterator]() {
      for (;;) {
        source.taken += 1;
        yield value;
      }
    },
  };
  return source;
}

const stopped = (): number => 0;

describe('a batch of chunks', () => {
  test('takes no more from split than a frame of leases holds', async () => {
    const source = endless(1);
    const reader = new SplitReader(stepsOf(source), encodeCanonical, stopped);
    expect((await reader.nextBatch()).chunks.length).toBe(limits.frameItemsMax);
    expect(source.taken).toBe(limits.frameItemsMax);
    await reader.nextBatch();
    expect(source.taken).toBe(2 * limits.frameItemsMax);
  });

  test('takes no more once it is full of bytes', async () => {
    const source = endless(new Uint8Array(limits.chunkInputBytesMax / 2));
    const reader = new SplitReader(stepsOf(source), encodeCanonical, stopped);
    expect((await reader.nextBatch()).chunks.length).toBe(2);
    expect(source.taken).toBe(2);
  });

  test('is handed over early when split is slow', async () => {
    let nowMs = 0;
    const source = endless(1);
    const reader = new SplitReader(stepsOf(source), encodeCanonical, () => (nowMs += 20));
    expect((await reader.nextBatch()).chunks.length).toBe(3);
  });

  test('says when it is the last', async () => {
    const reader = new SplitReader(stepsOf(['a', 'b']), encodeCanonical, stopped);
    const { chunks, ended } = await reader.nextBatch();
    expect(chunks.map(decodeCanonical)).toEqual(['a', 'b']);
    expect(ended).toBe(true);
  });
});

test('an iterator whose results are no objects is an error', async () => {
  const iterator = { [Symbol.iterator]: () => ({ next: () => 1 }) };
  const reader = new SplitReader(stepsOf(iterator), encodeCanonical, stopped);
  await expect(reader.nextBatch()).rejects.toThrow('yields no results');
});

test.each([undefined, null, 1, 'text', {}, { [Symbol.iterator]: () => 1 }])(
  'what can not be iterated over is an error: %j',
  (value) => {
    expect(() => stepsOf(value)).toThrow('split must return something to iterate over');
  },
);
