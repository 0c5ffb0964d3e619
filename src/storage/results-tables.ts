/** Canonical results of jobs that run; they are forgotten when the job is merged. */

import type { DatabaseSync } from 'node:sqlite';

import { digest } from '../model/ids.ts';
import type { StoredDigest } from '../model/journal.ts';
import type { StoredResult } from '../ports.ts';
import { digestOf } from '../wire/digest.ts';
import { JobTables } from './job-tables.ts';

/** Values handed out by one read: 16 of the largest, or a quarter of a million small ones. */
const READ_BYTES_MAX = 16 * 1024 * 1024;
/** Digests handed out by one read: some 10 MB. */
const LISTED_MAX = 65_536;

/** Chunk numbers are the table's own keys, so a range of results is one walk along its leaves. */
const tablesOf = (database: DatabaseSync) =>
  new JobTables(database, {
    kinds: ['results'],
    create: (job) =>
      `CREATE TABLE IF NOT EXISTS results_${job} (
         chunk INTEGER PRIMARY KEY, digest BLOB NOT NULL, value BLOB NOT NULL
       ) STRICT`,
    prepare: (prepare, job) => ({
      insert: prepare(
        `INSERT INTO results_${job} VALUES (?, ?, ?)
         ON CONFLICT (chunk) DO UPDATE SET digest = excluded.digest, value = excluded.value`,
      ),
      read: prepare(
        `SELECT chunk, digest, value FROM results_${job} WHERE chunk >= ? ORDER BY chunk LIMIT ?`,
      ),
      readDigests: prepare(
        `SELECT chunk, digest FROM results_${job} WHERE chunk >= ? ORDER BY chunk LIMIT ?`,
      ),
    }),
  });

export class ResultsTables {
  readonly #tables: ReturnType<typeof tablesOf>;

  constructor(database: DatabaseSync) {
    this.#tables = tablesOf(database);
  }

  create(job: number): void {
    this.#tables.create(job);
  }

  /** To be called in a transaction, after `create`. */
  put(job: number, results: readonly StoredResult[]): void {
    const { insert } = this.#tables.create(job);
    for (const { chunk, digest, value } of results) {
      insert.run(chunk, Buffer.from(digest, 'hex'), value);
    }
  }

  /** @throws {DamagedResult} */
  read(job: number, from: number, countMax: number): readonly Uint8Array[] {
    const values: Uint8Array[] = [];
    let bytes = 0;
    for (const row of this.#tables.find(job)?.read.iterate(from, countMax) ?? []) {
      if (row['chunk'] !== from + values.length || bytes >= READ_BYTES_MAX) break;
      const value = checked(row['value'], row['digest'], row['chunk']);
      bytes += value.length;
      values.push(value);
    }
    return values;
  }

  readDigests(job: number, from: number, countMax: number): Uint8Array {
    const digests: Uint8Array[] = [];
    const rows = this.#tables.find(job)?.readDigests.iterate(from, countMax) ?? [];
    for (const { chunk, digest: bytes } of rows) {
      if (chunk !== from + digests.length || !(bytes instanceof Uint8Array)) break;
      digests.push(bytes);
    }
    return Buffer.concat(digests);
  }

  /** Digests of those that there are, from a chunk on: some at a time, until none comes. */
  list(job: number, from: number): readonly StoredDigest[] {
    const rows = this.#tables.find(job)?.readDigests.all(from, LISTED_MAX) ?? [];
    return rows.map(({ chunk, digest: bytes }) => {
      const hex = bytes instanceof Uint8Array ? Buffer.from(bytes).toString('hex') : '';
      return { chunk: Number(chunk), digest: digest(hex) };
    });
  }

  drop(job: number): void {
    this.#tables.drop(job);
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
