import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { joinResults, partEnds } from '../../../src/runtime/joined-results.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const stdout = (text: string): Uint8Array => encodeCanonical(Buffer.from(text));
const { signal } = new AbortController();

async function* pages(...all: readonly (readonly Uint8Array[])[]) {
  yield* all;
}

test('results are joined in chunk order, with where each ends beside them', async () => {
  const store = new MemoryStore();
  const results = pages([stdout('one\n'), stdout('')], [stdout('three'), stdout('\n')]);
  const { kind, blob, parts } = await joinResults(results, store, signal);
  expect(kind).toBe('bytes');
  expect(String(await store.getBlob(blob))).toBe('one\nthree\n');
  if (parts === undefined) throw new Error('no parts');
  expect([...partEnds((await store.getBlob(parts)) ?? Buffer.of())]).toEqual([4, 4, 9, 10]);
});

test('many results are never in memory at once', async () => {
  const largest = Buffer.alloc(100_000, 'x');
  let made = 0;
  let written = 0;
  let aheadMax = 0;
  async function* results() {
    for (; made < 200; made++) yield [encodeCanonical(largest)];
  }
  const store = new MemoryStore();
  const joined = await joinResults(
    results(),
    {
      putBlob: (bytes) => store.putBlob(bytes),
      putBlobPieces: async (pieces) => {
        for await (const piece of pieces) {
          written += piece.length;
          aheadMax = Math.max(aheadMax, made * largest.length - written);
        }
        return { digest: await store.putBlob(Buffer.of()), bytes: written };
      },
    },
    signal,
  );
  expect(written).toBe(200 * largest.length);
  expect(aheadMax).toBeLessThan(10 * largest.length);
  expect(joined.parts).toBeDefined();
});

test('of more chunks than are told apart, no ends are kept', async () => {
  const one = stdout('x');
  const page = Array.from({ length: 1000 }, () => one);
  async function* results() {
    for (let at = 0; at < limits.partsMax; at += page.length) yield page;
    yield [one];
  }
  const store = new MemoryStore();
  const joined = await joinResults(results(), store, signal);
  expect(joined.parts).toBeUndefined();
  expect(await store.blobBytes(joined.blob)).toBe(limits.partsMax + 1);
});

// What peers agree on may be any bytes.
test.each([
  ['text', encodeCanonical('text')],
  ['a number', encodeCanonical(1)],
  ['nothing at all', Buffer.of()],
  ['a string of bytes that ends too soon', Buffer.of(0x43, 1, 2)],
  ['more than one value', Buffer.of(0x41, 1, 0x41, 2)],
])('a result that is %s fails the job, naming the chunk', async (_what, value) => {
  const store = new MemoryStore();
  const joined = joinResults(pages([stdout('fine'), value]), store, signal);
  const error = await gridErrorOf(joined);
  expect([error.code, error.message]).toEqual([
    'job-failed',
    expect.stringMatching(/^The result of chunk 1 is not a string of bytes \(.*--trust/),
  ]);
});

test('once the job is over, nothing more is joined', async () => {
  const stop = new AbortController();
  async function* results() {
    yield [stdout('one')];
    stop.abort(new Error('cancelled'));
  }
  await expect(joinResults(results(), new MemoryStore(), stop.signal)).rejects.toThrow('cancelled');
});
