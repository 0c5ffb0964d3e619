/**
 * A `Store` that forgets everything with the process: for simulations, and to test the contract.
 */

import { GridError } from '../../src/model/errors.ts';
import type { Digest, JobId, PeerId } from '../../src/model/ids.ts';
import type { WrongResult } from '../../src/model/job.ts';
import type { JobWrites, StoredDigest, StoredLeases, StoredPage } from '../../src/model/journal.ts';
import { limits } from '../../src/model/limits.ts';
import type { KnownPeer } from '../../src/model/peer-record.ts';
import type { Standing } from '../../src/model/standing.ts';
import type { BlobRef } from '../../src/model/program.ts';
import type { SignedReceipt } from '../../src/model/receipt.ts';
import type { Unsent } from '../../src/model/unsent.ts';
import type { Equivalent, Store, StoredJob, StoredStatement } from '../../src/ports.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { MemoryJournal } from './memory-journal.ts';
import { UnsentResults } from './unsent-results.ts';

const PIECE_BYTES = 100 * 1024;
const READ_BYTES_MAX = 16 * 1024 * 1024;

export class MemoryStore implements Store {
  readonly #jobs = new Map<JobId, StoredJob>();
  readonly #results = new Map<JobId, Map<number, Uint8Array>>();
  #peers: readonly KnownPeer[] = [];
  readonly #standings = new Map<PeerId, Standing>();
  /** The last to come last. */
  readonly #statements = new Map<JobId, readonly StoredStatement[]>();
  readonly #equivalents = new Map<JobId, Map<string, Equivalent>>();
  #receipts: readonly SignedReceipt[] = [];
  readonly #unsent = new UnsentResults();
  readonly #journal = new MemoryJournal();
  readonly #blobs = new Map<Digest, Uint8Array>();

  putJob(job: StoredJob): void {
    this.#jobs.set(job.job, job);
  }

  getJob(job: JobId): StoredJob | undefined {
    return this.#jobs.get(job);
  }

  listJobs(): readonly StoredJob[] {
    return [...this.#jobs.values()]
      .reverse()
      .sort((a, b) => b.spec.createdAtMs - a.spec.createdAtMs);
  }

  /** Its blobs stay: they cost nobody anything here. */
  forgetJob(job: JobId): void {
    this.#jobs.delete(job);
    this.dropResults(job);
    this.dropStatements(job);
  }

  commit(writes: readonly JobWrites[], standings: readonly Standing[] = []): void {
    for (const each of writes) {
      const { job, results = [], statements = [] } = each;
      if (!this.#jobs.has(job)) throw new Error(`what belongs to job ${job}, which was never put`);
      const values = this.#results.get(job) ?? new Map<number, Uint8Array>();
      this.#results.set(job, values);
      for (const { chunk, value } of results) values.set(chunk, value);
      const kept = this.#statements.get(job) ?? [];
      const more = statements.map(({ counted, ...signed }, at): StoredStatement => {
        const number = kept.length + at + 1;
        return counted === undefined ? { number, signed } : { number, signed, counted };
      });
      this.#statements.set(job, [...kept, ...more]);
      this.#journal.put(each);
    }
    this.putStandings(standings);
  }

  async sync(): Promise<void> {}

  readonly syncTrouble: string | undefined = undefined;

  readPages(job: JobId): readonly StoredPage[] {
    return this.#journal.of(job).pages;
  }

  readAccepted(job: JobId, from: number): readonly number[] {
    const accepted = [...this.#journal.of(job).accepted].sort((a, b) => a - b);
    return accepted.filter((chunk) => chunk >= from);
  }

  readLeases(job: JobId, from: number): readonly StoredLeases[] {
    return this.#journal.of(job).leases.filter(({ first }) => first >= from);
  }

  readCaught(job: JobId): readonly WrongResult[] {
    return this.#journal.of(job).caught;
  }

  listDigests(job: JobId, from: number): readonly StoredDigest[] {
    const values = [...(this.#results.get(job) ?? [])].sort(([a], [b]) => a - b);
    const all = values.map(([chunk, value]) => ({ chunk, digest: digestOf(value) }));
    return all.filter(({ chunk }) => chunk >= from);
  }

  readResults(job: JobId, from: number, countMax: number): readonly Uint8Array[] {
    const values: Uint8Array[] = [];
    let bytes = 0;
    while (values.length < countMax && bytes < READ_BYTES_MAX) {
      const value = this.#results.get(job)?.get(from + values.length);
      if (!value) break;
      bytes += value.length;
      values.push(value);
    }
    return values;
  }

  readDigests(job: JobId, from: number, countMax: number): Uint8Array {
    const digests: Uint8Array[] = [];
    while (digests.length < countMax) {
      const value = this.#results.get(job)?.get(from + digests.length);
      if (!value) break;
      digests.push(Buffer.from(digestOf(value), 'hex'));
    }
    return Buffer.concat(digests);
  }

  dropResults(job: JobId): void {
    this.#results.delete(job);
    this.#journal.drop(job);
  }

  putPeers(peers: readonly KnownPeer[]): void {
    const lastSeen = peers.toSorted((a, b) => b.seenAtMs - a.seenAtMs);
    this.#peers = lastSeen.slice(0, limits.knownPeersMax);
  }

  listPeers(): readonly KnownPeer[] {
    return this.#peers;
  }

  putStandings(standings: readonly Standing[]): void {
    for (const standing of standings) this.#standings.set(standing.peer, standing);
    const lastSeenFirst = this.listStandings().toReversed();
    for (const { peer } of lastSeenFirst.slice(limits.standingsMax)) this.#standings.delete(peer);
  }

  listStandings(): readonly Standing[] {
    return [...this.#standings.values()].sort((a, b) => a.seenAtMs - b.seenAtMs);
  }

  readStatements(job: JobId, after: number): readonly StoredStatement[] {
    return (this.#statements.get(job) ?? []).filter(({ number }) => number > after);
  }

  dropStatements(job: JobId): void {
    this.#statements.delete(job);
    this.#equivalents.delete(job);
  }

  putEquivalents(job: JobId, equivalents: readonly Equivalent[]): void {
    const kept = this.#equivalents.get(job) ?? new Map<string, Equivalent>();
    for (const each of equivalents) kept.set(`${each.chunk} ${each.digest} ${each.of}`, each);
    this.#equivalents.set(job, kept);
  }

  readEquivalents(job: JobId, chunk: number): readonly Equivalent[] {
    const kept = [...(this.#equivalents.get(job)?.values() ?? [])];
    return kept.filter((each) => each.chunk === chunk);
  }

  putReceipt(signed: SignedReceipt): void {
    const { requester, job } = signed.receipt;
    const others = this.#receipts.filter(
      ({ receipt }) => receipt.requester !== requester || receipt.job !== job,
    );
    this.#receipts = [...others, signed];
    if (this.#receipts.length <= limits.receiptsMax) return;
    const given = Map.groupBy(this.#receipts, ({ receipt }) => receipt.requester);
    const [most] = [...given.values()].sort((a, b) => b.length - a.length);
    this.#receipts = this.#receipts.filter((receipt) => receipt !== most?.[0]);
  }

  listReceipts(): readonly SignedReceipt[] {
    return this.#receipts.toReversed();
  }

  putUnsent(results: readonly Unsent[], keptAtMs: number): void {
    this.#unsent.put(results, keptAtMs);
  }

  listUnsent(sinceMs: number): readonly Unsent[] {
    return this.#unsent.list(sinceMs);
  }

  dropUnsent(requester: PeerId, job: JobId, leases: readonly number[]): void {
    this.#unsent.drop(requester, job, leases);
  }

  async putBlob(bytes: Uint8Array): Promise<Digest> {
    const blob = digestOf(bytes);
    this.#blobs.set(blob, bytes.slice());
    return blob;
  }

  async putBlobPieces(pieces: AsyncIterable<Uint8Array>): Promise<BlobRef> {
    const bytes = Buffer.concat(await Array.fromAsync(pieces));
    return { digest: await this.putBlob(bytes), bytes: bytes.length };
  }

  async *readBlob(blob: Digest): AsyncGenerator<Uint8Array, undefined> {
    const bytes = await this.getBlob(blob);
    if (bytes === undefined) throw new GridError('store-failed', `The blob ${blob} is gone.`);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      yield bytes.subarray(at, at + PIECE_BYTES);
    }
  }

  async blobBytes(blob: Digest): Promise<number | undefined> {
    return this.#blobs.get(blob)?.length;
  }

  async getBlob(blob: Digest): Promise<Uint8Array | undefined> {
    return this.#blobs.get(blob);
  }

  async deleteBlob(blob: Digest): Promise<void> {
    this.#blobs.delete(blob);
  }

  close(): void {}
}
