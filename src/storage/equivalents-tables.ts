/**
 * Which results of each job were taken for equal to which, where the job says so itself. A table
 * for each job, which lasts as long as what peers have signed of it (`statements-tables.ts`): they
 * have signed the digests that they had, and a certificate names the one that was accepted.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { digest } from '../model/ids.ts';
import type { Equivalent } from '../ports.ts';

type Table = { readonly insert: StatementSync; readonly read: StatementSync };

export class EquivalentsTables {
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

  /** Outside of a transaction: rolled back with it, the table would still be known. */
  create(job: number): void {
    if (this.#tables.has(job)) return;
    this.#database.exec(
      `CREATE TABLE IF NOT EXISTS ${nameOf(job)} (
         chunk INTEGER NOT NULL, digest BLOB NOT NULL, first BLOB NOT NULL,
         PRIMARY KEY (chunk, digest, first)
       ) STRICT, WITHOUT ROWID`,
    );
    this.#tables.set(job, this.#prepared(job));
  }

  /** To be called in a transaction, after `create`. */
  put(job: number, equivalents: readonly Equivalent[]): void {
    const insert = this.#tables.get(job)?.insert;
    for (const { chunk, digest: equal, of } of equivalents) {
      insert?.run(chunk, Buffer.from(equal, 'hex'), Buffer.from(of, 'hex'));
    }
  }

  /** @throws {Error} for a damaged one */
  read(job: number, chunk: number): readonly Equivalent[] {
    if (this.#exists.get(nameOf(job)) === undefined) return [];
    const table = this.#tables.get(job) ?? this.#prepared(job);
    return table.read.all(chunk).map((row) => ({
      chunk,
      digest: digestIn(row['digest']),
      of: digestIn(row['first']),
    }));
  }

  drop(job: number): void {
    this.#tables.delete(job);
    this.#database.exec(`DROP TABLE IF EXISTS ${nameOf(job)}`);
  }

  #prepared(job: number): Table {
    const name = nameOf(job);
    return {
      insert: this.#database.prepare(
        `INSERT OR IGNORE INTO ${name} (chunk, digest, first) VALUES (?, ?, ?)`,
      ),
      read: this.#database.prepare(
        `SELECT digest, first FROM ${name} WHERE chunk = ? ORDER BY digest, first`,
      ),
    };
  }
}

function nameOf(job: number): string {
  return `equivalents_${job}`;
}

function digestIn(value: unknown): ReturnType<typeof digest> {
  if (value instanceof Uint8Array) return digest(Buffer.from(value).toString('hex'));
  throw new Error('a digest is no bytes');
}
