/** Jobs that compare their results themselves, in a grid of real processes. */

import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { jobId } from '../../src/model/ids.ts';
import { openStore } from '../../src/storage/sqlite-store.ts';
import type { Job } from '../../src/transport/control-client.ts';
import {
  contributionOf,
  haveReturned,
  jobState,
  manyhands,
  type PeerProcess,
  startPeer,
  withoutWorkOf,
} from '../support/grid-process.ts';
import { resultOf } from '../support/small-job.ts';

const factors = fileURLToPath(new URL('../support/jobs/factors.ts', import.meta.url));
const roots = fileURLToPath(new URL('../support/jobs/roots.ts', import.meta.url));

/** Who joins through the first of them, until all are neighbours of it. */
async function joined(first: PeerProcess, others: readonly object[]): Promise<PeerProcess[]> {
  const started = others.map(async (options) => {
    const peer = await startPeer({ ...options, through: [first] });
    await peer.logged(/neighbour up/);
    return peer;
  });
  return Promise.all(started);
}

/** @returns its id */
async function submitted(peer: PeerProcess, job: string, ...args: string[]): Promise<string> {
  const line = ['--data', peer.dataPath, 'submit', job, ...args, '--detach', '--json'];
  const { code, stdout, stderr } = await manyhands(line);
  expect([code, stderr]).toEqual([0, '']);
  const shown: { jobId: string } = JSON.parse(stdout);
  return shown.jobId;
}

function done(peer: PeerProcess, jobId: string): Promise<Job> {
  return jobState(peer.control, jobId, ({ state }) => state === 'done');
}

test('results that differ within a tolerance agree, and who lies still loses', async () => {
  const ada = await startPeer();
  // Two whose last digits are others, and one that is wrong.
  const adding = [0.001, -0.002, 0.5].map((adds) => ({ lieRate: 1, adds }));
  const [near = ada, , liar = ada] = await joined(ada, adding);
  const count = 400;
  // Without one of three nothing is decided before the liar was heard.
  const id = await withoutWorkOf([near], async () => {
    const roughly = await submitted(ada, roots, `count=${count}`, '--trust', 'quorum:3');
    await haveReturned([liar], ada, roughly);
    return roughly;
  });
  const job = await done(ada, id);
  expect(job).toMatchObject({ accepted: count, comparison: 'equals' });
  const sum = Array.from({ length: count }, (_, n) => Math.sqrt(n)).reduce((a, b) => a + b);
  expect(JSON.parse(await resultOf(ada, job.jobId))).toEqual({ sum: Math.round(sum) });
  const honest = job.contributions.filter(({ peerId }) => peerId !== liar.peer);
  expect(honest.map(({ accepted, lost }) => [accepted, lost])).toEqual(
    [0, 1, 2].map(() => [count, 0]),
  );
  const lies = contributionOf(job, liar);
  expect(lies).toMatchObject({ accepted: 0 });
  expect(lies?.lost).toBeGreaterThan(0);
  const shown = await manyhands(['--data', ada.dataPath, 'job', job.jobId]);
  expect(shown.stdout).toContain('compared   by equals');
  await ada.end();
  const store = await openStore({ path: ada.dataPath });
  const equivalents = store.readEquivalents(jobId(job.jobId), 7);
  store.close();
  // Of three that are equal one is the first.
  expect(new Set(equivalents.map(({ of }) => of)).size).toBe(1);
  expect(equivalents).toHaveLength(2);
});

test('where each result is verified one is enough, and who lies is named', async () => {
  const ada = await startPeer();
  const [ben = ada, cyd = ada, liar = ada] = await joined(ada, [{}, {}, { lieRate: 1 }]);
  const count = 300;
  // The liar alone decides nothing.
  const id = await withoutWorkOf([ada, ben, cyd], async () => {
    const verified = await submitted(ada, factors, `count=${count}`, '--trust', 'quorum:3');
    await haveReturned([liar], ada, verified);
    return verified;
  });
  const job = await done(ada, id);
  expect(job).toMatchObject({
    accepted: count,
    comparison: 'verify',
    caught: [{ peerId: liar.peer, expected: '' }],
  });
  const honest = job.contributions.filter(({ peerId }) => peerId !== liar.peer);
  const sumOf = (name: 'accepted' | 'returned' | 'late') =>
    honest.reduce((sum, each) => sum + each[name], 0);
  expect(sumOf('accepted')).toBe(count);
  // One result of each is enough. Late ones are twins of chunks that wait at the end, where the
  // requester is slow to verify; if three of each were asked for, twice as many as chunks would be.
  expect(sumOf('returned')).toBe(count + sumOf('late'));
  expect(sumOf('late')).toBeLessThan(count);
  const lies = contributionOf(job, liar);
  expect(lies).toMatchObject({ accepted: 0 });
  expect(lies?.lost).toBeGreaterThan(0);
  const shown = await manyhands(['--data', ada.dataPath, 'job', job.jobId]);
  expect(shown.stdout).toContain('compared   by verify');
  expect(shown.stdout).toContain(`caught     ${liar.peer.slice(0, 8)}`);
});

test('a requester that does not compute verifies all the same', async () => {
  const ada = await startPeer({ slots: 0 });
  await joined(ada, [{}]);
  const job = await done(ada, await submitted(ada, factors, 'count=50', '--trust', 'error-rate'));
  expect(job).toMatchObject({ accepted: 50, caught: [] });
  expect(job.contributions).toMatchObject([{ leased: 50, accepted: 50 }]);
});
