/**
 * Canonical results. A table for each job, `results_7`, because they are forgotten all at once when
 * the job is merged: dropping a table of a million rows takes some 25 ms, deleting the rows 0.7 s,
 * in which the peer would answer nobody.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { digest } from '../model/ids.ts';
import type { StoredDigest } from '../model/journal.ts';
import type { StoredResult } from '../ports.ts';
import { digestOf } from '../wire/digest.ts';

/** Values handed out by one read: 16 of the largest, or a quarter of a million small ones. */
const READ_BYTES_MAX = 16 * 1024 * 1024;
/** Digests handed out by one read: some 10 MB. */
const LISTED_MAX = 65_536;

/** Chunk numbers are the table's own keys, so a range of results is one walk along its leaves. */
type Table = {
  readonly insert: StatementSync;
  readonly read: StatementSync;
  readonly readDigests: StatementSync;
};

export class ResultsTables {
  readonly #database: DatabaseSync;
  readonly #exists: StatementSync;
  /** By the number of the job. */
  readonly #tables = new Map<number, Table>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#exists = database.prepare(
      `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`,
    );
  }

  /** To be called in a transaction, after `create`. */
  put(job: number, results: readonly StoredResult[]): void {
    const table = this.create(job);
    for (const { chunk, digest, value } of results) {
      table.insert.run(chunk, Buffer.from(digest, 'hex'), value);
    }
  }

  /** @throws {DamagedResult} */
  read(job: number, from: number, countMax: number): readonly Uint8Array[] {
    const values: Uint8Array[] = [];
    let bytes = 0;
    for (const row of this.#known(job)?.read.iterate(from, countMax) ?? []) {
      if (row['chunk'] !== from + values.length || bytes >= READ_BYTES_MAX) break;
      const value = checked(row['value'], row['digest'], row['chunk']);
      bytes += value.length;
      values.push(value);
    }
    return values;
  }

  readDigests(job: number, from: number, countMax: number): Uint8Array {
    const digests: Uint8Array[] = [];
    const rows = this.#known(job)?.readDigests.iterate(from, countMax) ?? [];
    for (const { chunk, digest: bytes } of rows) {
      if (chunk !== from + digests.length || !(bytes instanceof Uint8Array)) break;
      digests.push(bytes);
    }
    return Buffer.concat(digests);
  }

  /** Digests of those that there are, from a chunk on: some at a time, until none comes. */
  list(job: number, from: number): readonly StoredDigest[] {
    const rows = this.#known(job)?.readDigests.all(from, LISTED_MAX) ?? [];
    return rows.map(({ chunk, digest: bytes }) => {
      const hex = bytes instanceof Uint8Array ? Buffer.from(bytes).toString('hex') : '';
      return { chunk: Number(chunk), digest: digest(hex) };
    });
  }

  drop(job: number): void {
    this.#database.exec(`DROP TABLE IF EXISTS ${nameOf(job)}`);
    this.#tables.delete(job);
  }

  /** @returns undefined if there is none */
  #known(job: number): Table | undefined {
    const isThere = this.#tables.has(job) || this.#exists.get(nameOf(job)) !== undefined;
    return isThere ? this.create(job) : undefined;
  }

  /** Outside of a transaction: rolled back with it, the table would still be known. */
  create(job: number): Table {
    const known = this.#tables.get(job);
    if (known !== undefined) return known;
    const name = nameOf(job);
    this.#database.exec(
      `CREATE TABLE IF NOT EXISTS ${name} (
         chunk INTEGER PRIMARY KEY, digest BLOB NOT NULL, value BLOB NOT NULL
       ) STRICT`,
    );
    const table: Table = {
      insert: this.#database.prepare(
        `INSERT INTO ${name} VALUES (?, ?, ?)
         ON CONFLICT (chunk) DO UPDATE SET digest = excluded.digest, value = excluded.value`,
      ),
      read: this.#database.prepare(
        `SELECT chunk, digest, value FROM ${name} WHERE chunk >= ? ORDER BY chunk LIMIT ?`,
      ),
      readDigests: this.#database.prepare(
        `SELECT chunk, digest FROM ${name} WHERE chunk >= ? ORDER BY chunk LIMIT ?`,
      ),
    };
    this.#tables.set(job, table);
    return table;
  }
}

/** A result is not the one that was put. */
export class DamagedResult extends Error {}

/** SQLite has no checksums; the digest that the grid agreed on is a better one anyway. */
function checked(value: unknown, expected: unknown, chunk: number): Uint8Array {
  if (value instanceof Uint8Array && expected instanceof Uint8Array) {
    if (Buffer.from(digestOf(value), 'hex').equals(expected)) return value;
  }
  throw new DamagedResult(`the result of chunk ${chunk} is not the one that was put`);
}

function nameOf(job: number): string {
  return `results_${job}`;
}
