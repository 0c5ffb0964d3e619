/** Reads and writes of files go their way; what the disk says to syncs is up to the test. */

import {
  close,
  cpSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import type { Store } from '../../../src/ports.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { DiskLimit } from '../../../src/storage/disk-limit.ts';
import { openStore } from '../../../src/storage/sqlite-store.ts';
import { WriteAheadLog } from '../../../src/storage/write-ahead-log.ts';
import { resultOf, storedJob } from '../../support/stored-jobs.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** What was written to files at once: where, and how many bytes. */
const written = vi.hoisted(() => new Array<readonly [at: number, bytes: number]>());

vi.mock(import('node:fs'), async (importOriginal) => {
  const fs = await importOriginal();
  return {
    ...fs,
    fdatasync: vi.fn<typeof fs.fdatasync>(fs.fdatasync),
    fdatasyncSync: vi.fn<typeof fs.fdatasyncSync>(fs.fdatasyncSync),
    writeSync: new Proxy(fs.writeSync, {
      apply(target, self, given: readonly unknown[]) {
        written.push([Number(given[4]), Number(given[3])]);
        return Reflect.apply(target, self, given);
      },
    }),
    close: vi.fn<typeof fs.close>(fs.close),
  };
});

const syncs = vi.mocked(fdatasync);
const syncsAtOnce = vi.mocked(fdatasyncSync);
const closes = vi.mocked(close);

const MiB = 1024 * 1024;
const PAGE_BYTES = 4096;
const HEADER_BYTES = 32;
const FRAME_BYTES = 24 + PAGE_BYTES;
/** More than SQLite keeps in its log when it may copy it. */
const MANY = 1200;

const trouble = Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' });

beforeEach(() => {
  for (const mock of [syncs, syncsAtOnce, closes]) mock.mockClear();
  written.length = 0;
});

/** A folder with a database that is open. */
async function opened() {
  const path = tempDir();
  const store = await openStore({ path });
  onTestFinished(() => store.close());
  store.putJob(storedJob('primes', 'running'));
  return { path, store };
}

const logIn = (path: string) => join(path, 'jobs.sqlite-wal');
const inodeOfLog = (path: string) => statSync(logIn(path)).ino;
const databaseIn = (path: string) => readFileSync(join(path, 'jobs.sqlite'));

/** The bytes of the log that were written again, from its first one without a gap. */
function bytesWrittenAgain(): number {
  let end = 0;
  for (const [at, bytes] of written) {
    expect(at).toBe(end);
    end += bytes;
  }
  return end;
}

/** Of the job that is there. */
function commitMany(store: Store, from = 0): void {
  const { job } = storedJob('primes', 'running');
  for (let chunk = from; chunk < from + MANY; chunk++) {
    store.commit([{ job, results: [resultOf(chunk)] }]);
  }
}

/** More than the log is let grow to, where it can be copied. */
function commitBurst(store: Store): void {
  const { job } = storedJob('primes', 'running');
  for (let chunk = 0; chunk < 90; chunk++) {
    store.commit([{ job, results: [resultOf(chunk, new Uint8Array(MiB))] }]);
  }
}

/**
 * Whether the next transaction does not begin the log anew: SQLite would sync its header within,
 * and a disk that can't would be the end of what is committed.
 */
function isBegun(path: string, store: Store): boolean {
  const header = (): Buffer => readFileSync(logIn(path)).subarray(0, HEADER_BYTES);
  const before = header();
  store.putJob(storedJob('after', 'running'));
  return before.length === HEADER_BYTES && before.equals(header());
}

/** The disk takes nothing any more; and takes it again. */
function breakDisk() {
  const [sync, syncAtOnce] = [syncs.getMockImplementation(), syncsAtOnce.getMockImplementation()];
  syncs.mockImplementation((_file, done) => done(trouble));
  syncsAtOnce.mockImplementation(() => {
    throw trouble;
  });
  const mend = (): void => {
    if (sync !== undefined) syncs.mockImplementation(sync);
    if (syncAtOnce !== undefined) syncsAtOnce.mockImplementation(syncAtOnce);
  };
  onTestFinished(mend);
  return mend;
}

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

test('nor does what is committed first begin the log of a store that was closed', async () => {
  const path = tempDir();
  (await openStore({ path })).close();
  const store = await openStore({ path });
  onTestFinished(() => store.close());
  expect(isBegun(path, store)).toBe(true);
});

test('a sync that is under way is seen through before the file is closed', async () => {
  const path = tempDir();
  const database = openDatabase(path);
  onTestFinished(() => database.close());
  const log = new WriteAheadLog(path, database);
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

test('syncs are made one after the other, and who comes meanwhile shares the next', async () => {
  const { store } = await opened();
  const ends: (() => void)[] = [];
  syncs.mockClear();
  syncs.mockImplementationOnce((_file, done) => void ends.push(() => done(null)));
  const ended: string[] = [];
  const first = store.sync().then(() => ended.push('first'));
  const others = ['second', 'third'].map((name) => store.sync().then(() => ended.push(name)));
  await setImmediate();
  expect(syncs).toHaveBeenCalledTimes(1);
  expect(ended).toEqual([]);
  for (const end of ends) end();
  await Promise.all([first, ...others]);
  expect(ended).toEqual(['first', 'second', 'third']);
  expect(syncs).toHaveBeenCalledTimes(2);
});

test('after a sync that failed the next one writes all of the log again before', async () => {
  const { path, store } = await opened();
  await store.sync();
  expect(written).toEqual([]);
  store.putJob(storedJob('more', 'running'));
  syncs.mockImplementationOnce((_file, done) => done(trouble));
  await expect(store.sync()).rejects.toMatchObject({ code: 'store-failed' });
  const before = readFileSync(logIn(path));
  let bytes = 0;
  syncs.mockImplementationOnce((_file, done) => {
    bytes = bytesWrittenAgain();
    done(null);
  });
  await expect.poll(() => store.syncTrouble).toBeUndefined();
  expect(bytes).toBe(before.length);
  expect(readFileSync(logIn(path))).toEqual(before);
  written.length = 0;
  await store.sync();
  expect(written).toEqual([]);
});

test('a sync that failed is tried again by itself, and who asks in between is told', async () => {
  const { store } = await opened();
  expect(store.syncTrouble).toBeUndefined();
  const mend = breakDisk();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  syncs.mockClear();
  const [first, behind] = [store.sync(), store.sync()];
  await expect(first).rejects.toThrow('EIO');
  await expect(behind).rejects.toThrow('EIO');
  expect(store.syncTrouble).toContain('EIO');
  expect(syncs).toHaveBeenCalledTimes(1);
  commitBurst(store);
  for (const waitMs of [100, 200, 400]) {
    const before = syncs.mock.calls.length;
    await vi.advanceTimersByTimeAsync(waitMs - 1);
    written.length = 0;
    await expect(store.sync()).rejects.toThrow('EIO');
    commitMany(store);
    // Neither costs the disk anything, nor the event loop.
    expect(written).toEqual([]);
    expect(syncsAtOnce).not.toHaveBeenCalled();
    expect(syncs).toHaveBeenCalledTimes(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(syncs).toHaveBeenCalledTimes(before + 1);
    expect(bytesWrittenAgain()).toBeGreaterThan(FRAME_BYTES);
  }
  mend();
  await vi.advanceTimersByTimeAsync(800);
  await expect.poll(() => store.syncTrouble).toBeUndefined();
  await store.sync();
});

test('what the system has no more is never said to be kept, nor copied', async () => {
  const { path, store } = await opened();
  await store.sync();
  const synced = readFileSync(logIn(path));
  store.putJob(storedJob('lost', 'running'));
  syncs.mockImplementationOnce((_file, done) => {
    // As btrfs does it: the old bytes are there again.
    const old = readFileSync(logIn(path)).fill(0, synced.length);
    writeFileSync(logIn(path), old);
    done(trouble);
  });
  await expect(store.sync()).rejects.toMatchObject({ code: 'store-failed' });
  const before = databaseIn(path);
  commitMany(store);
  const lost = {
    code: 'store-failed',
    message: expect.stringMatching(/has lost a part.*start it/),
  };
  await expect.poll(() => store.syncTrouble).toContain('has lost a part');
  await expect(store.sync()).rejects.toMatchObject(lost);
  store.close();
  expect(databaseIn(path)).toEqual(before);
  // The next process begins with what was synced.
  const copy = tempDir();
  cpSync(path, copy, { recursive: true });
  const next = await openStore({ path: copy });
  onTestFinished(() => next.close());
  expect(next.listJobs().map(({ spec }) => spec.name)).toEqual(['primes']);
});

test('nothing is copied from a log that can’t be synced, until it can', async () => {
  const { path, store } = await opened();
  await store.sync();
  const before = databaseIn(path);
  const mend = breakDisk();
  commitMany(store);
  await expect.poll(() => store.syncTrouble).toBeDefined();
  expect(statSync(logIn(path)).size).toBeGreaterThan(MANY * FRAME_BYTES);
  expect(databaseIn(path)).toEqual(before);
  mend();
  written.length = 0;
  await expect.poll(() => databaseIn(path).length).toBeGreaterThan(before.length);
  expect(written.length).toBeGreaterThan(MANY);
});

test('nor is its room given back by writing the database anew', async () => {
  const path = tempDir();
  const store = await openStore({ path, limit: new DiskLimit(path, 10 * MiB) });
  onTestFinished(() => store.close());
  const kept = storedJob('primes', 'running');
  store.putJob(kept);
  for (let chunk = 0; chunk < 50; chunk++) {
    store.commit([{ job: kept.job, results: [resultOf(chunk, new Uint8Array(100_000))] }]);
  }
  store.dropResults(kept.job);
  await store.sync();
  const before = databaseIn(path);
  const mend = breakDisk();
  await expect(store.sync()).rejects.toThrow('EIO');
  await expect(store.putBlob(new Uint8Array(5 * MiB))).rejects.toMatchObject({ code: 'disk-full' });
  expect(databaseIn(path)).toEqual(before);
  mend();
  await expect.poll(() => store.syncTrouble).toBeUndefined();
  await store.putBlob(new Uint8Array(5 * MiB));
  expect(isBegun(path, store)).toBe(true);
});

/** A log that is told to copy what it has, while a sync of its own is under way. */
function copiedBeside(isTold: boolean) {
  const path = tempDir();
  const database = openDatabase(path);
  onTestFinished(() => database.close());
  const log = new WriteAheadLog(path, database);
  onTestFinished(() => void log.close());
  const ends: (() => void)[] = [];
  syncs.mockImplementationOnce((_file, done) => void ends.push(() => done(null)));
  const syncing = log.sync();
  if (isTold) {
    syncsAtOnce.mockImplementationOnce(() => {
      throw trouble;
    });
  }
  written.length = 0;
  const isCopied = log.copy('TRUNCATE');
  for (const end of ends) end();
  return { isCopied, syncing };
}

test('what is synced at once, beside a sync that is under way, is written again', async () => {
  const { isCopied, syncing } = copiedBeside(false);
  expect(isCopied).toBe(true);
  expect(bytesWrittenAgain()).toBeGreaterThanOrEqual(HEADER_BYTES + FRAME_BYTES);
  await syncing;
});

test('a failure that only one of the two is told is one of both', async () => {
  const { isCopied, syncing } = copiedBeside(true);
  expect(isCopied).toBe(false);
  await expect(syncing).rejects.toMatchObject({ code: 'store-failed' });
});

test('the log is copied as it grows, and its room is used again', async () => {
  const { path, store } = await opened();
  for (let from = 0; from < 5 * MANY; from += MANY) {
    commitMany(store, from);
    await store.sync();
  }
  expect(statSync(logIn(path)).size).toBeLessThan(HEADER_BYTES + 1.5 * MANY * FRAME_BYTES);
  expect(isBegun(path, store)).toBe(true);
});

test('a burst is copied before it has ended', async () => {
  const { path, store } = await opened();
  commitBurst(store);
  expect(statSync(logIn(path)).size).toBeLessThan(72 * MiB);
  expect(databaseIn(path).length).toBeGreaterThan(1 * MiB);
});

test('it is so without anybody who asks for a sync', async () => {
  const { path, store } = await opened();
  const before = databaseIn(path);
  commitMany(store);
  await expect.poll(() => databaseIn(path).length).toBeGreaterThan(before.length);
});

test('a store that is closed while its disk fails leaves the log to the next process', async () => {
  const { path, store } = await opened();
  const before = databaseIn(path);
  const mend = breakDisk();
  await expect(store.sync()).rejects.toThrow('EIO');
  store.close();
  expect(databaseIn(path)).toEqual(before);
  mend();
  const copy = tempDir();
  cpSync(path, copy, { recursive: true });
  written.length = 0;
  const next = await openStore({ path: copy });
  onTestFinished(() => next.close());
  expect(next.listJobs().map(({ spec }) => spec.name)).toEqual(['primes']);
  // It may look synced to this one, and not be: the system says so once only.
  expect(bytesWrittenAgain()).toBe(readFileSync(logIn(path)).length);
});

test('a store whose log can’t be synced is not opened, and stays as it is', async () => {
  const { path, store } = await opened();
  const copy = tempDir();
  cpSync(path, copy, { recursive: true });
  store.close();
  const before = [databaseIn(copy), readFileSync(logIn(copy))];
  breakDisk();
  await expect(openStore({ path: copy })).rejects.toMatchObject({ code: 'store-failed' });
  expect([databaseIn(copy), readFileSync(logIn(copy))]).toEqual(before);
});
