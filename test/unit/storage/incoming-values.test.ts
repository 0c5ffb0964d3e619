import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import { DiskLimit } from '../../../src/storage/disk-limit.ts';
import {
  IncomingValues,
  type IncomingValuesOptions,
} from '../../../src/storage/incoming-values.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { someKey } from '../../support/wire-samples.ts';
import { tempDir } from '../../support/temp-dir.ts';

const KIB = 1024;
const anna = someKey().peer;
const bert = someKey().peer;

/** Differs from number to number. */
function valueOf(number: number, bytes = 8 * KIB) {
  const value = Buffer.alloc(bytes, `value ${number}`);
  return { value, blob: digestOf(value) };
}

function opened(path: string, options: Partial<IncomingValuesOptions> = {}) {
  return IncomingValues.open({ path, ...options });
}

async function bring(values: IncomingValues, from: PeerId, number: number): Promise<boolean> {
  const { value, blob } = valueOf(number);
  const incoming = await values.begin(from, blob, value.length);
  if (incoming === undefined) return false;
  await incoming.add(value.subarray(incoming.offsetBytes));
  const isRight = await incoming.check();
  await incoming.close();
  return isRight;
}

test('a value that came in pieces, with restarts between them, is handed over once', async () => {
  const path = tempDir();
  const { value, blob } = valueOf(1);
  for (const part of [0, 1, 2, 3]) {
    const incoming = await (await opened(path)).begin(anna, blob, value.length);
    expect(incoming?.offsetBytes).toBe(part * 2 * KIB);
    expect(await incoming?.add(value.subarray(part * 2 * KIB, (part + 1) * 2 * KIB))).toBe(true);
    expect(incoming?.isComplete).toBe(part === 3);
    await incoming?.close();
  }
  const values = await opened(path);
  expect(await values.take(bert, blob)).toBeUndefined();
  expect(await values.take(anna, blob)).toEqual(value);
  expect(await values.take(anna, blob)).toBeUndefined();
  expect(await readdir(join(path, 'incoming'))).toEqual([]);
});

test('what is not all there, or is being brought, is not handed over', async () => {
  const values = await opened(tempDir());
  const { value, blob } = valueOf(1);
  const incoming = await values.begin(anna, blob, value.length);
  await incoming?.add(value);
  expect(await values.begin(anna, blob, value.length)).toBeUndefined();
  expect(await values.take(anna, blob)).toBeUndefined();
  await incoming?.close();
  const other = valueOf(2);
  await (await values.begin(anna, other.blob, other.value.length))?.close();
  expect(await values.take(anna, other.blob)).toBeUndefined();
  expect(await values.take(anna, blob)).toEqual(value);
});

test('one that turns out to be something else is begun anew', async () => {
  const values = await opened(tempDir());
  const { value, blob } = valueOf(1);
  const incoming = await values.begin(anna, blob, value.length);
  expect(await incoming?.add(valueOf(2).value)).toBe(true);
  expect(await incoming?.add(Buffer.alloc(1))).toBe(false);
  expect(await incoming?.check()).toBe(false);
  await incoming?.close();
  expect((await values.begin(anna, blob, value.length))?.offsetBytes).toBe(0);
});

test('one whose file was damaged is not handed over', async () => {
  const path = tempDir();
  const values = await opened(path);
  await bring(values, anna, 1);
  const [name = ''] = await readdir(join(path, 'incoming'));
  await writeFile(join(path, 'incoming', name), valueOf(2).value);
  expect(await values.take(anna, valueOf(1).blob)).toBeUndefined();
});

test('a peer may bring so much, and what it does not go on with goes for more of it', async () => {
  const values = await opened(tempDir(), { bytesEachMax: 16 * KIB });
  for (const number of [1, 2, 3]) expect(await bring(values, anna, number)).toBe(true);
  expect(await values.take(anna, valueOf(1).blob)).toBeUndefined();
  expect(await values.take(anna, valueOf(3).blob)).toEqual(valueOf(3).value);
  const { blob, value } = valueOf(4);
  const open = await values.begin(anna, blob, value.length);
  expect(await bring(values, anna, 5)).toBe(true);
  const more = valueOf(6, 16 * KIB);
  expect(await values.begin(anna, more.blob, more.value.length)).toBeUndefined();
  await open?.close();
});

test('of all that is there the oldest goes first, and never what is being brought', async () => {
  const values = await opened(tempDir(), { bytesMax: 16 * KIB });
  const { blob, value } = valueOf(1);
  const open = await values.begin(anna, blob, value.length);
  for (const number of [2, 3]) expect(await bring(values, bert, number)).toBe(true);
  expect(await values.take(bert, valueOf(2).blob)).toBeUndefined();
  await open?.add(value);
  await open?.close();
  expect(await values.take(anna, blob)).toEqual(value);
});

test('it counts to what the data folder may have, and is given up before jobs are', async () => {
  const path = tempDir();
  const limit = new DiskLimit(path, 20 * KIB);
  const values = await opened(path, { limit });
  for (const number of [1, 2]) await bring(values, anna, number);
  expect(limit.bytes).toBe(16 * KIB);
  limit.makeRoom(() => 12 * KIB);
  expect(limit.bytes).toBe(8 * KIB);
  expect(await values.take(anna, valueOf(2).blob)).toEqual(valueOf(2).value);
  expect(() => limit.makeRoom(() => 21 * KIB)).toThrow(/--disk-limit/);
});

test('what nobody has gone on with for a day, and what is none of it, is swept', async () => {
  const path = tempDir();
  const values = await opened(path);
  for (const number of [1, 2]) await bring(values, anna, number);
  const old = new Date(Date.now() - 25 * 3_600_000);
  await utimes(join(path, 'incoming', `${anna}-${valueOf(1).blob}`), old, old);
  await writeFile(join(path, 'incoming', 'notes.txt'), 'x');
  const again = await opened(path);
  expect(await readdir(join(path, 'incoming'))).toEqual([`${anna}-${valueOf(2).blob}`]);
  expect(again.bytesTaken).toBe(8 * KIB);
});
