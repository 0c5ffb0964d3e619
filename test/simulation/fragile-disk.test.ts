/** What the simulated disk adds to the promises of a store: what a power failure leaves of it. */

import { expect, test } from 'vitest';

import { FragileDisk } from '../support/fragile-disk.ts';
import { FragileStore } from '../support/fragile-store.ts';
import { storedJob } from '../support/stored-jobs.ts';

/** A store of a process that can be ended, on a disk that syncs when it is told. */
function fragile() {
  const disk = new FragileDisk();
  const process = { isAlive: true };
  const spun = Promise.withResolvers<void>();
  const store = new FragileStore(
    disk,
    () => process.isAlive,
    () => spun.promise,
  );
  const put = (...names: readonly string[]): void => {
    for (const [at, name] of names.entries()) store.putJob(storedJob(name, 'running', at));
  };
  const left = (): string[] => disk.database.listJobs().map(({ spec }) => spec.name);
  return { disk, process, store, spun, put, left };
}

test('what was written before a sync began is there, and a beginning of the rest', async () => {
  const { disk, store, spun, put, left } = fragile();
  put('a', 'b');
  const synced = store.sync();
  put('c', 'd', 'e');
  spun.resolve();
  await synced;
  disk.losePower(1);
  expect(left().toSorted()).toEqual(['a', 'b', 'c']);
  disk.losePower(0);
  expect(left().toSorted()).toEqual(['a', 'b', 'c']);
});

test('a sync that has not ended stands for nothing', () => {
  const { disk, store, put, left } = fragile();
  put('a');
  void store.sync();
  disk.losePower(0);
  expect(left()).toEqual([]);
});

test('a process that is gone writes nothing, and its sync does not end', async () => {
  const { disk, process, store, spun, put, left } = fragile();
  put('a');
  const synced = store.sync().then(() => 'ended');
  process.isAlive = false;
  put('b');
  spun.resolve();
  const other = new Promise((resolve) => setImmediate(resolve, 'not ended'));
  expect(await Promise.race([synced, other])).toBe('not ended');
  expect(left()).toEqual(['a']);
  expect(disk.syncedWrites).toBe(0);
});
