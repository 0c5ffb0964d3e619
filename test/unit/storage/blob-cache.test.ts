import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { Digest } from '../../../src/model/ids.ts';
import { openBlobCache } from '../../../src/storage/blob-cache.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Ten bytes and their digest. */
function blobOf(number: number): { blob: Digest; bytes: Uint8Array } {
  const bytes = new Uint8Array(10).fill(number);
  return { blob: digestOf(bytes), bytes };
}

const blobs = [0, 1, 2, 3, 4, 5].map((number) => blobOf(number));
const blobAt = (number: number): Digest => blobOf(number).blob;

async function cacheIn(path: string, bytesMax = 1_000, filesMax = 100) {
  const troubles: string[] = [];
  const onTrouble = (reason: string) => troubles.push(reason);
  const cache = await openBlobCache({ path, bytesMax, filesMax, onTrouble });
  const has = async (number: number) => (await cache.get(blobAt(number))) !== undefined;
  const put = (number: number) => cache.put(blobAt(number), blobOf(number).bytes);
  return { cache, troubles, has, put };
}

test('what was put is there, also after a restart', async () => {
  const path = join(tempDir(), 'cache');
  const { cache, put } = await cacheIn(path);
  expect(await cache.get(blobAt(1))).toBeUndefined();
  await put(1);
  expect(await cache.get(blobAt(1))).toEqual(Buffer.from(blobOf(1).bytes));
  const again = await cacheIn(path);
  expect(await again.cache.get(blobAt(1))).toEqual(Buffer.from(blobOf(1).bytes));
  expect(again.troubles).toEqual([]);
});

test.each([
  ['bytes', 30, 100],
  ['files', 1_000, 3],
])('past the most %s, what was not used for the longest time goes', async (_what, bytes, files) => {
  const path = tempDir();
  const { has, put } = await cacheIn(path, bytes, files);
  for (const number of [1, 2, 3]) await put(number);
  expect(await has(1)).toBe(true);
  await put(2);
  await put(4);
  expect([await has(1), await has(2), await has(3), await has(4)]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(await readdir(path)).toHaveLength(3);
});

test('who was used last is known after a restart', async () => {
  const path = tempDir();
  const { has, put } = await cacheIn(path);
  for (const number of [1, 2, 3]) {
    await put(number);
    await utimes(join(path, blobAt(number)), number, number);
  }
  expect(await has(1)).toBe(true);
  const { has: hasStill } = await cacheIn(path, 20);
  expect([await hasStill(1), await hasStill(2), await hasStill(3)]).toEqual([true, false, true]);
});

test('many blobs at once keep the bounds', async () => {
  const path = tempDir();
  const { put } = await cacheIn(path, 25);
  await Promise.all(blobs.map((_, number) => put(number)));
  expect(await readdir(path)).toEqual([blobAt(4), blobAt(5)].toSorted());
});

test('a blob larger than the cache is not kept, and nothing goes for it', async () => {
  const { cache, has, put } = await cacheIn(tempDir(), 25);
  await put(1);
  const large = new Uint8Array(26);
  await cache.put(digestOf(large), large);
  expect(await cache.get(digestOf(large))).toBeUndefined();
  expect(await has(1)).toBe(true);
});

test.each([
  ['other bytes', new Uint8Array(10)],
  ['fewer bytes', blobOf(1).bytes.subarray(1)],
  ['nothing', new Uint8Array(0)],
])('a file with %s is deleted, and takes the blob anew', async (_what, bytes) => {
  const path = tempDir();
  const { cache, has, put, troubles } = await cacheIn(path);
  await put(1);
  await writeFile(join(path, blobAt(1)), bytes);
  expect(await cache.get(blobAt(1))).toBeUndefined();
  expect(await readdir(path)).toEqual([]);
  await put(1);
  expect([await has(1), troubles]).toEqual([true, []]);
});

test('a file that somebody removed is no trouble', async () => {
  const path = tempDir();
  const { has, put, troubles } = await cacheIn(path);
  await put(1);
  await rm(join(path, blobAt(1)));
  expect(await has(1)).toBe(false);
  await put(1);
  expect([await has(1), troubles]).toEqual([true, []]);
});

test('what a crash left half written is removed', async () => {
  const path = tempDir();
  await writeFile(join(path, 'half-written'), 'x');
  await cacheIn(path);
  expect(await readdir(path)).toEqual([]);
});

test('without its folder it keeps nothing, says so once and goes on', async () => {
  const path = join(tempDir(), 'cache');
  await writeFile(path, 'a file where the folder should be');
  const { has, put, troubles } = await cacheIn(path);
  await put(1);
  await put(2);
  expect(await has(1)).toBe(false);
  expect(troubles).toEqual([expect.stringMatching(/EEXIST/)]);
  expect(await readFile(path, 'utf8')).toContain('a file');
});

test('a folder that goes away while it is used is no crash', async () => {
  const path = join(tempDir(), 'cache');
  const { has, put, troubles } = await cacheIn(path);
  await put(1);
  await rm(path, { recursive: true });
  expect(await has(1)).toBe(false);
  await put(2);
  expect([await has(2), troubles.length]).toEqual([false, 1]);
  await mkdir(path);
  await put(2);
  expect(await has(2)).toBe(true);
});
