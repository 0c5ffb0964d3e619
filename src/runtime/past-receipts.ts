/** Own jobs that have ended lately, whose volunteers may not have their receipts yet. */

import type { Store, StoredJob } from '../ports.ts';
import { type EndedJob, OWED_JOBS_MAX, OWED_MS_MAX } from '../protocol/requester/owed-receipts.ts';

/** The last one first. */
export function endedLately(store: Pick<Store, 'listJobs'>, unixMs: number): readonly EndedJob[] {
  const ended = store.listJobs().flatMap((job) => endedJob(job));
  return ended
    .filter(({ endedAtMs }) => endedAtMs > unixMs - OWED_MS_MAX)
    .toSorted((a, b) => b.endedAtMs - a.endedAtMs)
    .slice(0, OWED_JOBS_MAX);
}

function endedJob({ job, spec, state, report }: StoredJob): EndedJob[] {
  const isUnderWay = state === 'running' || state === 'merging';
  if (report === undefined || isUnderWay) return [];
  const { contributions, wallMs } = report;
  return [{ job, spec, contributions, endedAtMs: spec.createdAtMs + wallMs }];
}
