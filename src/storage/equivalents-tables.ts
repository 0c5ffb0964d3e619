/**
 * Which results of each job were taken for equal to which, where the job says so itself. It lasts
 * as long as what peers have signed of it (`statements-tables.ts`): they have signed the digests
 * that they had, and a certificate names the one that was accepted.
 */

import type { DatabaseSync } from 'node:sqlite';

import { digest } from '../model/ids.ts';
import type { Equivalent } from '../ports.ts';
import { JobTables } from './job-tables.ts';

const tablesOf = (database: DatabaseSync) =>
  new JobTables(database, {
    kinds: ['equivalents'],
    create: (job) =>
      `CREATE TABLE IF NOT EXISTS equivalents_${job} (
         chunk INTEGER NOT NULL, digest BLOB NOT NULL, first BLOB NOT NULL,
         PRIMARY KEY (chunk, digest, first)
       ) STRICT, WITHOUT ROWID`,
    prepare: (prepare, job) => ({
      insert: prepare(
        `INSERT OR IGNORE INTO equivalents_${job} (chunk, digest, first) VALUES (?, ?, ?)`,
      ),
      read: prepare(
        `SELECT digest, first FROM equivalents_${job} WHERE chunk = ? ORDER BY digest, first`,
      ),
    }),
  });

export class EquivalentsTables {
  readonly #tables: ReturnType<typeof tablesOf>;

  constructor(database: DatabaseSync) {
    this.#tables = tablesOf(database);
  }

  create(job: number): void {
    this.#tables.create(job);
  }

  /** To be called in a transaction, after `create`. */
  put(job: number, equivalents: readonly Equivalent[]): void {
    const { insert } = this.#tables.create(job);
    for (const { chunk, digest: equal, of } of equivalents) {
      insert.run(chunk, Buffer.from(equal, 'hex'), Buffer.from(of, 'hex'));
    }
  }

  /** @throws {Error} for a damaged one */
  read(job: number, chunk: number): readonly Equivalent[] {
    const rows = this.#tables.find(job)?.read.all(chunk) ?? [];
    return rows.map((row) => ({
      chunk,
      digest: digestIn(row['digest']),
      of: digestIn(row['first']),
    }));
  }

  drop(job: number): void {
    this.#tables.drop(job);
  }
}

function digestIn(value: unknown): ReturnType<typeof digest> {
  if (value instanceof Uint8Array) return digest(Buffer.from(value).toString('hex'));
  throw new Error('a digest is no bytes');
}
