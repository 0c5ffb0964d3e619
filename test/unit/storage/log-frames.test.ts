import { openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { rewriteFrames } from '../../../src/storage/log-frames.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** What was written to files at once: where, and how many bytes. */
const written = vi.hoisted(() => new Array<readonly [at: number, bytes: number]>());
/** What the disk takes of each write. */
const taken = vi.hoisted(() => ({ bytesMax: Infinity }));

vi.mock(import('node:fs'), async (importOriginal) => {
  const fs = await importOriginal();
  return {
    ...fs,
    writeSync: new Proxy(fs.writeSync, {
      apply(target, self, given: readonly unknown[]) {
        const [file, from, start, length, at] = given;
        const bytes = Math.min(Number(length), taken.bytesMax);
        written.push([Number(at), bytes]);
        return Reflect.apply(target, self, [file, from, start, bytes, at]);
      },
    }),
  };
});

const PAGE_BYTES = 4096;
const HEADER_BYTES = 32;
const FRAME_BYTES = 24 + PAGE_BYTES;

beforeEach(() => {
  written.length = 0;
  taken.bytesMax = Infinity;
});

/** A database with so many rows of a page each, and its log. */
function logOf(rows: number) {
  const path = join(tempDir(), 'some.sqlite');
  const database = new DatabaseSync(path);
  onTestFinished(() => database.close());
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA wal_autocheckpoint = 0;
    CREATE TABLE some (value BLOB);
  `);
  const insert = database.prepare('INSERT INTO some VALUES (zeroblob(3000))');
  const put = (count: number): void => {
    for (let row = 0; row < count; row++) insert.run();
  };
  put(rows);
  const log = `${path}-wal`;
  return { database, put, log, file: openSync(log, 'r+'), frames: () => framesIn(database) };
}

const framesIn = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.['log']);

test('all that SQLite has committed is whole, and is written where it was', () => {
  const { log, file, frames } = logOf(20);
  const before = readFileSync(log);
  expect(frames()).toBeGreaterThan(20);
  expect(rewriteFrames(file, frames())).toBe(true);
  const expected = Array.from({ length: frames() }, (_, frame) => {
    return [HEADER_BYTES + frame * FRAME_BYTES, FRAME_BYTES];
  });
  expect(written).toEqual([[0, HEADER_BYTES], ...expected]);
  expect(readFileSync(log)).toEqual(before);
});

test.each([
  ['of a page', 24 + 100],
  ['of its checksum', 20],
  ['of the size of the database', 4],
  ['of its salts', 10],
])('a frame with another byte %s ends the chain, and stays as it is', (_what, at) => {
  const { log, file, frames } = logOf(20);
  const bytes = readFileSync(log);
  bytes.writeUInt8(
    bytes.readUInt8(HEADER_BYTES + 7 * FRAME_BYTES + at) ^ 1,
    at + 7 * FRAME_BYTES + HEADER_BYTES,
  );
  writeFileSync(log, bytes);
  expect(rewriteFrames(file, frames())).toBe(false);
  expect(written).toHaveLength(1 + 7);
  expect(readFileSync(log)).toEqual(bytes);
});

test('frames of an older round are none', () => {
  const { database, put, file, frames } = logOf(20);
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  put(1);
  expect(frames()).toBeLessThan(20);
  expect(rewriteFrames(file, frames())).toBe(true);
  expect(rewriteFrames(file, frames() + 1)).toBe(false);
});

test('frames that were rolled back are left alone', () => {
  const { database, log, file, frames } = logOf(20);
  // So small a cache that SQLite writes to the log before it is asked to commit.
  database.exec('PRAGMA cache_size = 10; BEGIN');
  for (let row = 0; row < 50; row++) database.exec('INSERT INTO some VALUES (zeroblob(3000))');
  database.exec('ROLLBACK');
  expect(readFileSync(log).length).toBeGreaterThan(HEADER_BYTES + frames() * FRAME_BYTES);
  expect(rewriteFrames(file, frames())).toBe(true);
  expect(written).toHaveLength(1 + frames());
});

test('what a disk takes a part of is written to its end', () => {
  const { log, file, frames } = logOf(3);
  const before = readFileSync(log);
  taken.bytesMax = 1000;
  expect(rewriteFrames(file, frames())).toBe(true);
  const ends = written.map(([at, bytes]) => at + bytes);
  expect(written.map(([at]) => at)).toEqual([0, ...ends.slice(0, -1)]);
  expect(ends.at(-1)).toBe(before.length);
  expect(readFileSync(log)).toEqual(before);
});

test('a log that ends in the middle of a frame has those before it', () => {
  const { log, file } = logOf(20);
  truncateSync(log, HEADER_BYTES + 5 * FRAME_BYTES + 1000);
  expect(rewriteFrames(file, 6)).toBe(false);
  expect(written).toHaveLength(1 + 5);
  expect(rewriteFrames(file, 5)).toBe(true);
});

test.each([
  ['empty', () => Buffer.alloc(0)],
  ['garbage', () => Buffer.alloc(10_000, 0x5a)],
  ['one whose header is damaged', (log: Buffer) => log.fill(1, 20, 21)],
  ['one with pages of no size', (log: Buffer) => log.fill(0, 8, 12)],
])('there is nothing in a log that is %s', (_what, change) => {
  const { log, file } = logOf(3);
  writeFileSync(log, change(readFileSync(log)));
  expect(rewriteFrames(file, 1)).toBe(false);
  expect(written).toEqual([]);
});
