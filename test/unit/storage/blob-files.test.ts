import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
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
    message: `The file ${file} is damaged: its digest is not its name. Delete it, check the disk, \
and submit the job again that needs it.`,
  });
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
