/** Volunteers that are told to stop, or are killed, in the middle of a job: nothing is lost. */

import { once } from 'node:events';

import { expect, onTestFinished, test } from 'vitest';

import {
  contributionOf,
  jobState,
  type PeerProcess,
  startGrid,
  startPeer,
} from '../support/grid-process.ts';
import { record, spawnPeer } from '../support/peer-process.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';
import { tempDir } from '../support/temp-dir.ts';

/** How long a chunk may still run in a peer that was told to stop once. */
const graceMs = 5_000;
/** A chunk takes some 40 s, on a fast machine still far more than the grace. */
const longWork = 2_000_000_000;

test('told to stop, it gives back what waits at once, and what runs after 5 s', async () => {
  const [ada, ben, cyd, jobId] = await benHoldsBothChunks();
  const ended = once(ben.process, 'exit');
  const toldAtMs = performance.now();
  ben.process.kill('SIGTERM');
  await jobState(ada.control, jobId, (job) => job.inFlight === 1);
  expect(ben.process.exitCode).toBeNull();
  expect(await ended).toEqual([0, null]);
  expect(performance.now() - toldAtMs).toBeGreaterThan(graceMs);
  await cyd.control.resume();
  const job = await jobState(
    ada.control,
    jobId,
    (job) => (contributionOf(job, cyd)?.leased ?? 0) === 2,
  );
  // It did not wait for what takes longer.
  expect(contributionOf(job, ben)).toMatchObject({ returned: 0, expired: 0 });
});

test('told to stop, it ends chunks that need no longer, and their results count', async () => {
  const [ada, ben, cyd] = await startGrid({ slots: 0 });
  await cyd.control.pause({ durationMs: 0 });
  const jobId = await submitSquares(ada, { count: 10, work: 40_000_000 });
  await jobState(ada.control, jobId, (job) => job.accepted > 0);
  const ended = once(ben.process, 'exit');
  ben.process.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  await cyd.control.resume();
  const job = await squaresDone(ada, jobId, 10);
  const [first, second] = [contributionOf(job, ben), contributionOf(job, cyd)];
  expect(first).toMatchObject({ expired: 0, late: 0, accepted: first?.returned });
  expect(second?.leased ?? 0).toBe(10 - (first?.accepted ?? 0));
  expect(second?.late ?? 0).toBe(0);
});

test('told twice, it stops at once, and still gives back all that it holds', async () => {
  const [ada, ben, cyd, jobId] = await benHoldsBothChunks();
  const ended = once(ben.process, 'exit');
  ben.process.kill('SIGINT');
  await expect.poll(async () => (await ben.control.status()).state).toBe('finishing');
  const toldAtMs = performance.now();
  ben.process.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect(performance.now() - toldAtMs).toBeLessThan(graceMs);
  await cyd.control.resume();
  const job = await jobState(
    ada.control,
    jobId,
    (job) => (contributionOf(job, cyd)?.leased ?? 0) === 2,
  );
  expect(contributionOf(job, ben)).toMatchObject({ expired: 0 });
});

test('results that were ready when it was killed are delivered after its restart', async () => {
  const ada = await startPeer({ slots: 0 });
  const options = { dataPath: tempDir(), through: [ada], args: ['--log-level', 'debug'] };
  const ben = await spawnPeer(options);
  onTestFinished(() => ben.end());
  const jobId = await submitSquares(ada, { count: 8, work: 40_000_000 });
  await jobState(ada.control, jobId, (job) => job.accepted > 0);

  ada.process.kill('SIGSTOP');
  const stoppedAtMs = Date.now();
  const owed = [{ peerId: ada.peer }];
  await expect.poll(async () => (await ben.control.status()).undelivered).toMatchObject(owed);
  await expect.poll(() => keptAtMs(ben)).toBeGreaterThan(stoppedAtMs);
  await ben.end();
  const again = await spawnPeer(options);
  onTestFinished(() => again.end());
  expect((await again.control.status()).undelivered).toMatchObject(owed);
  ada.process.kill('SIGCONT');

  const job = await squaresDone(ada, jobId, 8);
  // Each chunk was computed to its end once: none of those that were ready was leased again.
  expect(contributionOf(job, again)).toMatchObject({ returned: 8, accepted: 8, late: 0 });
  await expect.poll(async () => (await again.control.status()).undelivered).toEqual([]);
});

/** Three peers, and a job of two chunks: the second peer runs one, and the other waits there. */
async function benHoldsBothChunks(): Promise<[PeerProcess, PeerProcess, PeerProcess, string]> {
  const [ada, ben, cyd] = await startGrid({ slots: 0 });
  await cyd.control.pause({ durationMs: 0 });
  const jobId = await submitSquares(ada, { count: 2, work: longWork });
  await jobState(ada.control, jobId, (job) => job.inFlight === 2);
  // The requester counts what it has sent: only the volunteer can say what has come.
  const held = async (): Promise<unknown> => {
    const { slotsBusy, leasesHeld } = await ben.control.status();
    return { slotsBusy, leasesHeld };
  };
  await expect.poll(held).toEqual({ slotsBusy: 1, leasesHeld: 2 });
  return [ada, ben, cyd, jobId];
}

/** When it last wrote to its disk what it has not delivered, by its log and the system's clock. */
function keptAtMs({ log }: PeerProcess): number {
  const lines = log.split('\n').filter((line) => line.includes('results kept until they are'));
  return Math.max(0, ...lines.map((line) => Number(record(JSON.parse(line))['time'])));
}
