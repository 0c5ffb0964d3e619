import { expect, onTestFinished, test } from 'vitest';

import type { Store } from '../../../src/ports.ts';
import { openStore } from '../../../src/storage/sqlite-store.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { anna, bert } from '../../support/protocol-fixtures.ts';
import { resultOf, storedJob } from '../../support/stored-jobs.ts';
import { tempDir } from '../../support/temp-dir.ts';

async function opened(path: string): Promise<Store> {
  const store = await openStore({ path });
  onTestFinished(() => store.close());
  return store;
}

test('a job that runs outlasts a restart, with all that was committed of it', async () => {
  const path = tempDir();
  const running = storedJob('primes', 'running');
  const { job } = running;
  const first = await opened(path);
  first.putJob(running);
  const page = { blob: await first.putBlob(Buffer.from('inputs')), first: 0, count: 9, bytes: 6 };
  const leases = { peer: anna, first: 1, chunks: [3, 4, 0] };
  const wrong = { peer: bert, chunk: 4, digest: page.blob, expected: digestOf(Buffer.of()) };
  first.commit([{ job, pages: [page], leases: [leases], results: [resultOf(0), resultOf(4)] }]);
  first.commit([{ job, accepted: [0, 4], caught: [wrong] }]);
  first.commit([{ job, reopened: [4] }], [{ peer: anna, passed: 7, isCaught: false, seenAtMs: 1 }]);
  await first.sync();
  first.close();
  const second = await opened(path);
  expect(second.listJobs()).toEqual([running]);
  expect(second.readPages(job)).toEqual([page]);
  expect(await second.blobBytes(page.blob)).toBe(6);
  expect(second.readLeases(job, 0)).toEqual([leases]);
  expect(second.readLeases(job, 2)).toEqual([]);
  expect(second.readAccepted(job, 0)).toEqual([0]);
  expect(second.readCaught(job)).toEqual([wrong]);
  const digests = [0, 4].map((chunk) => ({ chunk, digest: resultOf(chunk).digest }));
  expect(second.listDigests(job, 0)).toEqual(digests);
  expect(second.listDigests(job, 1)).toEqual(digests.slice(1));
  expect(second.readResults(job, 0, 9).map((value) => Buffer.from(value))).toEqual([
    Buffer.from(resultOf(0).value),
  ]);
  expect(second.listStandings()).toMatchObject([{ peer: anna, passed: 7 }]);
});

test('what a job needed to go on is dropped at the next start once it has ended', async () => {
  const path = tempDir();
  const { job } = storedJob('primes', 'running');
  const first = await opened(path);
  first.putJob(storedJob('primes', 'running'));
  const page = { blob: await first.putBlob(Buffer.from('inputs')), first: 0, count: 9, bytes: 6 };
  first.commit([{ job, results: [resultOf(0)], accepted: [0], pages: [page] }]);
  first.putJob(storedJob('primes', 'done'));
  first.close();
  const second = await opened(path);
  expect(await second.blobBytes(page.blob)).toBeUndefined();
  expect([second.readResults(job, 0, 9), second.readAccepted(job, 0)]).toEqual([[], []]);
});
