/**
 * How soon a new peer is of use: from the start of its process to the first chunk that a requester
 * has accepted from it, with joining, connecting, fetching the program and starting threads.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { type Benchmark, median, submitJob, withGrid } from './support.ts';

const noOp = fileURLToPath(new URL('jobs/no-op.ts', import.meta.url));
const TRIES = 5;
const LOOK_EVERY_MS = 10;

export const startup: Benchmark = {
  about: `from the start of a peer to its first computed chunk; median of ${TRIES}`,
  async run() {
    const taken: number[] = [];
    for (let left = TRIES; left > 0; left--) taken.push(await firstChunkMs());
    return [
      { what: 'start to first chunk', value: median(taken), unit: 'ms', aim: { atMost: 1500 } },
    ];
  },
};

async function firstChunkMs(): Promise<number> {
  return withGrid([{ slots: 0 }], async (requester, add) => {
    await submitJob(requester, { path: noOp, params: { count: 1 }, quorum: 1 });
    const startedMs = performance.now();
    const added = add({ slots: 1 });
    for (;;) {
      const { jobs } = await requester.control.listJobs();
      if (jobs.some(({ accepted }) => accepted > 0)) break;
      await delay(LOOK_EVERY_MS);
    }
    const tookMs = performance.now() - startedMs;
    await added;
    return tookMs;
  });
}
