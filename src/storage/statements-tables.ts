/**
 * What peers have signed of each job's results. It outlasts the job's end, for as long as the job
 * is known: certificates are made of it.
 */

import type { DatabaseSync } from 'node:sqlite';

import type { KeptStatement, StoredStatement } from '../model/stored-result.ts';
import { JobTables } from './job-tables.ts';

/** Statements handed out at a time: some 6 MB at most. */
const READ_MAX = 1024;

const tablesOf = (database: DatabaseSync) =>
  new JobTables(database, {
    kinds: ['statements'],
    create: (job) =>
      `CREATE TABLE IF NOT EXISTS statements_${job} (
         number INTEGER PRIMARY KEY, payload BLOB NOT NULL, public_key BLOB NOT NULL,
         signature BLOB NOT NULL, counted BLOB
       ) STRICT`,
    prepare: (prepare, job) => ({
      insert: prepare(
        `INSERT INTO statements_${job} (payload, public_key, signature, counted)
         VALUES (?, ?, ?, ?)`,
      ),
      read: prepare(
        `SELECT number, payload, public_key, signature, counted FROM statements_${job}
         WHERE number > ? ORDER BY number LIMIT ${READ_MAX}`,
      ),
    }),
  });

export class StatementsTables {
  readonly #tables: ReturnType<typeof tablesOf>;

  constructor(database: DatabaseSync) {
    this.#tables = tablesOf(database);
  }

  create(job: number): void {
    this.#tables.create(job);
  }

  /** To be called in a transaction, after `create`. */
  put(job: number, statements: readonly KeptStatement[]): void {
    const { insert } = this.#tables.create(job);
    for (const { payload, publicKey, signature, counted = null } of statements) {
      insert.run(payload, publicKey, signature, counted);
    }
  }

  read(job: number, after: number): readonly StoredStatement[] {
    const rows = this.#tables.find(job)?.read.all(after) ?? [];
    return rows.map((row) => {
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
    this.#tables.drop(job);
  }
}

/** Of a damaged column nothing: its signature will not fit. */
function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}
