/** How many chunks a second the grid itself can handle: no-op chunks. */

import { fileURLToPath } from 'node:url';

import { type Benchmark, type Figure, runJob, withGrid } from './support.ts';

const noOp = fileURLToPath(new URL('jobs/no-op.ts', import.meta.url));

const VOLUNTEERS = [{ slots: 1 }, { slots: 1 }] as const;

export const dispatch: Benchmark = {
  about: 'no-op chunks: one requester that does not compute, two volunteers, three processes',
  async run() {
    return [
      await rate('accepted chunks/s, trust all', 1, 300_000, 20_000),
      await rate('accepted chunks/s, quorum:2', 2, 150_000, 10_000),
      await onEvidence(150_000),
    ];
  },
};

function rate(what: string, quorum: number, count: number, aim: number): Promise<Figure> {
  return withGrid([{ slots: 0 }, ...VOLUNTEERS], async (requester) => {
    // Programs are loaded and code is warm when it counts.
    await runJob(requester, { path: noOp, params: { count: 20_000 }, quorum });
    const job = await runJob(requester, { path: noOp, params: { count }, quorum });
    return {
      what,
      value: (job.accepted * 1000) / job.wallMs,
      unit: '1/s',
      aim: { atLeast: aim },
    };
  });
}

/** Strangers become known by what the requester computes itself, so here it does. */
function onEvidence(count: number): Promise<Figure> {
  const credibility = { errorRate: 1e-3, assumeFaulty: 0.2, identitiesScarce: false };
  return withGrid([{ slots: 1 }, ...VOLUNTEERS], async (requester) => {
    const path = noOp;
    await runJob(requester, { path, params: { count: 20_000 }, quorum: 1, credibility });
    const job = await runJob(requester, { path, params: { count }, quorum: 1, credibility });
    const value = (job.accepted * 1000) / job.wallMs;
    return { what: 'accepted chunks/s, error-rate, the requester computes', value, unit: '1/s' };
  });
}
