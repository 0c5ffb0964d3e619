import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { BlobFiles } from '../../../src/storage/blob-files.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { tempDir } from '../../support/temp-dir.ts';

const bytes = Buffer.from('the bytes of a program');
const name = digestOf(bytes);

test('a blob is a file of its own, readable by its owner alone', async () => {
  const path = tempDir();
  await new BlobFiles(path).put(bytes);
  const file = join(path, 'blobs', name.slice(0, 2), name);
  expect(readFileSync(file)).toEqual(bytes);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a damaged blob is reported, never handed out', async () => {
  const path = tempDir();
  const blobs = new BlobFiles(path);
  await blobs.put(bytes);
  const file = join(path, 'blobs', name.slice(0, 2), name);
  writeFileSync(file, Buffer.from('the bytes of a pogromm'));
  await expect(blobs.get(name)).rejects.toMatchObject({
    code: 'store-failed',
    message: `The file ${file} is damaged: its digest is not its name. It was moved to \
${join(path, 'damaged', name)}. Check the disk, and submit the job again that needs it.`,
  });
  expect(readFileSync(join(path, 'damaged', name)).toString()).toBe('the bytes of a pogromm');
  expect(await blobs.get(name)).toBeUndefined();
});

test('a damaged blob that is put again is mended, though its size is right', async () => {
  const path = tempDir();
  const blobs = new BlobFiles(path);
  await blobs.put(bytes);
  writeFileSync(join(path, 'blobs', name.slice(0, 2), name), Buffer.from('the bytes of a pogromm'));
  await blobs.put(bytes);
  expect(Buffer.from((await blobs.get(name)) ?? [])).toEqual(bytes);
});

test('a blob that is read in pieces is checked before the first of them', async () => {
  const path = tempDir();
  const blobs = new BlobFiles(path);
  const large = Buffer.alloc(1_000_000, 'manyhands');
  const blob = await blobs.put(large);
  expect(Buffer.concat(await Array.fromAsync(blobs.read(blob))).equals(large)).toBe(true);
  const file = join(path, 'blobs', blob.slice(0, 2), blob);
  large.write('x', large.length - 1);
  writeFileSync(file, large);
  const pieces = blobs.read(blob);
  await expect(pieces.next()).rejects.toMatchObject({
    code: 'store-failed',
    message: expect.stringContaining(`The file ${file} is damaged`),
  });
  expect(await blobs.get(blob)).toBeUndefined();
});

test('a large blob is checked without keeping others waiting', async () => {
  const blobs = new BlobFiles(tempDir());
  const large = Buffer.alloc(20 * 1024 * 1024, 'manyhands');
  let turns = 0;
  const count = setInterval(() => (turns += 1), 0);
  const blob = await blobs.put(large);
  const whilePut = turns;
  await blobs.get(blob);
  clearInterval(count);
  // One for each MiB, less what timers in a hurry skip.
  expect([whilePut, turns - whilePut].map((each) => each >= 5)).toEqual([true, true]);
});

test('a blob that is put in pieces is a file like others, and leaves nothing else', async () => {
  const path = tempDir();
  const blobs = new BlobFiles(path);
  async function* pieces(fails: boolean) {
    yield bytes.subarray(0, 5);
    yield bytes.subarray(5);
    if (fails) throw new Error('broken off');
  }
  await expect(blobs.putPieces(pieces(true))).rejects.toThrow('broken off');
  expect(filesIn(path)).toEqual([]);
  expect(await blobs.putPieces(pieces(false))).toEqual({ digest: name, bytes: bytes.length });
  expect(filesIn(path)).toEqual([name]);
  const file = join(path, 'blobs', name.slice(0, 2), name);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  // What is there and damaged is mended.
  writeFileSync(file, Buffer.from('the bytes of a pogromm'));
  await blobs.putPieces(pieces(false));
  expect(Buffer.from((await blobs.get(name)) ?? [])).toEqual(bytes);
});

test('a blob that lost its end in a power failure is written again', async () => {
  const path = tempDir();
  const blobs = new BlobFiles(path);
  await blobs.put(bytes);
  truncateSync(join(path, 'blobs', name.slice(0, 2), name), 3);
  await blobs.put(bytes);
  expect(Buffer.from((await blobs.get(name)) ?? [])).toEqual(bytes);
});

test('a blob that cannot take its name leaves nothing beside it', async () => {
  const path = tempDir();
  const blobs = new BlobFiles(path);
  const folder = join(path, 'blobs', name.slice(0, 2));
  mkdirSync(join(folder, name, 'in the way'), { recursive: true });
  await expect(blobs.put(bytes)).rejects.toMatchObject({ code: 'store-failed' });
  expect(statSync(folder).nlink).toBe(3); // itself, its parent's entry and what was in the way
});

function filesIn(path: string): readonly string[] {
  const files = readdirSync(join(path, 'blobs'), { recursive: true, withFileTypes: true });
  return files.filter((file) => file.isFile()).map((file) => file.name);
}
