import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { JobInput, readWhole } from '../../../src/runtime/job-input.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('a file that was opened is read to its end, also when its name is gone', async () => {
  const path = join(tempDir(), 'words.txt');
  const bytes = Buffer.alloc(600_000, 'manyhands');
  await writeFile(path, bytes);
  const input = await JobInput.open(path);
  await rm(path);
  expect(input.name).toBe('words.txt');
  const pieces = await Array.fromAsync(input.pieces);
  expect(pieces.length).toBeGreaterThan(1);
  expect(Buffer.concat(pieces)).toEqual(bytes);
  // And again from its beginning.
  expect(Buffer.concat(await Array.fromAsync(input.pieces))).toEqual(bytes);
  await input.close();
});

test('what can not be read is refused when it is opened', async () => {
  const folder = tempDir();
  const isFolder = await gridErrorOf(JobInput.open(folder));
  expect([isFolder.code, isFolder.message]).toEqual([
    'input-unreadable',
    expect.stringContaining(`${folder} can't be read: it is not a file`),
  ]);
  const missing = await gridErrorOf(JobInput.open(join(folder, 'missing')));
  expect([missing.code, missing.message]).toEqual([
    'input-unreadable',
    expect.stringContaining('ENOENT'),
  ]);
});

test('an input that was closed has no more pieces', async () => {
  const path = join(tempDir(), 'words.txt');
  await writeFile(path, 'words');
  const input = await JobInput.open(path);
  await Promise.all([input.close(), input.close()]);
  expect((await gridErrorOf(Array.fromAsync(input.pieces))).code).toBe('input-unreadable');
});

test('a whole file is read up to its bound', async () => {
  const path = join(tempDir(), 'words.txt');
  await writeFile(path, 'words');
  expect(String(await readWhole(path, 5))).toBe('words');
  expect((await gridErrorOf(readWhole(path, 4))).message).toContain('more than 4 bytes');
});

test('a file that has grown since it was opened is read to its new end', async () => {
  const path = join(tempDir(), 'words.txt');
  await writeFile(path, 'words');
  const input = await JobInput.open(path);
  const more = 'x'.repeat(10_000);
  await appendFile(path, more);
  expect(String(Buffer.concat(await Array.fromAsync(input.pieces)))).toBe(`words${more}`);
  await input.close();
});
