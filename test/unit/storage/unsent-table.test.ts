import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, onTestFinished, test } from 'vitest';

import type { Unsent } from '../../../src/model/unsent.ts';
import type { Store } from '../../../src/ports.ts';
import { DiskLimit } from '../../../src/storage/disk-limit.ts';
import { openStore } from '../../../src/storage/sqlite-store.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { anna, digestNumbered, jobNumbered } from '../../support/protocol-fixtures.ts';
import { storedJob } from '../../support/stored-jobs.ts';
import { tempDir } from '../../support/temp-dir.ts';

const MiB = 1024 * 1024;
const work = digestNumbered(1);

test('what one more result costs does not grow with the values that are there', async () => {
  const store = await opened();
  const many = Array.from({ length: 4000 }, (_, lease) => resultOf(lease, 16_000));
  store.putUnsent(many, 0);
  const listMs = msOf(() => store.listUnsent(0));
  const putsMs = Array.from({ length: 9 }, (_, at) =>
    msOf(() => store.putUnsent([resultOf(4000 + at, 10)], 0)),
  );
  // Without an index it is a tenth, and with one a four-hundredth (measured).
  expect(median(putsMs)).toBeLessThan(listMs / 50);
});

test('what is kept for others stays within the limit, and makes room for own jobs', async () => {
  const path = tempDir();
  const limit = new DiskLimit(path, 32 * MiB);
  const store = await opened(path, limit);
  for (let lease = 0; lease < 60; lease++) store.putUnsent([resultOf(lease, MiB)], 0);
  expect(limit.spareBytes).toBeGreaterThanOrEqual(-4 * MiB);
  const before = leasesIn(store);
  expect(before).toEqual(Array.from({ length: before.length }, (_, at) => 60 - before.length + at));
  expect(before.length).toBeGreaterThan(8);
  store.putJob(storedJob('own', 'running'));
  const blob = await store.putBlob(new Uint8Array(6 * MiB));
  expect(await store.blobBytes(blob)).toBe(6 * MiB);
  const after = leasesIn(store);
  expect(after.length).toBeLessThan(before.length);
  expect(limit.spareBytes).toBeGreaterThanOrEqual(0);
});

test('no result of an own job goes for what is kept for others', async () => {
  const path = tempDir();
  const limit = new DiskLimit(path, 16 * MiB);
  const store = await opened(path, limit);
  const blob = await store.putBlob(new Uint8Array(12 * MiB));
  store.putJob({ ...storedJob('own', 'done'), output: { kind: 'text', blob } });
  expect(() => store.putUnsent([resultOf(1, 4 * MiB)], 0)).toThrow('--disk-limit');
  expect(await store.blobBytes(blob)).toBe(12 * MiB);
});

test('a damaged row that names nobody is passed over, and does no harm', async () => {
  const path = tempDir();
  const first = await openStore({ path });
  first.putUnsent([resultOf(1, 10)], 0);
  first.close();
  const database = new DatabaseSync(join(path, 'jobs.sqlite'));
  database.exec("UPDATE unsent SET requester = 'x'");
  database.close();
  const store = await opened(path);
  store.putUnsent([resultOf(2, 10)], 0);
  expect(leasesIn(store)).toEqual([2]);
});

function resultOf(lease: number, bytes: number): Unsent {
  const value = new Uint8Array(bytes).fill(lease);
  const outcome = { type: 'result', digest: digestOf(value), value } as const;
  const replica = { lease, chunk: lease, outcome, computeMs: 1, work };
  return { requester: anna, addresses: ['anna:1'], job: jobNumbered(1), replica };
}

async function opened(path = tempDir(), limit = new DiskLimit(path)): Promise<Store> {
  const store = await openStore({ path, limit });
  onTestFinished(() => store.close());
  return store;
}

function leasesIn(store: Store): number[] {
  return store.listUnsent(0).map(({ replica }) => replica.lease);
}

function msOf(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}
