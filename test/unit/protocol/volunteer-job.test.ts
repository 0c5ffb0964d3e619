import { expect, test } from 'vitest';

import { VolunteerJob } from '../../../src/protocol/volunteer-job.ts';
import { givenLimits, leasedChunks, offerOf } from '../../support/protocol-fixtures.ts';

function jobWith(count: number, deadlineMs = 100): VolunteerJob {
  const job = new VolunteerJob(offerOf().offer, givenLimits, 0);
  job.hold(leasedChunks(1, count), deadlineMs, 1e6);
  return job;
}

test('queued chunks are taken oldest first', () => {
  const job = jobWith(5);
  expect(job.take(2, 0)).toEqual(leasedChunks(1, 2));
  expect(job.queued).toBe(3);
  expect(job.take(9, 0)).toEqual(leasedChunks(3, 3));
  expect(job.take(9, 0)).toEqual([]);
});

test('leases past their time are dropped and not computed', () => {
  const job = jobWith(3, 100);
  job.hold(leasedChunks(4, 2), 200, 1e6);
  expect(job.take(1, 100)).toEqual(leasedChunks(4, 1));
  expect(job.queued).toBe(1);
});

test('revoked leases leave the queue, wherever they stand', () => {
  const job = jobWith(6);
  job.take(1, 0);
  job.revoke(new Set([1, 3, 6, 99]));
  expect(job.take(9, 0).map(({ lease }) => lease)).toEqual([2, 4, 5]);
});

test('a cleared queue hands over what it held', () => {
  const job = jobWith(4);
  job.take(1, 0);
  expect(job.clear()).toEqual(leasedChunks(2, 3));
  expect([job.queued, job.held]).toEqual([0, 0]);
});

test('what is in the sandbox is held too', () => {
  const job = jobWith(4);
  job.running = job.take(3, 0).length;
  expect([job.queued, job.running, job.held]).toEqual([1, 3, 4]);
});

test('what was asked for is on its way for half a second, and then not to be had', () => {
  const job = jobWith(0);
  expect([job.coming(0), job.answerByMs]).toEqual([0, Infinity]);
  job.ask(6, 0);
  expect([job.coming(499), job.answerByMs]).toEqual([6, 500]);
  expect([job.coming(500), job.answerByMs, job.demanded]).toEqual([0, Infinity, 6]);
});
