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
import { someJob, someKey } from '../../support/wire-samples.ts';
import { tempDir } from '../../support/temp-dir.ts';

const KIB = 1024;
const anna = someKey().peer;
const bert = someKey().peer;

/** Differs from number to number, and so does its lease. */
function valueOf(number: number, bytes = 8 * KIB) {
  const value = Buffer.alloc(bytes, `value ${number}`);
  const nameOf = (from: PeerId) => ({ from, job: someJob, lease: number, digest: digestOf(value) });
  return { value, ofAnna: nameOf(anna), ofBert: nameOf(bert), nameOf };
}

function opened(path: string, options: Partial<IncomingValuesOptions> = {}) {
  return IncomingValues.open({ path, ...options });
}

async function bring(values: IncomingValues, from: PeerId, number: number): Promise<boolean> {
  const { value, nameOf } = valueOf(number);
  const incoming = await values.begin(nameOf(from), value.length);
  if (incoming === undefined) return false;
  await incoming.add(value.subarray(incoming.offsetBytes));
  const isRight = await incoming.check();
  await incoming.close();
  return isRight;
}

test('a value that came in pieces, with restarts between them, is handed over once', async () => {
  const path = tempDir();
  const { value, ofAnna, ofBert } = valueOf(1);
  for (const part of [0, 1, 2, 3]) {
    const incoming = await (await opened(path)).begin(ofAnna, value.length);
    expect(incoming?.offsetBytes).toBe(part * 2 * KIB);
    expect(await incoming?.add(value.subarray(part * 2 * KIB, (part + 1) * 2 * KIB))).toBe(true);
    expect(incoming?.isComplete).toBe(part === 3);
    await incoming?.close();
  }
  const values = await opened(path);
  expect(await values.take(ofBert)).toBeUndefined();
  expect(await values.take(ofAnna)).toEqual(value);
  expect(await values.take(ofAnna)).toBeUndefined();
  expect(await readdir(join(path, 'incoming'))).toEqual([]);
});

test('what is not all there, or is being brought, is not handed over', async () => {
  const values = await opened(tempDir());
  const { value, ofAnna } = valueOf(1);
  const incoming = await values.begin(ofAnna, value.length);
  await incoming?.add(value);
  expect(await values.begin(ofAnna, value.length)).toBeUndefined();
  expect(await values.take(ofAnna)).toBeUndefined();
  await incoming?.close();
  const other = valueOf(2);
  await (await values.begin(other.ofAnna, other.value.length))?.close();
  expect(await values.take(other.ofAnna)).toBeUndefined();
  expect(await values.take(ofAnna)).toEqual(value);
});

test('one that turns out to be something else is begun anew', async () => {
  const values = await opened(tempDir());
  const { value, ofAnna } = valueOf(1);
  const incoming = await values.begin(ofAnna, value.length);
  expect(await incoming?.add(valueOf(2).value)).toBe(true);
  expect(await incoming?.add(Buffer.alloc(1))).toBe(false);
  expect(await incoming?.check()).toBe(false);
  await incoming?.close();
  const again = await values.begin(ofAnna, value.length);
  expect(again?.offsetBytes).toBe(0);
  await again?.close();
});

test('one whose file was damaged is not handed over', async () => {
  const path = tempDir();
  const values = await opened(path);
  await bring(values, anna, 1);
  const [name = ''] = await readdir(join(path, 'incoming'));
  await writeFile(join(path, 'incoming', name), valueOf(2).value);
  expect(await values.take(valueOf(1).ofAnna)).toBeUndefined();
});

test('a peer may bring so much, and what it does not go on with goes for more of it', async () => {
  const values = await opened(tempDir(), { bytesEachMax: 16 * KIB });
  for (const number of [1, 2, 3]) expect(await bring(values, anna, number)).toBe(true);
  expect(await values.take(valueOf(1).ofAnna)).toBeUndefined();
  expect(await values.take(valueOf(3).ofAnna)).toEqual(valueOf(3).value);
  const { ofAnna, value } = valueOf(4);
  const open = await values.begin(ofAnna, value.length);
  expect(await bring(values, anna, 5)).toBe(true);
  const more = valueOf(6, 16 * KIB);
  expect(await values.begin(more.ofAnna, more.value.length)).toBeUndefined();
  await open?.close();
});

test('of all that is there the oldest goes first, and never what is being brought', async () => {
  const values = await opened(tempDir(), { bytesMax: 16 * KIB });
  const { ofAnna, value } = valueOf(1);
  const open = await values.begin(ofAnna, value.length);
  for (const number of [2, 3]) expect(await bring(values, bert, number)).toBe(true);
  expect(await values.take(valueOf(2).ofBert)).toBeUndefined();
  await open?.add(value);
  await open?.close();
  expect(await values.take(ofAnna)).toEqual(value);
});

test('it counts to what the data folder may have, and is given up before jobs are', async () => {
  const path = tempDir();
  const limit = new DiskLimit(path, 20 * KIB);
  const values = await opened(path, { limit });
  for (const number of [1, 2]) await bring(values, anna, number);
  expect(limit.bytes).toBe(16 * KIB);
  limit.makeRoom(() => 12 * KIB);
  expect(limit.bytes).toBe(8 * KIB);
  expect(await values.take(valueOf(2).ofAnna)).toEqual(valueOf(2).value);
  expect(() => limit.makeRoom(() => 21 * KIB)).toThrow(/--disk-limit/);
});

test('what nobody has gone on with for a day, and what is none of it, is swept', async () => {
  const path = tempDir();
  const values = await opened(path);
  for (const number of [1, 2]) await bring(values, anna, number);
  const old = new Date(Date.now() - 25 * 3_600_000);
  const fileOf = (number: number) =>
    `${anna}-${someJob}-${number}-${valueOf(number).ofAnna.digest}`;
  await utimes(join(path, 'incoming', fileOf(1)), old, old);
  await writeFile(join(path, 'incoming', 'notes.txt'), 'x');
  const again = await opened(path);
  expect(await readdir(join(path, 'incoming'))).toEqual([fileOf(2)]);
  expect(again.bytesTaken).toBe(8 * KIB);
});

test('of a lease there is one value, and another one takes its place', async () => {
  const path = tempDir();
  const values = await opened(path);
  await bring(values, anna, 1);
  const { digest } = valueOf(2).ofAnna;
  const other = { ...valueOf(1).ofAnna, digest };
  await (await values.begin(other, 8 * KIB))?.close();
  expect(await values.take(valueOf(1).ofAnna)).toBeUndefined();
  expect(values.bytesTaken).toBe(8 * KIB);
});

test('the same value of two leases is two values', async () => {
  const values = await opened(tempDir());
  const { value, ofAnna } = valueOf(1);
  for (const lease of [1, 2]) {
    const incoming = await values.begin({ ...ofAnna, lease }, value.length);
    await incoming?.add(value);
    await incoming?.close();
  }
  for (const lease of [1, 2]) expect(await values.take({ ...ofAnna, lease })).toEqual(value);
});

test('whoever has the most gives up first', async () => {
  const values = await opened(tempDir(), { bytesMax: 24 * KIB });
  await bring(values, bert, 1);
  for (const number of [2, 3]) await bring(values, anna, number);
  expect(await bring(values, bert, 4)).toBe(true);
  expect(await values.take(valueOf(2).ofAnna)).toBeUndefined();
  expect(await values.take(valueOf(1).ofBert)).toEqual(valueOf(1).value);
});

test('what is refused for want of room still counts, and goes on when there is some', async () => {
  const path = tempDir();
  const limit = new DiskLimit(path, 16 * KIB);
  const values = await opened(path, { limit });
  const { value, ofAnna } = valueOf(1);
  const begun = await values.begin(ofAnna, value.length);
  await begun?.add(value.subarray(0, 3));
  await begun?.close();
  const more = valueOf(1, 32 * KIB);
  const larger = { ...more.ofAnna, digest: ofAnna.digest };
  await expect(values.begin(larger, more.value.length)).rejects.toThrow(/--disk-limit/);
  expect(values.bytesTaken).toBe(8 * KIB);
  const again = await values.begin(ofAnna, value.length);
  expect(again?.offsetBytes).toBe(3);
  await again?.close();
});
