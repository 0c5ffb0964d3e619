/**
 * The database's file: opening it so that no damage goes unseen, and what it takes on the disk.
 *
 * SQLite reports damage when it meets it, which may be in the middle of a job. So a file that is
 * not too large is read through at the start. Pages of what was deleted are used again, but the
 * file never shrinks by itself: `auto_vacuum` would make every deletion dearer, so it is written
 * anew when its owner's limit asks for the room.
 */

import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

import { leaveOpen } from './left-open.ts';
import { migrate } from './schema.ts';
import { damaged, storeTrouble } from './store-trouble.ts';
import { LOG_PRAGMAS, settleLog, type WriteAheadLog } from './write-ahead-log.ts';

/** A peer that is being stopped gives its lock back within this time. */
const LOCK_WAIT_MS = 1000;

/** A log that grew past this in a burst is cut back at the next checkpoint. */
const WAL_BYTES_MAX = 64 * 1024 * 1024;

/** Read through in some 0.1 s; of a larger file damage is found where it is met. */
const CHECKED_BYTES_MAX = 64 * 1024 * 1024;

/** Writing the file anew takes as long as writing what is in use: it must be worth it. */
const COMPACTED_BYTES_MIN = 1024 * 1024;
const COMPACTED_SHARE_MIN = 0.25;

/** @throws {GridError} `disk-full`, `store-failed`, `peer-already-running` */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  let isLocked = false;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // SQLite's own words for it are many, and few of them say it.
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    const file = fileOf(path);
    const bytes = statSync(file, { throwIfNoEntry: false })?.size;
    database = new DatabaseSync(file, { timeout: LOCK_WAIT_MS });
    // The lock before the first access, so that the log needs no shared memory file; NORMAL may
    // lose the last transactions in a power failure, never in a crash of the peer, and never
    // damages.
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA journal_size_limit = ${WAL_BYTES_MAX};
      ${LOG_PRAGMAS}
    `);
    isLocked = true;
    settleLog(path, database);
    if (bytes !== undefined) check(database, path, bytes);
    migrate(database, path);
    return database;
  } catch (error) {
    // Closing would copy the log and delete it, and a start that is refused changes nothing.
    if (isLocked && database !== undefined && logBytesIn(path) > 0) leaveOpen(database);
    else if (database?.isOpen) database.close();
    throw storeTrouble(error, path);
  }
}

/** Of a file that was there. */
function check(database: DatabaseSync, path: string, bytes: number): void {
  // A peer has its tables before it has its key: without them something was lost.
  const hadPeer = existsSync(join(path, 'identity.pem'));
  if (hadPeer && numberOf(database.prepare('PRAGMA user_version')) === 0) {
    throw damaged(path, 'it is empty');
  }
  if (bytes > CHECKED_BYTES_MAX) return;
  const said = String(database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']);
  if (said !== 'ok') throw damaged(path, said.replaceAll(/\s+/g, ' '));
}

/** How large the file is. */
export class DatabaseSize {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #pageBytes: number;
  readonly #pages: StatementSync;
  readonly #freePages: StatementSync;

  /** @param path the folder that it is in */
  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#pageBytes = numberOf(database.prepare('PRAGMA page_size'));
    this.#pages = database.prepare('PRAGMA page_count');
    this.#freePages = database.prepare('PRAGMA freelist_count');
  }

  /** With its log. */
  get bytesTaken(): number {
    return numberOf(this.#pages) * this.#pageBytes + logBytesIn(this.#path);
  }

  /** Within the file, for whatever is written next. */
  get bytesFree(): number {
    return numberOf(this.#freePages) * this.#pageBytes;
  }

  /** @returns false where it would gain little, or can't be done now */
  compact(log: Pick<WriteAheadLog, 'isSuspect' | 'copy'>): boolean {
    if (log.isSuspect) return false;
    const before = this.bytesTaken;
    const { bytesFree } = this;
    if (bytesFree < COMPACTED_BYTES_MIN || bytesFree < COMPACTED_SHARE_MIN * before) return false;
    try {
      this.#database.exec('VACUUM');
    } catch {
      // It needs room beside the file, and may find none.
      return false;
    }
    return log.copy('TRUNCATE') && this.bytesTaken < before;
  }
}

function logBytesIn(path: string): number {
  return statSync(`${fileOf(path)}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

function fileOf(path: string): string {
  return join(path, 'jobs.sqlite');
}

function numberOf(pragma: StatementSync): number {
  return Number(Object.values(pragma.get() ?? {})[0]);
}
