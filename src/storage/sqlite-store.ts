/**
 * What a peer keeps: jobs, canonical results, known peers and receipts in one SQLite database,
 * blobs as files beside it.
 *
 * Jobs outlast the process: what a job that runs has come to is kept as it goes (`commit`), and
 * dropped when it has ended. Opening the store drops what an earlier process did not come to drop:
 * tables of jobs that have ended, blobs that no job names, half-written files.
 *
 * The database is locked for as long as the store is open: a second process is told so at once.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { reasonOf } from '../model/errors.ts';
import type { Digest, JobId, PeerId } from '../model/ids.ts';
import type { WrongResult } from '../model/job.ts';
import type { JobWrites, StoredDigest, StoredLeases, StoredPage } from '../model/journal.ts';
import type { Standing } from '../model/standing.ts';
import type { KnownPeer } from '../model/peer-record.ts';
import type { BlobRef } from '../model/program.ts';
import type { SignedReceipt } from '../model/receipt.ts';
import type { Unsent } from '../model/unsent.ts';
import type { Equivalent, Store, StoredJob, StoredStatement } from '../ports.ts';
import { BlobFiles } from './blob-files.ts';
import { DatabaseSize, openDatabase } from './database.ts';
import { DiskLimit } from './disk-limit.ts';
import { blobsNamedBy, blobsOf, EndedJobs, isUnderWay } from './ended-jobs.ts';
import { EquivalentsTables } from './equivalents-tables.ts';
import { heldByAnother, isHeld, noteHolder } from './holder.ts';
import { JournalTables } from './journal-tables.ts';
import { leaveOpen } from './left-open.ts';
import { StandingsTable } from './standings-table.ts';
import { StatementsTables } from './statements-tables.ts';
import { PeersTable } from './peers-table.ts';
import { ReceiptsTable } from './receipts-table.ts';
import { DamagedResult, ResultsTables } from './results-tables.ts';
import { inTransaction } from './schema.ts';
import { damaged, storeTrouble } from './store-trouble.ts';
import { decodeStoredJob, encodeStoredJob } from './stored-job.ts';
import { UnsentTable } from './unsent-table.ts';
import { WriteAheadLog } from './write-ahead-log.ts';
import { bytesOfRows, bytesOfUnsent, bytesOfWrites } from './written-bytes.ts';

export type StoreOptions = {
  /** The data folder. */
  readonly path: string;
  /** Bounds what is kept; absent for no bound. */
  readonly limit?: DiskLimit;
  /** Where a peer that has the folder listens for its owner. */
  readonly controlPath?: string;
};

/**
 * Opens the store in a folder, which is made if it isn't there. Jobs that an earlier process left
 * running are as it left them.
 * @throws {GridError} `disk-full`, `store-failed`, `peer-already-running`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, limit = new DiskLimit(path), controlPath } = options;
  const database = openDatabase(path);
  // With the lock: before it somebody who is about to stop would still be found.
  if (await isHeld(path)) {
    database.close();
    throw heldByAnother(path);
  }
  const own = controlPath === undefined ? {} : { controlPath };
  let store: SqliteStore | undefined;
  try {
    noteHolder(path, { pid: process.pid, sinceMs: Date.now(), ...own });
    const blobs = new BlobFiles(path, limit);
    store = new SqliteStore(path, database, blobs, limit);
    store.recover();
    await blobs.keepOnly(store.blobsNamed());
    // A process that was killed may have committed what it did not come to sync. From here on it is
    // known, and others are told so, for which nothing more is written.
    await store.sync();
    return store;
  } catch (error) {
    (store ?? database).close();
    throw error;
  }
}

class SqliteStore implements Store {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #blobs: BlobFiles;
  readonly #limit: DiskLimit;
  readonly #size: DatabaseSize;
  readonly #ended: EndedJobs;
  readonly #deleteJob: StatementSync;
  readonly #putJob: StatementSync;
  readonly #getJob: StatementSync;
  readonly #getNumber: StatementSync;
  readonly #listJobs: StatementSync;
  readonly #peers: PeersTable;
  readonly #standings: StandingsTable;
  readonly #receipts: ReceiptsTable;
  readonly #statements: StatementsTables;
  readonly #equivalents: EquivalentsTables;
  readonly #unsent: UnsentTable;
  readonly #results: ResultsTables;
  readonly #journal: JournalTables;
  readonly #log: WriteAheadLog;

  constructor(path: string, database: DatabaseSync, blobs: BlobFiles, limit: DiskLimit) {
    this.#path = path;
    this.#database = database;
    this.#blobs = blobs;
    this.#limit = limit;
    const size = new DatabaseSize(database, path);
    this.#size = size;
    this.#ended = new EndedJobs({
      listJobs: () => this.listJobs(),
      putJob: (job) => this.putJob(job),
      dropStatements: (job) => this.dropStatements(job),
      letGoBlob: (blob) => blobs.letGo(blob),
      bytesTaken: () => limit.bytes - size.bytesFree,
    });
    limit.add('database', {
      bytes: () => size.bytesTaken,
      shed: () => this.#log.shed() || size.compact(this.#log),
    });
    limit.add('blobs', {
      bytes: () => blobs.bytesTaken,
      shed: (bytes) => this.#guard(() => this.#ended.trim(bytes)),
    });
    // What they hold is counted with the database, whose free room it becomes.
    limit.add('unsent', { bytes: () => 0, shed: (bytes) => this.#shedUnsent(bytes) });
    this.#deleteJob = database.prepare('DELETE FROM jobs WHERE job = ?');
    this.#putJob = database.prepare(
      `INSERT INTO jobs (job, created_at_ms, record) VALUES (?, ?, ?)
       ON CONFLICT (job) DO UPDATE SET record = excluded.record`,
    );
    this.#getJob = database.prepare('SELECT record FROM jobs WHERE job = ?');
    this.#getNumber = database.prepare('SELECT number FROM jobs WHERE job = ?');
    this.#listJobs = database.prepare(
      'SELECT record FROM jobs ORDER BY created_at_ms DESC, number DESC',
    );
    this.#peers = new PeersTable(database);
    this.#standings = new StandingsTable(database);
    this.#receipts = new ReceiptsTable(database);
    this.#statements = new StatementsTables(database);
    this.#equivalents = new EquivalentsTables(database);
    this.#unsent = new UnsentTable(database);
    this.#results = new ResultsTables(database);
    this.#journal = new JournalTables(database);
    this.#log = new WriteAheadLog(path, database);
  }

  /** What an earlier process did not come to drop. */
  recover(): void {
    this.#guard(() => {
      inTransaction(this.#database, () => {
        for (const job of this.listJobs()) {
          if (isUnderWay(job)) continue;
          this.dropResults(job.job);
          if (job.state !== 'done') this.dropStatements(job.job);
        }
      });
    });
  }

  blobsNamed(): ReadonlySet<Digest> {
    const jobs = this.listJobs();
    const pages = jobs.filter(isUnderWay).flatMap(({ job }) => this.readPages(job));
    return new Set([...blobsNamedBy(jobs), ...pages.map(({ blob }) => blob)]);
  }

  putJob(job: StoredJob): void {
    const record = encodeStoredJob(job);
    // How one has ended must be kept in any case.
    if (isUnderWay(job)) this.#makeRoom(bytesOfRows(1, record.length));
    this.#write(() => this.#putJob.run(job.job, job.spec.createdAtMs, record));
    this.#blobs.name(blobsOf(job));
  }

  forgetJob(job: JobId): void {
    this.#write(() => {
      const kept = this.getJob(job);
      if (kept === undefined) return;
      this.dropStatements(job);
      this.dropResults(job);
      this.#deleteJob.run(job);
      this.#ended.letGo(kept);
    });
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

  commit(writes: readonly JobWrites[], standings: readonly Standing[] = []): void {
    for (const each of writes) this.#makeRoom(bytesOfWrites(each));
    this.#write(() => {
      const numbered = writes.map((each) => ({ each, number: this.#numberOf(each.job) }));
      for (const { number } of numbered) {
        this.#results.create(number);
        this.#statements.create(number);
        this.#journal.create(number);
      }
      inTransaction(this.#database, () => {
        for (const { each, number } of numbered) {
          this.#results.put(number, each.results ?? []);
          this.#statements.put(number, each.statements ?? []);
          this.#journal.put(number, each);
        }
        this.#standings.put(standings);
      });
    });
  }

  sync(): Promise<void> {
    return this.#log.sync();
  }

  get syncTrouble(): string | undefined {
    return this.#log.trouble;
  }

  readPages(job: JobId): readonly StoredPage[] {
    return this.#guard(() => this.#journal.pages(this.#numberOf(job)));
  }

  readAccepted(job: JobId, from: number): readonly number[] {
    return this.#guard(() => this.#journal.accepted(this.#numberOf(job), from));
  }

  readLeases(job: JobId, from: number): readonly StoredLeases[] {
    return this.#guard(() => this.#journal.leases(this.#numberOf(job), from));
  }

  readCaught(job: JobId): readonly WrongResult[] {
    return this.#guard(() => this.#journal.caught(this.#numberOf(job)));
  }

  listDigests(job: JobId, from: number): readonly StoredDigest[] {
    return this.#guard(() => this.#results.list(this.#numberOf(job), from));
  }

  readStatements(job: JobId, after: number): readonly StoredStatement[] {
    return this.#guard(() => this.#statements.read(this.#numberOf(job), after));
  }

  dropStatements(job: JobId): void {
    this.#write(() => {
      this.#statements.drop(this.#numberOf(job));
      this.#equivalents.drop(this.#numberOf(job));
    });
  }

  putEquivalents(job: JobId, equivalents: readonly Equivalent[]): void {
    this.#write(() => {
      const number = this.#numberOf(job);
      this.#equivalents.create(number);
      inTransaction(this.#database, () => this.#equivalents.put(number, equivalents));
    });
  }

  readEquivalents(job: JobId, chunk: number): readonly Equivalent[] {
    return this.#guard(() => this.#equivalents.read(this.#numberOf(job), chunk));
  }

  readResults(job: JobId, from: number, countMax: number): readonly Uint8Array[] {
    return this.#guard(() => this.#results.read(this.#numberOf(job), from, countMax));
  }

  readDigests(job: JobId, from: number, countMax: number): Uint8Array {
    return this.#guard(() => this.#results.readDigests(this.#numberOf(job), from, countMax));
  }

  dropResults(job: JobId): void {
    this.#write(() => {
      this.#results.drop(this.#numberOf(job));
      this.#journal.drop(this.#numberOf(job));
    });
  }

  putPeers(peers: readonly KnownPeer[]): void {
    this.#write(() => inTransaction(this.#database, () => this.#peers.replace(peers)));
  }

  listPeers(): readonly KnownPeer[] {
    return this.#guard(() => this.#peers.list());
  }

  putStandings(standings: readonly Standing[]): void {
    this.#write(() => inTransaction(this.#database, () => this.#standings.put(standings)));
  }

  listStandings(): readonly Standing[] {
    return this.#guard(() => this.#standings.list());
  }

  putReceipt(receipt: SignedReceipt): void {
    this.#write(() => inTransaction(this.#database, () => this.#receipts.put(receipt)));
  }

  listReceipts(): readonly SignedReceipt[] {
    return this.#guard(() => this.#receipts.list());
  }

  putUnsent(results: readonly Unsent[], keptAtMs: number): void {
    this.#makeRoom(bytesOfUnsent(results), 'unsent');
    this.#write(() => inTransaction(this.#database, () => this.#unsent.put(results, keptAtMs)));
  }

  listUnsent(sinceMs: number): readonly Unsent[] {
    return this.#guard(() => this.#unsent.list(sinceMs));
  }

  dropUnsent(requester: PeerId, job: JobId, leases: readonly number[]): void {
    const drop = (): void => this.#unsent.drop(requester, job, leases);
    this.#write(() => inTransaction(this.#database, drop));
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
    if (!this.#log.close()) leaveOpen(this.#database);
    else if (this.#database.isOpen) this.#guard(() => this.#database.close());
  }

  /**
   * For rows that strangers, or a job that runs, can make many of.
   * @param last what may be given up for it
   */
  #makeRoom(bytes: number, last?: 'unsent'): void {
    this.#limit.makeRoom(() => Math.max(bytes - this.#size.bytesFree, 0), last);
  }

  #shedUnsent(bytes: number): boolean {
    let isAny = false;
    this.#guard(() =>
      inTransaction(this.#database, () => {
        isAny = this.#unsent.shed(bytes);
      }),
    );
    return isAny;
  }

  #numberOf(job: JobId): number {
    const number = this.#getNumber.get(job)?.['number'];
    if (typeof number === 'number') return number;
    throw new Error(`what belongs to job ${job}, which was never put`);
  }

  #decode(record: unknown): StoredJob {
    try {
      if (record instanceof Uint8Array) return decodeStoredJob(record);
    } catch (error) {
      throw damaged(this.#path, reasonOf(error), error);
    }
    throw damaged(this.#path, 'a job without its record');
  }

  /** One transaction, or some. */
  #write(work: () => void): void {
    this.#guard(work);
    this.#log.written();
  }

  #guard<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      if (error instanceof DamagedResult) throw damaged(this.#path, error.message, error);
      throw storeTrouble(error, this.#path);
    }
  }
}
