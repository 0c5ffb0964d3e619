/**
 * What a peer keeps: jobs, canonical results, known peers and receipts in one SQLite database,
 * blobs as files beside it.
 *
 * Results have a table for each job, `results_7`, because they are forgotten all at once when the
 * job is merged: dropping a table of a million rows takes some 25 ms, deleting the rows 0.7 s, in
 * which the peer would answer nobody. No job runs across a restart of the peer, so opening the
 * store drops what an earlier process left: results, blobs that no job names, half-written files.
 *
 * The database is locked for as long as the store is open: a second process is told so at once.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

import { reasonOf } from '../model/errors.ts';
import type { Digest, JobId } from '../model/ids.ts';
import type { Standing } from '../model/standing.ts';
import type { KnownPeer } from '../model/peer-record.ts';
import type { BlobRef } from '../model/program.ts';
import type { SignedReceipt } from '../model/receipt.ts';
import type { Signed } from '../model/signed.ts';
import type { Store, StoredJob, StoredResult, StoredStatement } from '../ports.ts';
import { digestOf } from '../wire/digest.ts';
import { BlobFiles } from './blob-files.ts';
import { StandingsTable } from './standings-table.ts';
import { StatementsTables } from './statements-tables.ts';
import { PeersTable } from './peers-table.ts';
import { ReceiptsTable } from './receipts-table.ts';
import { inTransaction, migrate } from './schema.ts';
import { damaged, storeTrouble } from './store-trouble.ts';
import { decodeStoredJob, encodeStoredJob } from './stored-job.ts';

/** A peer that is being stopped gives its lock back within this time. */
const LOCK_WAIT_MS = 1000;

/** A log that grew past this in a burst is cut back at the next checkpoint. */
const WAL_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Values handed out by one `readResults`: 16 of the largest, or a quarter of a million small ones.
 */
const READ_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Opens the store in a folder, which is made if it isn't there. Jobs that an earlier process left
 * running become `lost`.
 * @throws {GridError} `disk-full`, `store-failed`, `peer-already-running`
 */
export async function openStore(options: { readonly path: string }): Promise<Store> {
  const database = openDatabase(options.path);
  const blobs = new BlobFiles(options.path);
  const store = new SqliteStore(options.path, database, blobs);
  try {
    store.recover();
    await blobs.keepOnly(blobsNamedBy(store.listJobs()));
    return store;
  } catch (error) {
    store.close();
    throw error;
  }
}

class SqliteStore implements Store {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #blobs: BlobFiles;
  readonly #putJob: StatementSync;
  readonly #getJob: StatementSync;
  readonly #listJobs: StatementSync;
  readonly #peers: PeersTable;
  readonly #standings: StandingsTable;
  readonly #receipts: ReceiptsTable;
  readonly #statements: StatementsTables;
  readonly #results = new Map<JobId, ResultsTable>();

  constructor(path: string, database: DatabaseSync, blobs: BlobFiles) {
    this.#path = path;
    this.#database = database;
    this.#blobs = blobs;
    this.#putJob = database.prepare(
      `INSERT INTO jobs (job, created_at_ms, record) VALUES (?, ?, ?)
       ON CONFLICT (job) DO UPDATE SET record = excluded.record`,
    );
    this.#getJob = database.prepare('SELECT number, record FROM jobs WHERE job = ?');
    this.#listJobs = database.prepare(
      'SELECT record FROM jobs ORDER BY created_at_ms DESC, number DESC',
    );
    this.#peers = new PeersTable(database);
    this.#standings = new StandingsTable(database);
    this.#receipts = new ReceiptsTable(database);
    this.#statements = new StatementsTables(database);
  }

  /** What an earlier process left: its jobs are lost and their results of no use. */
  recover(): void {
    this.#guard(() => {
      inTransaction(this.#database, () => {
        for (const job of this.listJobs()) {
          if (job.state !== 'running' && job.state !== 'merging') continue;
          this.putJob(lost(job));
          this.#statements.drop(this.#numberOf(job.job));
        }
        const tables = this.#database.prepare(
          `SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'results_*'`,
        );
        for (const { name } of tables.all()) this.#database.exec(`DROP TABLE "${String(name)}"`);
      });
    });
  }

  putJob(job: StoredJob): void {
    this.#guard(() => this.#putJob.run(job.job, job.spec.createdAtMs, encodeStoredJob(job)));
  }

  getJob(job: JobId): StoredJob | undefined {
    return this.#guard(() => {
      const row = this.#getJob.get(job);
      return row && this.#decode(row['record']);
    });
  }

  listJobs(): readonly StoredJob[] {
    return this.#guard(() => this.#listJobs.all().map((row) => this.#decode(row['record'])));
  }

  putStatements(job: JobId, statements: readonly Signed[]): void {
    this.#guard(() => {
      const number = this.#numberOf(job);
      this.#statements.create(number);
      inTransaction(this.#database, () => this.#statements.put(number, statements));
    });
  }

  readStatements(job: JobId, after: number): readonly StoredStatement[] {
    return this.#guard(() => this.#statements.read(this.#numberOf(job), after));
  }

  dropStatements(job: JobId): void {
    this.#guard(() => this.#statements.drop(this.#numberOf(job)));
  }

  putResults(job: JobId, results: readonly StoredResult[]): void {
    this.#guard(() => {
      // Outside of the batch's transaction: rolled back with it, the table would still be known.
      const table = this.#results.get(job) ?? this.#createResults(job);
      inTransaction(this.#database, () => {
        for (const result of results) {
          table.insert.run(result.chunk, Buffer.from(result.digest, 'hex'), result.value);
        }
      });
    });
  }

  readResults(job: JobId, from: number, countMax: number): readonly Uint8Array[] {
    const table = this.#results.get(job);
    if (!table) return [];
    return this.#guard(() => {
      const values: Uint8Array[] = [];
      let bytes = 0;
      for (const row of table.read.iterate(from, countMax)) {
        if (row['chunk'] !== from + values.length || bytes >= READ_BYTES_MAX) break;
        const value = this.#checked(row['value'], row['digest'], row['chunk']);
        bytes += value.length;
        values.push(value);
      }
      return values;
    });
  }

  dropResults(job: JobId): void {
    const table = this.#results.get(job);
    if (!table) return;
    this.#guard(() => this.#database.exec(`DROP TABLE ${table.name}`));
    this.#results.delete(job);
  }

  putPeers(peers: readonly KnownPeer[]): void {
    this.#guard(() => inTransaction(this.#database, () => this.#peers.replace(peers)));
  }

  listPeers(): readonly KnownPeer[] {
    return this.#guard(() => this.#peers.list());
  }

  putStandings(standings: readonly Standing[]): void {
    this.#guard(() => inTransaction(this.#database, () => this.#standings.put(standings)));
  }

  listStandings(): readonly Standing[] {
    return this.#guard(() => this.#standings.list());
  }

  putReceipt(receipt: SignedReceipt): void {
    this.#guard(() => inTransaction(this.#database, () => this.#receipts.put(receipt)));
  }

  listReceipts(): readonly SignedReceipt[] {
    return this.#guard(() => this.#receipts.list());
  }

  putBlob(bytes: Uint8Array): Promise<Digest> {
    return this.#blobs.put(bytes);
  }

  putBlobPieces(pieces: AsyncIterable<Uint8Array>): Promise<BlobRef> {
    return this.#blobs.putPieces(pieces);
  }

  getBlob(blob: Digest): Promise<Uint8Array | undefined> {
    return this.#blobs.get(blob);
  }

  readBlob(blob: Digest): AsyncIterable<Uint8Array> {
    return this.#blobs.read(blob);
  }

  blobBytes(blob: Digest): Promise<number | undefined> {
    return this.#blobs.size(blob);
  }

  deleteBlob(blob: Digest): Promise<void> {
    return this.#blobs.delete(blob);
  }

  close(): void {
    if (this.#database.isOpen) this.#guard(() => this.#database.close());
  }

  #numberOf(job: JobId): number {
    const number = this.#getJob.get(job)?.['number'];
    if (typeof number === 'number') return number;
    throw new Error(`what belongs to job ${job}, which was never put`);
  }

  #createResults(job: JobId): ResultsTable {
    const number = this.#numberOf(job);
    const name = `results_${number}`;
    this.#database.exec(
      `CREATE TABLE ${name} (
         chunk INTEGER PRIMARY KEY, digest BLOB NOT NULL, value BLOB NOT NULL
       ) STRICT`,
    );
    const table: ResultsTable = {
      name,
      insert: this.#database.prepare(
        `INSERT INTO ${name} VALUES (?, ?, ?)
         ON CONFLICT (chunk) DO UPDATE SET digest = excluded.digest, value = excluded.value`,
      ),
      read: this.#database.prepare(
        `SELECT chunk, digest, value FROM ${name} WHERE chunk >= ? ORDER BY chunk LIMIT ?`,
      ),
    };
    this.#results.set(job, table);
    return table;
  }

  #decode(record: unknown): StoredJob {
    try {
      if (record instanceof Uint8Array) return decodeStoredJob(record);
    } catch (error) {
      throw damaged(this.#path, reasonOf(error), error);
    }
    throw damaged(this.#path, 'a job without its record');
  }

  /** SQLite has no checksums; the digest that the grid agreed on is a better one anyway. */
  #checked(value: unknown, expected: unknown, chunk: number): Uint8Array {
    if (value instanceof Uint8Array && expected instanceof Uint8Array) {
      if (Buffer.from(digestOf(value), 'hex').equals(expected)) return value;
    }
    throw damaged(this.#path, `the result of chunk ${chunk} is not the one that was put`);
  }

  #guard<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      throw storeTrouble(error, this.#path);
    }
  }
}

/** Chunk numbers are the table's own keys, so a range of results is one walk along its leaves. */
type ResultsTable = {
  readonly name: string;
  readonly insert: StatementSync;
  readonly read: StatementSync;
};

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    database = new DatabaseSync(join(path, 'jobs.sqlite'), { timeout: LOCK_WAIT_MS });
    // The lock before the first access, so that the log needs no shared memory file; NORMAL may
    // lose the last transactions in a power failure, never in a crash of the peer, and never
    // damages.
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA journal_size_limit = ${WAL_BYTES_MAX};
    `);
    migrate(database, path);
    return database;
  } catch (error) {
    if (database?.isOpen) database.close();
    throw storeTrouble(error, path);
  }
}

function lost(job: StoredJob): StoredJob {
  return {
    ...job,
    state: 'lost',
    failure: 'The peer that ran this job stopped before it was done; submit it again.',
  };
}

function blobsNamedBy(jobs: readonly StoredJob[]): ReadonlySet<Digest> {
  return new Set(jobs.flatMap((job) => blobsOf(job)));
}

function blobsOf({ spec, output, data = [] }: StoredJob): readonly Digest[] {
  const named = [
    spec.program,
    spec.setup?.digest,
    spec.steps.type === 'script' ? spec.steps.script : undefined,
    output?.blob,
    output?.parts,
    ...data,
  ];
  return named.filter((blob) => blob !== undefined);
}
