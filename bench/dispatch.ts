/**
 * How many chunks a second the grid itself can handle: no-op chunks, and the requester's memory.
 */

import { fileURLToPath } from 'node:url';

import { type Benchmark, type Figure, peakMegabytes, runJob, withGrid } from './support.ts';

const noOp = fileURLToPath(new URL('jobs/no-op.ts', import.meta.url));

const VOLUNTEERS = [{ slots: 1 }, { slots: 1 }] as const;

export const dispatch: Benchmark = {
  about: 'no-op chunks: one requester that does not compute, two volunteers, three processes',
  async run() {
    return [
      await rate('accepted chunks/s, trust all', 1, 300_000, 20_000),
      await rate('accepted chunks/s, quorum:2', 2, 150_000, 10_000),
    ];
  },
};

export const memory: Benchmark = {
  about: 'a job of a million no-op chunks, trust all: peak resident memory of the requester',
  run: () =>
    withGrid([{ slots: 0 }, ...VOLUNTEERS], async (requester) => {
      const before = await peakMegabytes(requester.process.pid);
      const job = await runJob(requester, { path: noOp, params: { count: 1_000_000 }, quorum: 1 });
      const after = await peakMegabytes(requester.process.pid);
      return [
        { what: 'requester before the job', value: before, unit: 'MB' },
        { what: 'requester, a million chunks', value: after, unit: 'MB', aim: { atMost: 200 } },
        { what: 'accepted chunks/s', value: (job.accepted * 1000) / job.wallMs, unit: '1/s' },
      ];
    }),
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
