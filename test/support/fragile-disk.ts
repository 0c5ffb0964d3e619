/**
 * A disk on which a store can lose what it has not synced: a log of all that was written, and what
 * replaying it gives. When the power fails a beginning of the log is left: at least what was synced
 * by then. SQLite's log is like that, since each of its frames has a checksum over all before it.
 *
 * Files are written beside, synced and renamed, so they are there or not: what has its name stays.
 */

import { MemoryStore } from './memory-store.ts';

type Write = (database: MemoryStore) => void;

export class FragileDisk {
  /** Blobs. */
  readonly files = new MemoryStore();
  readonly #log: Write[] = [];
  #database = new MemoryStore();
  #syncedWrites = 0;

  get database(): MemoryStore {
    return this.#database;
  }

  /** Writes so far. */
  get writes(): number {
    return this.#log.length;
  }

  /** Of those, the first ones that would outlive a power failure now. */
  get syncedWrites(): number {
    return this.#syncedWrites;
  }

  /** @throws {Error} what the write throws; then it was none */
  write(write: Write): void {
    write(this.#database);
    this.#log.push(write);
  }

  /** So many of the writes, from the first, would outlive a power failure now. */
  synced(writes: number): void {
    this.#syncedWrites = Math.max(this.#syncedWrites, writes);
  }

  /** @param unsyncedLeft of the writes that were not synced, how many have reached the disk */
  losePower(unsyncedLeft: number): void {
    this.#log.length = Math.min(this.#syncedWrites + unsyncedLeft, this.#log.length);
    this.#syncedWrites = this.#log.length;
    this.#database = new MemoryStore();
    for (const write of this.#log) write(this.#database);
  }
}
