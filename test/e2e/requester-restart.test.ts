/** A requester's peer that is killed and started again on its folder goes on with its jobs. */

import { once } from 'node:events';

import { expect, onTestFinished, test } from 'vitest';

import { jobState, manyhands, type PeerProcess, startPeer } from '../support/grid-process.ts';
import { spawnPeer } from '../support/peer-process.ts';
import { squares, squaresDone, submitSquares } from '../support/small-job.ts';

const credibility = { errorRate: 1e-3, assumeFaulty: 0.2, identitiesScarce: false };

/** Killed as by a power switch, and up again where others know it. */
async function startAgain(peer: PeerProcess, slots = 1): Promise<PeerProcess> {
  await peer.end();
  const { dataPath } = peer;
  const again = await spawnPeer({ dataPath, slots, args: ['--listen', peer.address] });
  onTestFinished(() => again.end());
  return again;
}

async function gridOf(slots: number): Promise<PeerProcess> {
  const ada = await startPeer({ slots });
  await Promise.all(
    [1, 2].map(async () => {
      const peer = await startPeer({ through: [ada] });
      await peer.logged(/neighbour up/);
    }),
  );
  return ada;
}

test.each([
  // Results for each chunk; on evidence some more than two. All take some seconds.
  ['quorum:1', { quorum: 1, work: 600_000 }, 0, 1],
  ['quorum:2', { quorum: 2, work: 400_000 }, 1, 2],
  ['error-rate', { quorum: 1, credibility, work: 400_000 }, 1, 4],
] as const)('a job with trust %s goes on, three times', async (_name, job, slots, results) => {
  const count = 600;
  let ada = await gridOf(slots);
  const jobId = await submitSquares(ada, { count, ...job });
  let before = 0;
  // How far it has come is told every 200 ms; by then it must not be over.
  for (const part of [0.05, 0.1, 0.2]) {
    const reached = await jobState(
      ada.control,
      jobId,
      ({ splitEnded, accepted }) => splitEnded && accepted > part * count,
    );
    before = reached.accepted;
    ada = await startAgain(ada, slots);
    expect(ada.log).toContain('the job squares goes on where it was');
    const after = await jobState(ada.control, jobId, () => true);
    expect(after).toMatchObject({ state: 'running', splitEnded: true, chunks: count });
    // What was shown may have been some ms ahead of what was kept.
    expect(after.accepted).toBeGreaterThan(before - 0.1 * count);
  }
  const done = await squaresDone(ada, jobId, count);
  const returned = done.contributions.reduce((sum, each) => sum + each.returned, 0);
  expect(returned).toBeLessThan(1.1 * results * count);
});

test('a client that lost the peer says how to follow the job again', async () => {
  const ada = await startPeer();
  const line = ['--data', ada.dataPath, 'submit', squares, 'count=1000', 'work=100000'];
  // It can't be done before its peer is killed.
  await ada.control.pause({ durationMs: 0 });
  let isKilled = false;
  const submitted = await manyhands([...line, '--trust', 'all'], (text) => {
    if (isKilled || !text.includes('Submitted')) return;
    isKilled = true;
    ada.process.kill('SIGKILL');
  });
  expect(submitted.stderr).toMatch(/`manyhands watch [0-9a-f]{8}` follows it/);
  const again = await startAgain(ada);
  const [job] = (await again.control.listJobs()).jobs;
  await squaresDone(again, job?.jobId ?? '', 1000);
});

test('a peer that is told to stop leaves its job to the next one, be it a submit', async () => {
  const ada = await startPeer();
  const jobId = await submitSquares(ada, { count: 150, work: 500_000 });
  await jobState(ada.control, jobId, ({ accepted }) => accepted > 20);
  const ended = once(ada.process, 'exit');
  ada.process.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  const line = ['--data', ada.dataPath, 'submit', squares, 'count=5', 'work=1', '--json'];
  const submitted = await manyhands([...line, '--listen', '127.0.0.1:0', '--trust', 'all']);
  expect(submitted).toMatchObject({ code: 0 });
  const again = await startAgain(ada);
  const { jobs } = await again.control.listJobs();
  expect(jobs.map(({ state }) => state)).toEqual(['done', 'done']);
  await squaresDone(again, jobId, 150);
});
