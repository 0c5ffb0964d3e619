/** What `Store` promises, held against the real one and the one that simulations use. */

import { describe, expect, onTestFinished, test } from 'vitest';

import { peerId } from '../../src/model/ids.ts';
import type { JobSteps, Pieces } from '../../src/model/job.ts';
import { limits } from '../../src/model/limits.ts';
import type { KnownPeer } from '../../src/model/peer-record.ts';
import type { Signed } from '../../src/model/signed.ts';
import type { Store } from '../../src/ports.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { bert, jobNumbered, receiptOf } from '../support/protocol-fixtures.ts';
import { report, resultOf, storedJob } from '../support/stored-jobs.ts';
import { plain } from '../support/wire-samples.ts';
import { stores } from './stores.ts';

describe.each(stores)('a store of %s', (_name, open) => {
  async function opened(): Promise<Store> {
    const store = await open();
    onTestFinished(() => store.close());
    return store;
  }

  test('gives a job back as it was put, with all it may hold', async () => {
    const store = await opened();
    const running = storedJob('primes', 'running');
    const done = {
      ...storedJob('queens', 'done'),
      report,
      output: { kind: 'json', blob: digestOf(Buffer.from('92')) },
      certificates: { digests: digestOf(Buffer.from('digests')) },
    } as const;
    const failed = { ...storedJob('broken', 'failed'), report, failure: 'Chunk 7 threw.' } as const;
    for (const job of [running, done, failed]) store.putJob(job);
    for (const job of [running, done, failed]) expect(store.getJob(job.job)).toEqual(job);
  });

  test.each<Pieces>([
    { type: 'lines', linesPerChunk: 3 },
    { type: 'bytes', bytesPerChunk: 1024 },
    { type: 'range', from: -5, to: 2 ** 53 - 1, numbersPerChunk: 7 },
    { type: 'files', names: ['a.txt', 'b.txt'] },
  ])('gives a WASI job back with its setup, its data and its pieces: %j', async (pieces) => {
    const store = await opened();
    const blob = (text: string) => digestOf(Buffer.from(text));
    const { spec, ...job } = storedJob('words', 'done');
    const steps: JobSteps = { type: 'pieces', pieces };
    const setup = { digest: blob('setup'), bytes: 5 };
    const wasi = {
      ...job,
      spec: { ...spec, runtime: 'wasi', setup, steps },
      output: { kind: 'bytes', blob: blob('output'), parts: blob('parts') },
      data: [blob('words'), blob('more words')],
    } as const;
    store.putJob(wasi);
    expect(store.getJob(wasi.job)).toEqual(wasi);
  });

  test('knows nothing of a job that was never put', async () => {
    const store = await opened();
    expect(store.getJob(storedJob('unknown', 'done').job)).toBeUndefined();
    expect(store.listJobs()).toEqual([]);
  });

  test('replaces an earlier state of the same job', async () => {
    const store = await opened();
    store.putJob(storedJob('primes', 'running'));
    store.putJob({ ...storedJob('primes', 'cancelled'), report });
    expect(store.listJobs()).toEqual([{ ...storedJob('primes', 'cancelled'), report }]);
  });

  test('lists the newest job first, and of one moment the last put', async () => {
    const store = await opened();
    store.putJob(storedJob('second', 'done', 2000));
    store.putJob(storedJob('third', 'done', 3000));
    store.putJob(storedJob('first', 'done', 1000));
    store.putJob(storedJob('first too', 'done', 1000));
    const names = store.listJobs().map((job) => job.spec.name);
    expect(names).toEqual(['third', 'second', 'first too', 'first']);
  });

  test('reads results in chunk order, whatever the order in which they came', async () => {
    const store = await opened();
    const { job } = putRunning(store, 'primes');
    store.commit([{ job, results: [resultOf(2), resultOf(0)] }]);
    store.commit([{ job, results: [resultOf(1), resultOf(3)] }]);
    expect(texts(store.readResults(job, 0, 10))).toEqual([
      'result 0',
      'result 1',
      'result 2',
      'result 3',
    ]);
    expect(texts(store.readResults(job, 1, 2))).toEqual(['result 1', 'result 2']);
    expect(store.readResults(job, 4, 10)).toEqual([]);
    expect(store.readResults(job, 0, 0)).toEqual([]);
  });

  test('reads digests of results alone, up to the first missing chunk', async () => {
    const store = await opened();
    const { job } = putRunning(store, 'primes');
    expect(store.readDigests(job, 0, 10)).toHaveLength(0);
    store.commit([{ job, results: [resultOf(1), resultOf(0), resultOf(2), resultOf(4)] }]);
    const digests = [0, 1, 2].map((chunk) => Buffer.from(resultOf(chunk).digest, 'hex'));
    expect(Buffer.from(store.readDigests(job, 0, 10))).toEqual(Buffer.concat(digests));
    expect(Buffer.from(store.readDigests(job, 1, 1))).toEqual(digests[1]);
    expect(store.readDigests(job, 3, 10)).toHaveLength(0);
  });

  test('stops reading at the first missing chunk', async () => {
    const store = await opened();
    const { job } = putRunning(store, 'primes');
    store.commit([{ job, results: [resultOf(0), resultOf(1), resultOf(3)] }]);
    expect(texts(store.readResults(job, 0, 10))).toEqual(['result 0', 'result 1']);
    expect(store.readResults(job, 2, 10)).toEqual([]);
  });

  test('hands out large values in several reads that lose none', async () => {
    const store = await opened();
    const { job } = putRunning(store, 'mandelbrot');
    const large = (chunk: number) => new Uint8Array(1024 * 1024).fill(chunk);
    for (let chunk = 0; chunk < 20; chunk++) {
      store.commit([{ job, results: [resultOf(chunk, large(chunk))] }]);
    }
    const sizes = [];
    const firsts = [];
    for (;;) {
      const values = store.readResults(job, firsts.length, 1000);
      if (values.length === 0) break;
      sizes.push(values.length);
      firsts.push(...values.map((value) => value[0]));
    }
    expect(sizes).toEqual([16, 4]);
    expect(firsts).toEqual(Array.from({ length: 20 }, (_, chunk) => chunk));
  });

  test('keeps the last result that a chunk was given', async () => {
    const store = await opened();
    const { job } = putRunning(store, 'primes');
    store.commit([{ job, results: [resultOf(0, Buffer.from('first')), resultOf(1)] }]);
    store.commit([{ job, results: [resultOf(0, Buffer.from('second'))] }]);
    expect(texts(store.readResults(job, 0, 10))).toEqual(['second', 'result 1']);
  });

  test('keeps empty values and the largest chunk number', async () => {
    const store = await opened();
    const { job } = putRunning(store, 'primes');
    const last = 2 ** 32 - 1;
    store.commit([{ job, results: [resultOf(last, new Uint8Array())] }]);
    expect(store.readResults(job, last, 10).map((value) => value.length)).toEqual([0]);
  });

  test('forgets the results of one job and keeps those of another', async () => {
    const store = await opened();
    const primes = putRunning(store, 'primes').job;
    const queens = putRunning(store, 'queens').job;
    for (const job of [primes, queens]) store.commit([{ job, results: [resultOf(0)] }]);
    store.dropResults(primes);
    store.dropResults(primes);
    expect(store.readResults(primes, 0, 10)).toEqual([]);
    expect(texts(store.readResults(queens, 0, 10))).toEqual(['result 0']);
    store.commit([{ job: primes, results: [resultOf(0, Buffer.from('again'))] }]);
    expect(texts(store.readResults(primes, 0, 10))).toEqual(['again']);
  });

  test('refuses results of a job that was never put, which is a bug', async () => {
    const store = await opened();
    const { job } = storedJob('unknown', 'running');
    expect(() => store.commit([{ job, results: [resultOf(0)] }])).toThrow('which was never put');
  });

  test('keeps statements in the order in which they came, for as long as the job', async () => {
    const store = await opened();
    const primes = putRunning(store, 'primes').job;
    const queens = putRunning(store, 'queens').job;
    const [first, second, third] = [1, 2, 3].map((byte) => statementOf(byte));
    if (!first || !second || !third) throw new Error('three were made');
    expect(store.readStatements(primes, 0)).toEqual([]);
    store.commit([{ job: primes, statements: [first, second] }]);
    store.commit([{ job: queens, statements: [third] }]);
    store.commit([{ job: primes, statements: [{ ...third, counted: Uint8Array.of(6) }] }]);
    store.dropResults(primes);
    const kept = store.readStatements(primes, 0);
    expect(kept.map(({ signed }) => plain(signed))).toEqual([first, second, third].map(plain));
    expect(kept.map(({ counted }) => counted?.[0])).toEqual([undefined, undefined, 6]);
    expect(store.readStatements(primes, kept[1]?.number ?? 0)).toEqual(kept.slice(2));
    store.dropStatements(primes);
    store.dropStatements(primes);
    expect(store.readStatements(primes, 0)).toEqual([]);
    expect(store.readStatements(queens, 0)).toHaveLength(1);
  });

  test('keeps what was taken for equal, by chunk, as long as the statements', async () => {
    const store = await opened();
    const { job } = putRunning(store, 'primes');
    const { job: other } = putRunning(store, 'queens');
    const [one, two, three] = [1, 2, 3].map((chunk) => resultOf(chunk).digest);
    if (!one || !two || !three) throw new Error('three were made');
    expect(store.readEquivalents(job, 7)).toEqual([]);
    const some = [
      { chunk: 7, digest: two, of: one },
      { chunk: 7, digest: three, of: one },
    ];
    store.putEquivalents(job, [...some, { chunk: 8, digest: two, of: one }]);
    store.putEquivalents(job, some.slice(1));
    expect(store.readEquivalents(job, 7)).toHaveLength(2);
    expect(store.readEquivalents(job, 7)).toEqual(expect.arrayContaining(some));
    expect(store.readEquivalents(other, 7)).toEqual([]);
    store.dropStatements(job);
    expect(store.readEquivalents(job, 7)).toEqual([]);
  });

  test('hands out many statements in several reads that lose none', async () => {
    const store = await opened();
    const { job } = putRunning(store, 'primes');
    const statements = Array.from({ length: 2500 }, (_, at) => statementOf(at % 256));
    store.commit([{ job, statements }]);
    const bytes: (number | undefined)[] = [];
    for (let after = 0, some; (some = store.readStatements(job, after)).length > 0;) {
      bytes.push(...some.map(({ signed }) => signed.payload[0]));
      after = some.at(-1)?.number ?? Infinity;
    }
    expect(bytes).toEqual(statements.map(({ payload }) => payload[0]));
  });

  test('knows no peers at first', async () => {
    expect((await opened()).listPeers()).toEqual([]);
  });

  test('gives the peers that were put last, the last seen first', async () => {
    const store = await opened();
    store.putPeers([knownPeer('gone', 9000)]);
    const old = { ...knownPeer('old', 1000), addresses: [] };
    const fresh = { ...knownPeer('fresh', 3000), addresses: ['a.example:1', '[2001:db8::7]:7420'] };
    const sameMoment = knownPeer('same', 3000);
    store.putPeers([old, fresh, sameMoment]);
    expect(store.listPeers()).toEqual([fresh, sameMoment, old]);
    store.putPeers([]);
    expect(store.listPeers()).toEqual([]);
  });

  test('keeps no more peers than it should, and of them the last seen', async () => {
    const store = await opened();
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    const many = Array.from({ length: limits.knownPeersMax + 3 }, (_, index) =>
      knownPeer(`${letters[Math.floor(index / 26)]}${letters[index % 26]}`, index),
    );
    store.putPeers(many);
    expect(store.listPeers()).toEqual(many.slice(3).toReversed());
  });

  test('keeps what was seen of peers, each in the place of what was kept before', async () => {
    const store = await opened();
    expect(store.listStandings()).toEqual([]);
    const anna = { peer: knownPeer('anna', 0).peer, passed: 1.5, isCaught: false, seenAtMs: 2_000 };
    const bert = { peer: knownPeer('bert', 0).peer, passed: 0, isCaught: true, seenAtMs: 1_000 };
    store.putStandings([anna, bert]);
    expect(store.listStandings()).toEqual([bert, anna]);
    store.putStandings([{ ...bert, seenAtMs: 3_000 }]);
    expect(store.listStandings()).toEqual([anna, { ...bert, seenAtMs: 3_000 }]);
  });

  test('keeps no more standings than it should, and of them the last seen', async () => {
    const store = await opened();
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    const many = Array.from({ length: limits.standingsMax + 3 }, (_, index) => {
      const name = [1, 26, 676, 17_576].map((unit) => letters[Math.floor(index / unit) % 26]);
      return {
        peer: knownPeer(name.join(''), 0).peer,
        passed: 1,
        isCaught: false,
        seenAtMs: index,
      };
    });
    store.putStandings(many);
    const kept = store.listStandings();
    expect(kept).toHaveLength(limits.standingsMax);
    expect(kept[0]?.seenAtMs).toBe(3);
  });

  test('gives receipts back with the bytes that prove them, the last to come first', async () => {
    const store = await opened();
    expect(store.listReceipts()).toEqual([]);
    const receipts = [3_000, 1_000, 2_000].map((issuedAtMs, index) =>
      receiptOf({ job: jobNumbered(index), issuedAtMs, computeSeconds: index / 3 }),
    );
    for (const receipt of receipts) store.putReceipt(receipt);
    expect(store.listReceipts()).toEqual(receipts.toReversed());
  });

  test('keeps one receipt of a requester for a job, the last', async () => {
    const store = await opened();
    const others = [receiptOf({ job: jobNumbered(2) }), receiptOf({ requester: bert })];
    for (const receipt of [receiptOf(), ...others]) store.putReceipt(receipt);
    store.putReceipt(receiptOf({ chunks: 9 }));
    expect(store.listReceipts()).toEqual([receiptOf({ chunks: 9 }), ...others.toReversed()]);
  });

  test('of too many receipts the oldest goes of whoever gave the most', async () => {
    const store = await opened();
    const rare = receiptOf({ requester: bert });
    store.putReceipt(rare);
    for (let number = 0; number <= limits.receiptsMax; number++) {
      store.putReceipt(receiptOf({ job: jobNumbered(number) }));
    }
    const kept = store.listReceipts();
    expect(kept).toHaveLength(limits.receiptsMax);
    expect(kept.at(-1)).toEqual(rare);
    expect(kept.at(-2)?.receipt.job).toBe(jobNumbered(2));
  });

  test('keeps a blob under its digest until it is deleted', async () => {
    const store = await opened();
    const bytes = new Uint8Array(100_000).fill(7);
    const blob = await store.putBlob(bytes);
    expect(blob).toBe(digestOf(bytes));
    const twice = await Promise.all([store.putBlob(bytes), store.putBlob(bytes)]);
    expect(twice).toEqual([blob, blob]);
    expect(Buffer.from((await store.getBlob(blob)) ?? []).equals(bytes)).toBe(true);
    await store.deleteBlob(blob);
    await store.deleteBlob(blob);
    expect(await store.getBlob(blob)).toBeUndefined();
  });

  test('keeps the empty blob', async () => {
    const store = await opened();
    const blob = await store.putBlob(new Uint8Array());
    expect((await store.getBlob(blob))?.length).toBe(0);
    expect(await Array.fromAsync(store.readBlob(blob))).toEqual([]);
    expect(await store.putBlobPieces(inPieces())).toEqual({ digest: blob, bytes: 0 });
  });

  test('keeps a blob that comes in pieces under the digest of the whole', async () => {
    const store = await opened();
    const parts = [1, 100_000, 0, 1_000_000].map((size, part) => Buffer.alloc(size, part));
    const whole = Buffer.concat(parts);
    const { digest, bytes } = await store.putBlobPieces(inPieces(...parts));
    expect([digest, bytes]).toEqual([digestOf(whole), whole.length]);
    expect(Buffer.from((await store.getBlob(digest)) ?? []).equals(whole)).toBe(true);
    const again = await Promise.all([1, 2].map(() => store.putBlobPieces(inPieces(whole))));
    expect(again).toEqual([
      { digest, bytes },
      { digest, bytes },
    ]);
    expect(await store.putBlob(whole)).toBe(digest);
  });

  test('keeps nothing of pieces that break off, and says what they said', async () => {
    const store = await opened();
    async function* broken() {
      yield Buffer.from('half');
      throw new Error('the sender has gone');
    }
    await expect(store.putBlobPieces(broken())).rejects.toThrow('the sender has gone');
    expect(await store.getBlob(digestOf(Buffer.from('half')))).toBeUndefined();
  });

  test('hands a blob out in pieces, and knows its size', async () => {
    const store = await opened();
    const bytes = Buffer.alloc(3_000_000, 'manyhands');
    const blob = await store.putBlob(bytes);
    const pieces = await Array.fromAsync(store.readBlob(blob));
    expect(pieces.length).toBeGreaterThan(3);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect(await store.blobBytes(blob)).toBe(bytes.length);
    await store.deleteBlob(blob);
    expect(await store.blobBytes(blob)).toBeUndefined();
    const gone = Array.fromAsync(store.readBlob(blob));
    await expect(gone).rejects.toMatchObject({ code: 'store-failed' });
  });
});

async function* inPieces(...pieces: readonly Uint8Array[]) {
  yield* pieces;
}

function knownPeer(name: string, seenAtMs: number): KnownPeer {
  return { peer: peerId(name.padEnd(52, '2')), addresses: ['192.0.2.7:7420'], seenAtMs };
}

function putRunning(store: Store, name: string) {
  const job = storedJob(name, 'running');
  store.putJob(job);
  return job;
}

function texts(values: readonly Uint8Array[]): readonly string[] {
  return values.map((value) => Buffer.from(value).toString());
}

function statementOf(byte: number): Signed {
  const bytes = (size: number): Uint8Array => new Uint8Array(size).fill(byte);
  return { payload: bytes(30), publicKey: bytes(91), signature: bytes(70) };
}
