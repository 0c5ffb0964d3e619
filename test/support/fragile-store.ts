/**
 * A `Store` of one process on a disk that may lose its power (`fragile-disk.ts`). Then the process
 * is gone: what it writes goes nowhere, and a sync that it waits for never ends.
 */

import type { Digest, JobId, PeerId } from '../../src/model/ids.ts';
import type { WrongResult } from '../../src/model/job.ts';
import type { JobWrites, StoredDigest, StoredLeases, StoredPage } from '../../src/model/journal.ts';
import type { KnownPeer } from '../../src/model/peer-record.ts';
import type { BlobRef } from '../../src/model/program.ts';
import type { SignedReceipt } from '../../src/model/receipt.ts';
import type { Standing } from '../../src/model/standing.ts';
import type { Unsent } from '../../src/model/unsent.ts';
import type { Equivalent, Store, StoredJob, StoredStatement } from '../../src/ports.ts';
import { FragileDisk } from './fragile-disk.ts';
import type { MemoryStore } from './memory-store.ts';

/** On a disk that has its power, and syncs at once. */
export function fragileStore(): FragileStore {
  return new FragileStore(
    new FragileDisk(),
    () => true,
    async () => undefined,
  );
}

export class FragileStore implements Store {
  readonly #disk: FragileDisk;
  readonly #isAlive: () => boolean;
  readonly #spin: () => Promise<void>;

  /**
   * @param isAlive whether its process still runs
   * @param spin what the disk takes to sync
   */
  constructor(disk: FragileDisk, isAlive: () => boolean, spin: () => Promise<void>) {
    this.#disk = disk;
    this.#isAlive = isAlive;
    this.#spin = spin;
  }

  get #database(): MemoryStore {
    return this.#disk.database;
  }

  #write(write: (database: MemoryStore) => void): void {
    if (this.#isAlive()) this.#disk.write(write);
  }

  async sync(): Promise<void> {
    const { writes } = this.#disk;
    await this.#spin();
    if (!this.#isAlive()) return new Promise(() => undefined);
    this.#disk.synced(writes);
  }

  readonly syncTrouble = undefined;

  putJob(job: StoredJob): void {
    this.#write((database) => database.putJob(job));
  }

  getJob(job: JobId): StoredJob | undefined {
    return this.#database.getJob(job);
  }

  listJobs(): readonly StoredJob[] {
    return this.#database.listJobs();
  }

  forgetJob(job: JobId): void {
    this.#write((database) => database.forgetJob(job));
  }

  commit(writes: readonly JobWrites[], standings?: readonly Standing[]): void {
    this.#write((database) => database.commit(writes, standings));
  }

  readPages(job: JobId): readonly StoredPage[] {
    return this.#database.readPages(job);
  }

  readAccepted(job: JobId, from: number): readonly number[] {
    return this.#database.readAccepted(job, from);
  }

  readLeases(job: JobId, from: number): readonly StoredLeases[] {
    return this.#database.readLeases(job, from);
  }

  readCaught(job: JobId): readonly WrongResult[] {
    return this.#database.readCaught(job);
  }

  listDigests(job: JobId, from: number): readonly StoredDigest[] {
    return this.#database.listDigests(job, from);
  }

  readStatements(job: JobId, after: number): readonly StoredStatement[] {
    return this.#database.readStatements(job, after);
  }

  dropStatements(job: JobId): void {
    this.#write((database) => database.dropStatements(job));
  }

  putEquivalents(job: JobId, equivalents: readonly Equivalent[]): void {
    this.#write((database) => database.putEquivalents(job, equivalents));
  }

  readEquivalents(job: JobId, chunk: number): readonly Equivalent[] {
    return this.#database.readEquivalents(job, chunk);
  }

  readResults(job: JobId, from: number, countMax: number): readonly Uint8Array[] {
    return this.#database.readResults(job, from, countMax);
  }

  readDigests(job: JobId, from: number, countMax: number): Uint8Array {
    return this.#database.readDigests(job, from, countMax);
  }

  dropResults(job: JobId): void {
    this.#write((database) => database.dropResults(job));
  }

  putPeers(peers: readonly KnownPeer[]): void {
    this.#write((database) => database.putPeers(peers));
  }

  listPeers(): readonly KnownPeer[] {
    return this.#database.listPeers();
  }

  putStandings(standings: readonly Standing[]): void {
    this.#write((database) => database.putStandings(standings));
  }

  listStandings(): readonly Standing[] {
    return this.#database.listStandings();
  }

  putReceipt(receipt: SignedReceipt): void {
    this.#write((database) => database.putReceipt(receipt));
  }

  listReceipts(): readonly SignedReceipt[] {
    return this.#database.listReceipts();
  }

  putUnsent(results: readonly Unsent[], keptAtMs: number): void {
    this.#write((database) => database.putUnsent(results, keptAtMs));
  }

  listUnsent(sinceMs: number): readonly Unsent[] {
    return this.#database.listUnsent(sinceMs);
  }

  dropUnsent(requester: PeerId, job: JobId, leases: readonly number[]): void {
    this.#write((database) => database.dropUnsent(requester, job, leases));
  }

  async putBlob(bytes: Uint8Array): Promise<Digest> {
    return this.#disk.files.putBlob(bytes);
  }

  async putBlobPieces(pieces: AsyncIterable<Uint8Array>): Promise<BlobRef> {
    return this.#disk.files.putBlobPieces(pieces);
  }

  getBlob(blob: Digest): Promise<Uint8Array | undefined> {
    return this.#disk.files.getBlob(blob);
  }

  readBlob(blob: Digest): AsyncIterable<Uint8Array> {
    return this.#disk.files.readBlob(blob);
  }

  blobBytes(blob: Digest): Promise<number | undefined> {
    return this.#disk.files.blobBytes(blob);
  }

  async deleteBlob(blob: Digest): Promise<void> {
    if (this.#isAlive()) await this.#disk.files.deleteBlob(blob);
  }

  close(): void {}
}
