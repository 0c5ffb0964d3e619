/**
 * The log of the database, as far as power failures go. SQLite writes what is committed to its log
 * and has it synced by the next checkpoint only (`synchronous = NORMAL`); until then it outlives
 * the process, not a power failure. Syncing with each commit (`FULL`) would stop the event loop for
 * as long as the disk takes, 10 ms and more on one that spins. So the log is synced from here, on a
 * thread, and who depends on it waits.
 *
 *   committed ---> synced ---> copied into the database by a checkpoint
 *       ^            | failed
 *       +- written --+ again, and nothing is copied meanwhile
 *
 * **When a sync fails**, the system may hold for written what is not on the disk: the next sync
 * would say that all is well, though the log has a hole, and SQLite reads no further than that
 * after a power failure. So the log is suspect from then on, and each further sync first writes it
 * again (`log-frames.ts`). PostgreSQL ends its process in the place of that, and reads its log
 * anew. That alone would not help: the next process would find in the system's memory what this
 * one has, and hold it for synced. So a log that is found at the start is written again as well.
 *
 * **Checkpoints** are made from here, after a sync that went well. SQLite's own would sync the log,
 * forget that this failed, and the next one would copy a log that the disk does not have: a power
 * failure in the middle of it would leave a database of two ages.
 */

import { close, closeSync, existsSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';

import { GridError } from '../model/errors.ts';
import { rewriteFrames } from './log-frames.ts';

const datasync = promisify(fdatasync);

/** Of 4 KiB each. SQLite's own default (sqlite.org/wal.html, section 3.2). */
const CHECKPOINT_FRAMES = 1000;

/** To be read before the log is used: since then nothing is copied by SQLite of its own accord. */
export const LOG_PRAGMAS = 'PRAGMA wal_autocheckpoint = 0;';

/**
 * Has on the disk what an earlier process has left in the log, before anything else is done with
 * the database.
 * @param path the folder of the database, which is open and locked
 */
export function settleLog(path: string, database: DatabaseSync): void {
  // SQLite reads the log with the first table that it reads, and makes it if there is none.
  const { frames } = framesOf(database.prepare('PRAGMA wal_checkpoint(NOOP)'));
  if (frames <= 0 || !existsSync(fileOf(path))) return;
  const file = openSync(fileOf(path), 'r+');
  try {
    writeAgain(path, file, frames);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

export class WriteAheadLog {
  readonly #path: string;
  readonly #database: DatabaseSync;
  /** Asks for how long it is, and does nothing. */
  readonly #frames: StatementSync;
  /**
   * SQLite keeps one log for as long as the database is open. Open for as long: what could not be
   * written is told of once to each file that was open by then.
   */
  #file: number | undefined;
  /** Of the last sync, if it failed. */
  #trouble: unknown;
  #checkpointDueFrames = CHECKPOINT_FRAMES;
  /** Whoever waits for a sync that has not begun. */
  #next: PromiseWithResolvers<void> | undefined;
  #draining: Promise<void> | undefined;

  /** @param path the folder of the database, which has been read by now */
  constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#frames = database.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#file = openSync(fileOf(path), 'r+');
  }

  /** Whether it may hold what is not on the disk, though a sync was asked for. */
  get isSuspect(): boolean {
    return this.#trouble !== undefined;
  }

  /**
   * Resolves when all that was committed before is on the disk. One at a time: of two at once only
   * one is told that something could not be written, though the other may have been for it as well.
   */
  sync(): Promise<void> {
    this.#next ??= Promise.withResolvers();
    const { promise } = this.#next;
    this.#draining ??= this.#drain();
    return promise;
  }

  /**
   * To be called after each transaction. When the log has grown it is copied into the database,
   * which stops the event loop for as long as that takes, as SQLite's own checkpoints do. On a
   * thread of its own the log would grow meanwhile, past the bound that the owner has set.
   */
  written(): void {
    // Of several in one the last one counts, which is the end of it.
    if (this.#file === undefined || this.#database.isTransaction) return;
    const { frames, copied } = framesOf(this.#frames);
    if (frames - copied < this.#checkpointDueFrames) return;
    if (this.#settle(this.#file) && this.#checkpoint()) {
      this.#checkpointDueFrames = CHECKPOINT_FRAMES;
    } else {
      // Not with each transaction, while it fails.
      this.#checkpointDueFrames = frames - copied + CHECKPOINT_FRAMES;
    }
  }

  /**
   * What is being synced is seen through.
   * @returns whether the database may be closed, which copies the log into it: not a suspect one,
   *   which the next process reads as far as the disk has it
   */
  close(): boolean {
    const file = this.#file;
    if (file === undefined) return !this.isSuspect;
    const isSettled = !this.isSuspect || this.#settle(file);
    this.#file = undefined;
    const end = (): void => close(file, () => undefined);
    (this.#draining ?? Promise.resolve()).then(end, end);
    return isSettled;
  }

  /** Never rejects. */
  async #drain(): Promise<void> {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined;
      try {
        await this.#syncOnce();
        next.resolve();
      } catch (error) {
        this.#trouble = error;
        next.reject(error);
      }
    }
    this.#draining = undefined;
  }

  async #syncOnce(): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new Error('the log is closed');
    const before = this.#trouble;
    if (this.isSuspect) this.#writeAgain(file);
    await datasync(file);
    // Another one failed meanwhile, and only one is told.
    if (this.isSuspect && this.#trouble !== before) throw this.#trouble;
    this.#trouble = undefined;
  }

  /** At once. @returns whether all is on the disk */
  #settle(file: number): boolean {
    try {
      if (this.isSuspect) this.#writeAgain(file);
      fdatasyncSync(file);
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = error;
    }
    return !this.isSuspect;
  }

  #writeAgain(file: number): void {
    writeAgain(this.#path, file, framesOf(this.#frames).frames);
  }

  /** Of a log that is on the disk. If it fails all is in the log still, and is copied once more. */
  #checkpoint(): boolean {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
      return true;
    } catch {
      return false;
    }
  }
}

/** @throws {GridError} `store-failed` where the system has the frames no more */
function writeAgain(path: string, file: number, frames: number): void {
  if (rewriteFrames(file) >= frames) return;
  throw new GridError(
    'store-failed',
    `The disk has lost a part of ${fileOf(path)} that was not synced yet. Check the disk, and ` +
      'stop the peer and start it again: it goes on with what it has acknowledged.',
  );
}

/** How many it has, and of these how many the database has as well. */
function framesOf(statement: StatementSync): { readonly frames: number; readonly copied: number } {
  const row = statement.get();
  return { frames: Number(row?.['log'] ?? 0), copied: Number(row?.['checkpointed'] ?? 0) };
}

function fileOf(path: string): string {
  return join(path, 'jobs.sqlite-wal');
}
