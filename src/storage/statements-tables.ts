/**
 * What peers have signed of each job's results. A table for each job, as with results: it is
 * forgotten all at once. Unlike results it outlasts the job's end, for as long as the job is known:
 * certificates are made of it.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import type { KeptStatement, StoredStatement } from '../model/stored-result.ts';

/** Statements handed out at a time: some 6 MB at most. */
const READ_MAX = 1024;

type Table = { readonly insert: StatementSync; readonly read: StatementSync };

export class StatementsTables {
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
         number INTEGER PRIMARY KEY, payload BLOB NOT NULL, public_key BLOB NOT NULL,
         signature BLOB NOT NULL, counted BLOB
       ) STRICT`,
    );
    this.#tables.set(job, this.#prepared(job));
  }

  /** To be called in a transaction, after `create`. */
  put(job: number, statements: readonly KeptStatement[]): void {
    const insert = this.#tables.get(job)?.insert;
    for (const { payload, publicKey, signature, counted = null } of statements) {
      insert?.run(payload, publicKey, signature, counted);
    }
  }

  read(job: number, after: number): readonly StoredStatement[] {
    if (this.#exists.get(nameOf(job)) === undefined) return [];
    const table = this.#tables.get(job) ?? this.#prepared(job);
    return table.read.all(after).map((row) => {
      const number = Number(row['number']);
      const signed = {
        payload: bytesOf(row['payload']),
        publicKey: bytesOf(row['public_key']),
        signature: bytesOf(row['signature']),
      };
      const counted = row['counted'];
      return counted === null ? { number, signed } : { number, signed, counted: bytesOf(counted) };
    });
  }

  drop(job: number): void {
    this.#tables.delete(job);
    this.#database.exec(`DROP TABLE IF EXISTS ${nameOf(job)}`);
  }

  #prepared(job: number): Table {
    const name = nameOf(job);
    return {
      insert: this.#database.prepare(
        `INSERT INTO ${name} (payload, public_key, signature, counted) VALUES (?, ?, ?, ?)`,
      ),
      read: this.#database.prepare(
        `SELECT number, payload, public_key, signature, counted FROM ${name}
         WHERE number > ? ORDER BY number LIMIT ${READ_MAX}`,
      ),
    };
  }
}

function nameOf(job: number): string {
  return `statements_${job}`;
}

/** Of a damaged column nothing: its signature will not fit. */
function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}
