/**
 * The log of the database, as far as power failures go. SQLite writes what is committed to its log
 * and has it synced by the next checkpoint only (`synchronous = NORMAL`); until then it outlives
 * the process, not a power failure. Syncing with each commit (`FULL`) would stop the event loop for
 * as long as the disk takes, 10 ms and more on one that spins. So the log is synced from here, on a
 * thread, and who depends on it waits.
 *
 * That is as good: `FULL` does nothing else. Where a checkpoint has moved what was committed from
 * the log to the database before, it has synced both.
 */

import { close, fdatasync, openSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const datasync = promisify(fdatasync);

export class WriteAheadLog {
  readonly #path: string;
  /** SQLite keeps one log for as long as the database is open. */
  #file: number | undefined;
  #syncing: Promise<void> = Promise.resolve();

  /** @param path the folder of the database */
  constructor(path: string) {
    this.#path = join(path, 'jobs.sqlite-wal');
  }

  /** Resolves when all that was committed before is on the disk. */
  async sync(): Promise<void> {
    this.#file ??= openSync(this.#path, 'r');
    this.#syncing = datasync(this.#file);
    await this.#syncing;
  }

  /** What is being synced is seen through. */
  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    const end = (): void => close(file, () => undefined);
    this.#syncing.then(end, end);
  }
}
