/**
 * Merge streams: however many results a job has, neither the requester nor its sandbox holds more
 * than some of them. Measured by a job of 100,000 results of 100 KB, 10 GB in all, which a
 * volunteer computes, and one of a tenth of that: memory must not follow the size.
 */

import { fileURLToPath } from 'node:url';

import { type Benchmark, peakMegabytes, runJob, sandboxOf, withGrid } from './support.ts';

const blocks = fileURLToPath(new URL('../test/support/jobs/blocks.ts', import.meta.url));
const BYTES = 100_000;
const FEW = 10_000;
const MANY = 100_000;
/** Ten times as much may leave some more garbage behind, but no tenth of it: that is 900 MB. */
const GROWTH_MB_MAX = 64;

type Merged = { readonly peerMb: number; readonly sandboxMb: number; readonly mbPerS: number };

export const merging: Benchmark = {
  about: `merging ${MANY.toLocaleString('en')} results of ${BYTES / 1000} KB; the requester`,
  async run() {
    const few = await merge(FEW);
    const many = await merge(MANY);
    const aim = { atMost: GROWTH_MB_MAX };
    return [
      { what: 'peak of the peer', value: many.peerMb, unit: 'MB' },
      { what: 'more than of a tenth', value: many.peerMb - few.peerMb, unit: 'MB', aim },
      { what: 'peak of its sandbox', value: many.sandboxMb, unit: 'MB' },
      { what: 'more than of a tenth', value: many.sandboxMb - few.sandboxMb, unit: 'MB', aim },
      { what: 'results, computed to merged', value: many.mbPerS, unit: 'MB/s' },
    ];
  },
};

/** A peer of its own for each job, since what is measured is the peak of its whole life. */
async function merge(count: number): Promise<Merged> {
  return withGrid([{ slots: 0 }, { slots: 1 }], async (requester) => {
    const sinceMs = performance.now();
    await runJob(requester, { path: blocks, params: { count, bytes: BYTES }, quorum: 1 });
    const seconds = (performance.now() - sinceMs) / 1000;
    const { pid } = requester.process;
    return {
      peerMb: await peakMegabytes(pid),
      sandboxMb: await peakMegabytes(await sandboxOf(pid)),
      mbPerS: (count * BYTES) / 1e6 / seconds,
    };
  });
}
