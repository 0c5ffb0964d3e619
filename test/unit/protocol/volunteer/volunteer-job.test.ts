import { expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import { VolunteerJob } from '../../../../src/protocol/volunteer/volunteer-job.ts';
import { givenLimits, leasedChunks, offerOf } from '../../../support/protocol-fixtures.ts';

function jobWith(count: number, deadlineMs = 100): VolunteerJob {
  const job = new VolunteerJob(offerOf().offer, givenLimits, 0);
  job.hold(leasedChunks(1, count), deadlineMs, 1e6);
  return job;
}

test('queued chunks are taken oldest first', () => {
  const job = jobWith(5);
  expect(job.take(2)).toEqual(leasedChunks(1, 2));
  expect(job.queued).toBe(3);
  expect(job.take(9)).toEqual(leasedChunks(3, 3));
  expect(job.take(9)).toEqual([]);
});

test('leases past their time are dropped and not computed', () => {
  const job = jobWith(3, 200);
  job.hold(leasedChunks(4, 2), 100, 1e6);
  job.take(1);
  job.expire(99);
  expect(job.queued).toBe(4);
  job.expire(100);
  expect(job.queue).toEqual(leasedChunks(2, 2));
  job.expire(200);
  expect([job.queued, job.heldBytes]).toEqual([0, leasedChunks(1, 1)[0]?.input.length]);
});

test('no more leases are held than there is room for, the rest is handed back', () => {
  const job = jobWith(limits.leasesHeldMax - 1);
  expect(job.hold(leasedChunks(9_001, 3), 100, 1e6)).toEqual(leasedChunks(9_002, 2));
  expect(job.held).toBe(limits.leasesHeldMax);
});

test('of leases that come those count that were asked for', () => {
  const job = jobWith(0);
  job.ask(5, 0);
  expect([job.answered(3), job.answered(3), job.answered(3)]).toEqual([3, 2, 0]);
});

test('it stalls from when it can’t be run on, and not while some of it runs or it is cut', () => {
  const job = jobWith(1);
  job.look(false, 10);
  expect(job.stalledMs(100)).toBe(100);
  job.look(true, 100);
  expect([job.stalledAtMs, job.stalledMs(200)]).toEqual([undefined, 0]);
  job.look(false, 200);
  job.look(false, 300);
  expect([job.stalledAtMs, job.stalledMs(300)]).toEqual([200, 100]);
  job.running = 1;
  expect(job.stalledMs(300)).toBe(0);
  job.running = 0;
  job.cut(300);
  expect(job.stalledMs(400)).toBe(0);
});

test('revoked leases leave the queue, wherever they stand', () => {
  const job = jobWith(6);
  job.take(1);
  job.revoke(new Set([1, 3, 6, 99]));
  expect(job.take(9).map(({ lease }) => lease)).toEqual([2, 4, 5]);
});

test('a cleared queue hands over what it held', () => {
  const job = jobWith(4);
  job.take(1);
  expect(job.clear()).toEqual(leasedChunks(2, 3));
  expect([job.queued, job.held]).toEqual([0, 0]);
});

test('what is in the sandbox is held too', () => {
  const job = jobWith(4);
  job.running = job.take(3).length;
  expect([job.queued, job.running, job.held]).toEqual([1, 3, 4]);
});

test('what was asked for is on its way for half a second, and then not to be had', () => {
  const job = jobWith(0);
  expect([job.coming(0), job.answerByMs]).toEqual([0, Infinity]);
  job.ask(6, 0);
  expect([job.coming(499), job.answerByMs]).toEqual([6, 500]);
  expect([job.coming(500), job.answerByMs, job.demanded]).toEqual([0, Infinity, 6]);
});
