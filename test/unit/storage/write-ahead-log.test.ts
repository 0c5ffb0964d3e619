import { close, fdatasync, fstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { openStore } from '../../../src/storage/sqlite-store.ts';
import { WriteAheadLog } from '../../../src/storage/write-ahead-log.ts';
import { storedJob } from '../../support/stored-jobs.ts';
import { tempDir } from '../../support/temp-dir.ts';

vi.mock(import('node:fs'), async (importOriginal) => {
  const fs = await importOriginal();
  const fdatasync = vi.fn<typeof fs.fdatasync>(fs.fdatasync);
  const close = vi.fn<typeof fs.close>(fs.close);
  return { ...fs, fdatasync, close };
});

const syncs = vi.mocked(fdatasync);
const closes = vi.mocked(close);

beforeEach(() => {
  syncs.mockClear();
  closes.mockClear();
});

/** A folder with a database that is open. */
async function opened() {
  const path = tempDir();
  const store = await openStore({ path });
  onTestFinished(() => store.close());
  store.putJob(storedJob('primes', 'running'));
  return { path, store };
}

const inodeOfLog = (path: string) => statSync(join(path, 'jobs.sqlite-wal')).ino;

test('what is synced is the log that the database is writing', async () => {
  const { path, store } = await opened();
  syncs.mockClear();
  await store.sync();
  expect(syncs).toHaveBeenCalledTimes(1);
  expect(fstatSync(syncs.mock.lastCall?.[0] ?? -1).ino).toBe(inodeOfLog(path));
  await store.sync();
  expect(syncs).toHaveBeenCalledTimes(2);
});

test('a store that is open has synced what a killed process may have left unsynced', async () => {
  const path = tempDir();
  const before = await openStore({ path });
  before.putJob(storedJob('primes', 'running'));
  before.close();
  syncs.mockClear();
  const after = await openStore({ path });
  onTestFinished(() => after.close());
  expect(syncs).toHaveBeenCalledTimes(1);
  expect(fstatSync(syncs.mock.lastCall?.[0] ?? -1).ino).toBe(inodeOfLog(path));
});

test('a sync that is under way is seen through before the file is closed', async () => {
  const { path } = await opened();
  const log = new WriteAheadLog(path);
  const ends: (() => void)[] = [];
  syncs.mockImplementationOnce((_file, done) => void ends.push(() => done(null)));
  const syncing = log.sync();
  log.close();
  await setImmediate();
  expect(closes).not.toHaveBeenCalled();
  for (const end of ends) end();
  await syncing;
  await expect.poll(() => closes.mock.calls).toHaveLength(1);
  log.close();
  await setImmediate();
  expect(closes).toHaveBeenCalledTimes(1);
});

test('a disk that can’t sync says so, and is asked again the next time', async () => {
  const { store } = await opened();
  const trouble = Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' });
  syncs.mockImplementationOnce((_file, done) => done(trouble));
  await expect(store.sync()).rejects.toMatchObject({ code: 'store-failed' });
  await store.sync();
});
