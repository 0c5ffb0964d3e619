import { expect, test } from 'vitest';

import type { JobState } from '../../../src/model/job.ts';
import type { StoredJob } from '../../../src/ports.ts';
import { endedLately } from '../../../src/runtime/past-receipts.ts';
import {
  anna,
  contributionOf,
  jobNumbered,
  specOf,
  startUnixMs,
} from '../../support/protocol-fixtures.ts';

const DAY_MS = 24 * 3_600_000;
const contributions = [contributionOf(anna, { accepted: 2 })];

function stored(number: number, state: JobState, createdAtMs = startUnixMs): StoredJob {
  const report = { chunks: 2, accepted: 2, disputes: 0, wallMs: 1_000, contributions, caught: [] };
  return { job: jobNumbered(number), spec: specOf({ createdAtMs }), state, report };
}

function namesOf(jobs: readonly StoredJob[], unixMs = startUnixMs + 1_000): readonly string[] {
  return endedLately({ listJobs: () => jobs }, unixMs).map(({ job }) => job);
}

test('however a job ended, its report tells what is owed for it', () => {
  const jobs = [stored(3, 'done'), stored(2, 'failed'), stored(1, 'cancelled')];
  expect(namesOf(jobs)).toEqual([3, 2, 1].map(jobNumbered));
  const [ended] = endedLately({ listJobs: () => jobs }, startUnixMs);
  expect(ended).toMatchObject({ contributions, endedAtMs: startUnixMs + 1_000 });
});

test('a job that goes on owes nothing yet, and one without a report nothing at all', () => {
  const { report: _report, ...bare } = stored(3, 'failed');
  expect(namesOf([stored(1, 'running'), stored(2, 'merging'), bare])).toEqual([]);
});

test('what ended a day ago is not looked at', () => {
  const jobs = [stored(1, 'done')];
  const lastUnixMs = startUnixMs + 1_000 + DAY_MS;
  expect([lastUnixMs - 1, lastUnixMs].map((unixMs) => namesOf(jobs, unixMs).length)).toEqual([
    1, 0,
  ]);
});

test('the one that ended last comes first, whenever it began', () => {
  const long = stored(1, 'done', startUnixMs - 5_000);
  const { report } = long;
  if (report === undefined) throw new Error('no report');
  const jobs = [stored(2, 'done'), { ...long, report: { ...report, wallMs: 9_000 } }];
  expect(namesOf(jobs)).toEqual([1, 2].map(jobNumbered));
});
