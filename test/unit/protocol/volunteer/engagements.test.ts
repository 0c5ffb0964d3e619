import { expect, test } from 'vitest';

import { Engagements } from '../../../../src/protocol/volunteer/engagements.ts';
import { VolunteerJob } from '../../../../src/protocol/volunteer/volunteer-job.ts';
import {
  anna,
  bert,
  givenLimits,
  jobNumbered,
  leasedChunks,
  offerOf,
  self,
} from '../../../support/protocol-fixtures.ts';

function engaged(number: number, requester = anna): VolunteerJob {
  return new VolunteerJob(offerOf({ requester, job: jobNumbered(number) }).offer, givenLimits, 0);
}

test('jobs are told apart by their requester too', () => {
  const jobs = new Engagements();
  const [annas, berts] = [engaged(1), engaged(1, bert)];
  jobs.add(annas);
  jobs.add(berts);
  expect(jobs.get(anna, jobNumbered(1))).toBe(annas);
  jobs.delete(annas);
  expect([jobs.has(annas.key), jobs.has(berts.key)]).toEqual([false, true]);
});

test('an earlier engagement in the same job is not the present one', () => {
  const jobs = new Engagements();
  const [earlier, present] = [engaged(1), engaged(1)];
  jobs.add(present);
  expect([jobs.includes(earlier), jobs.includes(present)]).toEqual([false, true]);
});

test('who had its turn is the last of the line', () => {
  const jobs = new Engagements();
  const [first, second] = [engaged(1), engaged(2)];
  jobs.add(first);
  jobs.add(second);
  jobs.putLast(first);
  expect([...jobs.all]).toEqual([second, first]);
});

/** Eight that can be run. */
function fullHouse() {
  const jobs = new Engagements();
  const all = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => engaged(number));
  for (const job of all) {
    jobs.add(job);
    job.look(true, 0);
  }
  return { jobs, all };
}

test('of a full house, one that gave no work for long is in the way, unless it holds some', () => {
  const { jobs, all } = fullHouse();
  const [busy, idle, another] = all;
  busy?.ask(1, 0);
  busy?.hold(leasedChunks(1, 1), 1e12, 1e6);
  idle?.ask(1, 0);
  expect(jobs.inTheWay(10_000)).toBeUndefined();
  expect(jobs.inTheWay(10_001)).toEqual([idle]);
  if (another !== undefined) jobs.delete(another);
  expect(jobs.inTheWay(1e9)).toEqual([]);
});

test('so is one that could not be run for long, whatever it holds, unless some of it runs', () => {
  const { jobs, all } = fullHouse();
  const [runs, stalls] = all;
  for (const job of [runs, stalls]) {
    job?.hold(leasedChunks(1, 2), 1e12, 1e6);
    job?.look(false, 0);
  }
  if (runs !== undefined) runs.running = runs.take(1).length;
  expect(jobs.inTheWay(10_000)).toBeUndefined();
  expect(jobs.inTheWay(10_001)).toEqual([stalls]);
});

test('one that was never asked, since others fill the slots, is not in the way', () => {
  const { jobs, all } = fullHouse();
  expect(jobs.inTheWay(1e9)).toBeUndefined();
  const [, second] = all;
  second?.ask(2, 1e9);
  expect(jobs.inTheWay(1e9 + 10_000)).toBeUndefined();
  expect(jobs.inTheWay(1e9 + 10_001)).toEqual([second]);
});

test('sums and questions go over all', () => {
  const jobs = new Engagements();
  for (const job of [engaged(1), engaged(2, bert)]) jobs.add(job);
  expect(jobs.sum(() => 2)).toBe(4);
  expect([bert, self].map((peer) => jobs.hasAnyOf(peer))).toEqual([true, false]);
});
