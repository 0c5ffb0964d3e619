/** Own jobs that are let go, through a store on a disk that is limited. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import type { Digest } from '../../../src/model/ids.ts';
import type { Store, StoredJob } from '../../../src/ports.ts';
import { openBlobCache } from '../../../src/storage/blob-cache.ts';
import { DiskLimit } from '../../../src/storage/disk-limit.ts';
import { openStore } from '../../../src/storage/sqlite-store.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { receiptOf } from '../../support/protocol-fixtures.ts';
import { resultOf, storedJob } from '../../support/stored-jobs.ts';
import { tempDir } from '../../support/temp-dir.ts';

const MiB = 2 ** 20;

test('a job that is forgotten leaves nothing, but for what another job needs', async () => {
  const { store, path } = await limited();
  const program = await store.putBlob(bytes(1, 50_000));
  const first = await done(store, 'first', bytes(2, 60_000), program);
  const second = await done(store, 'second', bytes(3, 70_000), program);
  store.commit([{ job: first.job, statements: [statement] }]);
  store.forgetJob(first.job);
  store.forgetJob(first.job);
  expect(store.listJobs()).toEqual([second]);
  expect(new Set(filesIn(path))).toEqual(new Set([program, second.output.blob]));
  store.forgetJob(second.job);
  expect(filesIn(path)).toEqual([]);
});

test('what was just put for a job to come is not taken for that of one that goes', async () => {
  const { store } = await limited();
  const script = bytes(1, 50_000);
  const first = await done(store, 'first', bytes(2, 10), await store.putBlob(script));
  const again = await store.putBlob(script);
  store.forgetJob(first.job);
  expect(await store.getBlob(again)).toBeDefined();
  const second = await done(store, 'second', bytes(3, 10), again);
  store.forgetJob(second.job);
  expect(await store.getBlob(again)).toBeUndefined();
});

test('at the limit others’ programs go first, then what is kept of the oldest jobs', async () => {
  const { store, limit, path } = await limited(8 * MiB);
  const cache = await cacheIn(path, limit);
  const others = bytes(9, MiB);
  await cache.put(digestOf(others), others);
  const jobs: Awaited<ReturnType<typeof done>>[] = [];
  for (let number = 1; number <= 3; number++) {
    jobs.push(await done(store, `job ${number}`, bytes(number, 2 * MiB), undefined, number));
  }
  expect(cache.has(digestOf(others))).toBe(true);
  store.commit([{ job: jobs[0]?.job ?? never(), statements: [statement] }]);
  const running = {
    ...storedJob('running', 'running', 0),
    data: [await store.putBlob(bytes(7, 9))],
  };
  store.putJob(running);

  const fourth = await done(store, 'job 4', bytes(4, 1.5 * MiB), undefined, 4);
  expect(cache.has(digestOf(others))).toBe(false);
  expect(states(store)).toEqual(['job 4', 'job 3', 'job 2', 'job 1', 'running']);

  await done(store, 'job 5', bytes(5, 1.5 * MiB), undefined, 5);
  expect(states(store)).toEqual(['job 5', 'job 4', 'job 3', 'job 2', 'job 1 trimmed', 'running']);
  expect(store.readStatements(jobs[0]?.job ?? never(), 0)).toEqual([]);
  expect(await store.getBlob(jobs[0]?.output.blob ?? never())).toBeUndefined();
  for (const kept of [jobs[1], fourth]) {
    expect(await store.getBlob(kept?.output.blob ?? never())).toBeDefined();
  }
  expect(await store.getBlob(running.data[0] ?? never())).toBeDefined();
  expect(sizeOf(path)).toBeLessThanOrEqual(limit.bytes);
  expect(limit.bytes).toBeLessThanOrEqual(8 * MiB);
});

test('when nothing else can go, writes are refused, and receipts stay', async () => {
  const { store, path } = await limited(4 * MiB);
  const running = storedJob('running', 'running');
  store.putJob(running);
  store.putReceipt(receiptOf());
  await store.putBlob(bytes(1, 3 * MiB));
  const full = { code: 'disk-full', message: expect.stringContaining('--disk-limit') };
  await expect(store.putBlob(bytes(2, MiB))).rejects.toMatchObject(full);
  async function* pieces() {
    for (let piece = 0; piece < 20; piece++) yield bytes(piece, 100_000);
  }
  await expect(store.putBlobPieces(pieces())).rejects.toMatchObject(full);
  const results = Array.from({ length: 8 }, (_, chunk) => resultOf(chunk, bytes(chunk, 100_000)));
  expect(() => store.commit([{ job: running.job, results }])).toThrow('--disk-limit');
  expect(store.readResults(running.job, 0, 10)).toEqual([]);
  // How it ended can always be told, and who has thanked.
  store.putJob({ ...running, state: 'failed', failure: 'the disk' });
  store.putReceipt(receiptOf({ chunks: 9 }));
  expect(store.listReceipts()).toHaveLength(1);
  expect(sizeOf(path)).toBeLessThan(4 * MiB);
  store.close();
  // Less than the database has by itself.
  const again = await openStore({ path, limit: new DiskLimit(path, 20_000) });
  onTestFinished(() => again.close());
  expect(() => again.putJob(storedJob('new', 'running'))).toThrow('--disk-limit');
  expect(again.listReceipts()).toHaveLength(1);
});

test('results that were dropped leave room in the database for the next job', async () => {
  const { store, limit } = await limited(8 * MiB);
  for (let round = 0; round < 6; round++) {
    const job = storedJob(`round ${round}`, 'running');
    store.putJob(job);
    for (let chunk = 0; chunk < 15; chunk++) {
      store.commit([{ job: job.job, results: [resultOf(chunk, bytes(chunk, 100_000))] }]);
    }
    store.dropResults(job.job);
    store.putJob({ ...job, state: 'done' });
  }
  // What the database does not need any more, a blob may.
  await store.putBlob(bytes(1, 7 * MiB));
  expect(limit.bytes).toBeLessThanOrEqual(8 * MiB);
});

const statement = {
  payload: bytes(1, 100),
  publicKey: bytes(2, 91),
  signature: bytes(3, 70),
};

async function limited(bytesMax?: number) {
  const path = tempDir();
  const limit = new DiskLimit(path, bytesMax);
  const store = await openStore({ path, limit });
  onTestFinished(() => store.close());
  return { store, limit, path };
}

function cacheIn(path: string, limit: DiskLimit) {
  const onTrouble = (reason: string): never => expect.unreachable(reason);
  const bounds = { bytesMax: 100 * MiB, filesMax: 100 };
  return openBlobCache({ path: join(path, 'cache'), ...bounds, limit, onTrouble });
}

async function done(
  store: Store,
  name: string,
  output: Uint8Array,
  program?: Digest,
  createdAtMs = 1,
) {
  const { spec, ...job } = storedJob(name, 'done', createdAtMs);
  const steps = { type: 'script', script: program ?? spec.program } as const;
  const kept = {
    ...job,
    spec: { ...spec, program: program ?? spec.program, steps },
    output: { kind: 'bytes', blob: await store.putBlob(output) },
  } as const satisfies StoredJob;
  store.putJob(kept);
  return kept;
}

function states(store: Store): string[] {
  return store
    .listJobs()
    .map(({ spec, isTrimmed }) => `${spec.name}${isTrimmed ? ' trimmed' : ''}`);
}

function bytes(fill: number, length: number): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

function filesIn(path: string): readonly string[] {
  const files = readdirSync(join(path, 'blobs'), { recursive: true, withFileTypes: true });
  return files.filter((file) => file.isFile()).map((file) => file.name);
}

/** Of all files. */
function sizeOf(path: string): number {
  const files = readdirSync(path, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}

function never(): never {
  throw new Error('it was put');
}
