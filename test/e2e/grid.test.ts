/** Whole grids of real processes: what a job goes through when peers lie, die and stall. */

import { expect, test } from 'vitest';

import {
  contributionOf,
  haveReturned,
  jobState,
  manyhands,
  type PeerProcess,
  startGrid,
  withoutWorkOf,
} from '../support/grid-process.ts';
import { resultOf, squares, sumOfSquares } from '../support/small-job.ts';

/** @returns the only job that it has been given, once it has it */
async function onlyJob({ control }: PeerProcess): Promise<string> {
  await expect.poll(async () => (await control.listJobs()).jobs.length).toBe(1);
  const [{ jobId } = { jobId: '' }] = (await control.listJobs()).jobs;
  return jobId;
}

/** @returns what each peer did, by its id */
async function contributions(requester: PeerProcess, jobId: string) {
  const { jobs } = await requester.control.listJobs();
  const job = jobs.find((other) => other.jobId === jobId);
  expect(job?.state).toBe('done');
  return {
    job,
    of: (peer: PeerProcess) => job && contributionOf(job, peer),
  };
}

test('with quorum:2 a saboteur changes no result and loses its disputes', async () => {
  const [ada, ben, mal] = await startGrid({}, {}, { lieRate: 0.3 });
  const count = 400;
  const line = ['--data', ada.dataPath, 'submit', squares, `count=${count}`, 'work=100000'];
  const { jobId, submitting } = await withoutWorkOf([ben], async () => {
    const command = manyhands([...line, '--trust', 'quorum:2', '--json']);
    const id = await onlyJob(ada);
    // Until the saboteur was one of two that agree, and one of two that don't.
    await jobState(ada.control, id, ({ accepted, disputed }) => accepted > 0 && disputed > 0);
    return { jobId: id, submitting: command };
  });
  const submitted = await submitting;
  expect(submitted.stderr).toBe('');
  expect(submitted.code).toBe(0);
  const { job, of } = await contributions(ada, jobId);
  const result = await resultOf(ada, jobId);
  expect(JSON.parse(result)).toEqual({ sum: sumOfSquares(count) });
  expect(job?.accepted).toBe(count);
  expect(of(mal)?.lost).toBeGreaterThan(0);
  expect(of(mal)?.accepted).toBeGreaterThan(0);
  expect(of(ada)?.lost).toBe(0);
  expect(of(ben)?.lost).toBe(0);
  expect(job?.disputes).toBe(of(mal)?.lost);
});

test('a volunteer killed in the middle of a job costs nothing but time', async () => {
  const [ada, ben, cyd] = await startGrid();
  const count = 60;
  const line = ['--data', ada.dataPath, 'submit', squares, `count=${count}`, 'work=4000000'];
  // Two have to agree, so that the job waits for ben.
  const { jobId, submitting } = await withoutWorkOf([cyd], async () => {
    const command = manyhands([...line, '--trust', 'quorum:2', '--json']);
    const id = await onlyJob(ada);
    await haveReturned([ben], ada, id, 3);
    ben.process.kill('SIGKILL');
    return { jobId: id, submitting: command };
  });
  expect((await submitting).code).toBe(0);
  const { job, of } = await contributions(ada, jobId);
  expect(JSON.parse(await resultOf(ada, jobId))).toEqual({ sum: sumOfSquares(count) });
  expect(job?.accepted).toBe(count);
  // What it held went to the others, whether its leases had expired by then or not.
  expect(of(ben)?.leased ?? 0).toBeGreaterThan(of(ben)?.returned ?? 0);
});
