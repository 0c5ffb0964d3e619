import {
  closeSync,
  cpSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { DatabaseSize, openDatabase } from '../../../src/storage/database.ts';
import { WriteAheadLog } from '../../../src/storage/write-ahead-log.ts';
import { tempDir } from '../../support/temp-dir.ts';

const PAGE_BYTES = 4096;

test.each([
  ['its end is missing', (file: string) => truncateSync(file, statSync(file).size - PAGE_BYTES)],
  ['a page of it is overwritten', (file: string) => scribble(file, 2 * PAGE_BYTES, PAGE_BYTES)],
  ['its first bytes are', (file: string) => scribble(file, 0, 16)],
  ['it is garbage', (file: string) => writeFileSync(file, new Uint8Array(50_000).fill(0x5a))],
  ['it is empty', (file: string) => truncateSync(file, 0)],
])('is not opened when %s, and is left as it is', (_what, damage) => {
  const path = tempDir();
  filled(path).close();
  // There was a peer here: so an empty file is not a new one.
  writeFileSync(join(path, 'identity.pem'), 'a key');
  const file = join(path, 'jobs.sqlite');
  damage(file);
  const before = readFileSync(file);
  for (let start = 0; start < 2; start++) {
    expect(() => openDatabase(path)).toThrow(
      expect.objectContaining({
        code: 'store-failed',
        message: expect.stringMatching(
          /jobs\.sqlite is damaged \(.*\)\. Stop the peer, .* Move the files .* away/,
        ),
      }),
    );
  }
  // An empty one gets its first bytes; that it has no tables stays as it is.
  expect(readFileSync(file).subarray(0, before.length)).toEqual(before);
});

test('a start that is refused leaves the log to the next one', () => {
  const path = tempDir();
  const database = filled(path);
  onTestFinished(() => database.close());
  database.exec('PRAGMA user_version = 1000; INSERT INTO some VALUES (zeroblob(20000))');
  const copy = tempDir();
  cpSync(path, copy, { recursive: true });
  const files = () => ['jobs.sqlite', 'jobs.sqlite-wal'].map((it) => readFileSync(join(copy, it)));
  const before = files();
  expect(() => openDatabase(copy)).toThrow(/written by a newer manyhands/);
  expect(files()).toEqual(before);
});

test('an empty file where no peer has been is one that did not get far', () => {
  const path = tempDir();
  writeFileSync(join(path, 'jobs.sqlite'), '');
  const database = openDatabase(path);
  expect(new DatabaseSize(database, path).bytesTaken).toBeGreaterThan(0);
  database.close();
});

test('what was deleted is used again, and given back when there is need', () => {
  const path = tempDir();
  const database = filled(path);
  onTestFinished(() => database.close());
  const size = new DatabaseSize(database, path);
  const log = new WriteAheadLog(path, database);
  onTestFinished(() => void log.close());
  database.exec('CREATE TABLE large AS SELECT zeroblob(4000000)');
  const full = size.bytesTaken;
  expect(size.compact(log)).toBe(false);
  database.exec('DROP TABLE large');
  expect(size.bytesFree).toBeGreaterThan(3_900_000);
  expect(size.bytesTaken).toBeGreaterThanOrEqual(full);
  expect(size.compact(log)).toBe(true);
  expect(size.bytesFree).toBe(0);
  expect(size.bytesTaken).toBeLessThan(200_000);
});

/** With some pages of its own, closed again so that all is in the one file. */
function filled(path: string) {
  const database = openDatabase(path);
  database.exec('CREATE TABLE some (value BLOB); INSERT INTO some VALUES (zeroblob(20000))');
  database.close();
  return openDatabase(path);
}

function scribble(path: string, at: number, bytes: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, new Uint8Array(bytes).fill(0xff), 0, bytes, at);
  closeSync(file);
}
