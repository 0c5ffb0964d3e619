/**
 * Tables of which each job has its own, such as `results_7`. What is in them is forgotten all at
 * once: dropping a table of a million rows takes some 25 ms, deleting the rows 0.7 s, in which the
 * peer would answer nobody.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Statements by what they are for. */
type Statements = Readonly<Record<string, StatementSync>>;

export type JobTablesOptions<Prepared extends Statements> = {
  /** What their names begin with; all of a job's are there, or none. */
  readonly kinds: readonly [string, ...string[]];
  /** SQL that makes those of a job, where they are not there yet. */
  readonly create: (job: number) => string;
  readonly prepare: (prepare: (sql: string) => StatementSync, job: number) => Prepared;
};

export class JobTables<Prepared extends Statements> {
  readonly #database: DatabaseSync;
  readonly #options: JobTablesOptions<Prepared>;
  readonly #exists: StatementSync;
  /** By the number of the job. */
  readonly #prepared = new Map<number, Prepared>();

  constructor(database: DatabaseSync, options: JobTablesOptions<Prepared>) {
    this.#database = database;
    this.#options = options;
    this.#exists = database.prepare(
      `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`,
    );
  }

  /** Makes them, at first outside of a transaction: rolled back with it, they would be known. */
  create(job: number): Prepared {
    const known = this.#prepared.get(job);
    if (known !== undefined) return known;
    this.#database.exec(this.#options.create(job));
    const prepared = this.#options.prepare((sql) => this.#database.prepare(sql), job);
    this.#prepared.set(job, prepared);
    return prepared;
  }

  /** @returns undefined if there are none */
  find(job: number): Prepared | undefined {
    const [kind] = this.#options.kinds;
    const isThere = this.#prepared.has(job) || this.#exists.get(`${kind}_${job}`) !== undefined;
    return isThere ? this.create(job) : undefined;
  }

  drop(job: number): void {
    for (const kind of this.#options.kinds) {
      this.#database.exec(`DROP TABLE IF EXISTS ${kind}_${job}`);
    }
    this.#prepared.delete(job);
  }
}
