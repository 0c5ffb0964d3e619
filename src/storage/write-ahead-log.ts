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
 * again (`log-frames.ts`). That stops the event loop, 0.1 s for 100 MB, so it is tried at intervals
 * that grow, and who asks in between is told at once. PostgreSQL ends its process in the place of
 * that, and reads its log anew. That alone would not help: the next process would find in the
 * system's memory what this one has, and hold it for synced. So a log that is found at the start
 * is written again as well.
 *
 * **Checkpoints** are made from here, after a sync that went well. SQLite's own would sync the log,
 * forget that this failed, and the next one would copy a log that the disk does not have: a power
 * failure in the middle of it would leave a database of two ages. Closing a database copies its
 * log, too: one with a log that is suspect is never closed (`left-open.ts`).
 */

import {
  close,
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  openSync,
} from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';

import { GridError, reasonOf } from '../model/errors.ts';
import { rewriteFrames } from './log-frames.ts';
import { storeTrouble } from './store-trouble.ts';

const datasync = promisify(fdatasync);

/** Of 4 KiB each. SQLite's own default (sqlite.org/wal.html, section 3.2). */
const CHECKPOINT_FRAMES = 1000;
/**
 * What is written in a burst, or while a sync takes long, is not let grow past this: 64 MiB, past
 * which the file is cut again. Copied at once it stops the event loop for a second on a slow disk.
 */
const BURST_FRAMES_MAX = 16 * CHECKPOINT_FRAMES;
/** Of the file, with a bit for the frames' headers: what it has after a burst is given back. */
const ROOM_BYTES = CHECKPOINT_FRAMES * 4200;

/** After a sync that failed; doubled with each further one. Guesses. */
const AGAIN_MS_MIN = 100;
const AGAIN_MS_MAX = 30_000;

/** To be read before the log is used: since then nothing is copied by SQLite of its own accord. */
export const LOG_PRAGMAS = 'PRAGMA wal_autocheckpoint = 0;';

/** Asks how long the log is. Does nothing since SQLite 3.51, which every Node 26 has. */
const LENGTH_PRAGMA = 'PRAGMA wal_checkpoint(NOOP)';

/**
 * Has on the disk what an earlier process has left in the log, before anything else is done with
 * the database.
 * @param path the folder of the database, which is open and locked
 */
export function settleLog(path: string, database: DatabaseSync): void {
  // SQLite reads the log with the first table that it reads, and makes it if there is none.
  const { frames } = framesOf(database.prepare(LENGTH_PRAGMA));
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
  readonly #frames: StatementSync;
  /**
   * SQLite keeps one log for as long as the database is open. Open for as long: what could not be
   * written is told of once to each file that was open by then.
   */
  #file: number | undefined;
  /** Of the last sync, if it failed. */
  #trouble: unknown;
  /** Syncs that have failed. */
  #failures = 0;
  #againMs = AGAIN_MS_MIN;
  /** To try again. */
  #again: NodeJS.Timeout | undefined;
  #copyDueFrames = CHECKPOINT_FRAMES;
  /** On the thread. */
  #isSyncing = false;
  /** Whoever waits for a sync that has not begun. */
  #next: PromiseWithResolvers<void> | undefined;
  #draining: Promise<void> | undefined;

  /** @param path the folder of the database, which has been read by now */
  constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#frames = database.prepare(LENGTH_PRAGMA);
    this.#file = openSync(fileOf(path), 'r+');
    if (framesOf(this.#frames).frames === 0) this.#begin();
  }

  /** Whether it may hold what is not on the disk, though a sync was asked for. */
  get isSuspect(): boolean {
    return this.#trouble !== undefined;
  }

  /** Why it is; undefined while all is well. */
  get trouble(): string | undefined {
    return this.isSuspect ? reasonOf(this.#trouble) : undefined;
  }

  /**
   * Resolves when all that was committed before is on the disk. One at a time: of two at once only
   * one is told that something could not be written, though the other may have been for it as well.
   * While it fails it is tried again from here, and fails at once in between.
   * @throws {GridError} `store-failed`, `disk-full`
   */
  sync(): Promise<void> {
    this.#next ??= Promise.withResolvers();
    const { promise } = this.#next;
    this.#draining ??= this.#drain();
    return promise;
  }

  /** To be called after each transaction: a log that has grown is synced and copied. */
  written(): void {
    // Of several in one the last one counts, which is the end of it.
    if (this.#file === undefined || this.#database.isTransaction || this.isSuspect) return;
    const frames = this.#uncopiedFrames;
    if (frames < this.#copyDueFrames) return;
    if (frames >= BURST_FRAMES_MAX) this.copy('PASSIVE');
    else this.sync().catch(() => undefined);
  }

  /** For when the owner's limit asks for room. @returns whether some was given back */
  shed(): boolean {
    if (this.#file === undefined || this.isSuspect) return false;
    return fstatSync(this.#file).size > ROOM_BYTES && this.copy('TRUNCATE');
  }

  /**
   * Syncs what is not on the disk yet, copies all into the database, and begins the log anew; at
   * once, which stops the event loop. On a thread of its own the log would grow meanwhile, past the
   * bound that the owner has set.
   * @param mode whether the log keeps its room
   */
  copy(mode: 'PASSIVE' | 'TRUNCATE'): boolean {
    if (this.#file === undefined || !this.#settle(this.#file)) return false;
    try {
      this.#database.exec(`PRAGMA wal_checkpoint(${mode})`);
    } catch {
      // All is in the log still, and is copied once more: later, if the disk may be full.
      this.#copyDueFrames *= 2;
      return false;
    }
    this.#copyDueFrames = CHECKPOINT_FRAMES;
    this.#begin();
    return true;
  }

  /**
   * What is being synced is seen through.
   * @returns whether the database may be closed, which copies the log into it: not a suspect one,
   *   which the next process reads as far as the disk has it
   */
  close(): boolean {
    const file = this.#file;
    if (file === undefined) return !this.isSuspect;
    const isSettled = this.#settle(file);
    clearTimeout(this.#again);
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
        // Now little is left to be synced at once.
        if (this.#file === undefined) continue;
        if (this.#uncopiedFrames >= this.#copyDueFrames) this.copy('PASSIVE');
      } catch (error) {
        next.reject(error);
      }
    }
    this.#draining = undefined;
  }

  async #syncOnce(): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new Error('the log is closed');
    if (this.#again !== undefined) throw this.#trouble;
    const failures = this.#failures;
    try {
      if (this.isSuspect) this.#writeAgain(file);
      this.#isSyncing = true;
      await datasync(file);
    } catch (error) {
      throw this.#failed(error);
    } finally {
      this.#isSyncing = false;
    }
    // One at once failed meanwhile, and only one is told.
    if (this.#failures > failures) throw this.#trouble;
    this.#synced();
  }

  /** At once. @returns whether all is on the disk */
  #settle(file: number): boolean {
    try {
      // Beside a sync that is under way this one may not be told what could not be written.
      if (this.isSuspect || this.#isSyncing) this.#writeAgain(file);
      fdatasyncSync(file);
      this.#synced();
    } catch (error) {
      this.#failed(error);
    }
    return !this.isSuspect;
  }

  #synced(): void {
    this.#trouble = undefined;
    this.#againMs = AGAIN_MS_MIN;
    clearTimeout(this.#again);
    this.#again = undefined;
  }

  /** @returns what to tell of it */
  #failed(error: unknown): unknown {
    this.#trouble = storeTrouble(error, this.#path);
    this.#failures += 1;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.sync().catch(() => undefined);
    }, this.#againMs).unref();
    this.#againMs = Math.min(2 * this.#againMs, AGAIN_MS_MAX);
    return this.#trouble;
  }

  get #uncopiedFrames(): number {
    const { frames, copied } = framesOf(this.#frames);
    return frames - copied;
  }

  #writeAgain(file: number): void {
    writeAgain(this.#path, file, framesOf(this.#frames).frames);
  }

  /**
   * SQLite syncs the header of its log in the first transaction after all was copied, which fails
   * with it. So that is one that changes nothing, now that the disk is well.
   */
  #begin(): void {
    try {
      const version = this.#database.prepare('PRAGMA user_version').get()?.['user_version'];
      this.#database.exec(`PRAGMA user_version = ${Number(version)}`);
    } catch {
      // The next transaction has to, or says why it can't be kept.
    }
  }
}

/** @throws {GridError} `store-failed` where the system has the frames no more */
function writeAgain(path: string, file: number, frames: number): void {
  if (rewriteFrames(file, frames)) return;
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
