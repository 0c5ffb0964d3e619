/**
 * What the grid costs when chunks are worth sending: 100 ms chunks on two volunteers of one thread
 * each, against piscina alone with two threads in one process, in the same run.
 */

import { fileURLToPath } from 'node:url';

import { Piscina } from 'piscina';

import { spin } from './jobs/spin-loop.ts';
import { type Benchmark, runJob, withGrid } from './support.ts';

const spinJob = fileURLToPath(new URL('jobs/spin.ts', import.meta.url));
const spinWorker = fileURLToPath(new URL('jobs/spin-worker.ts', import.meta.url));

const THREADS = 2;
const CHUNKS = 240;
const CHUNK_MS = 100;
/** In turn, so that a neighbour's noise falls on both; the median pair counts. */
const PAIRS = 3;

export const efficiency: Benchmark = {
  about: `${CHUNKS} chunks of ${CHUNK_MS} ms on ${THREADS} threads: the grid against piscina alone`,
  async run() {
    const rounds = roundsOf(CHUNK_MS);
    const pairs = await withGrid([{ slots: 0 }, { slots: 1 }, { slots: 1 }], async (requester) => {
      const job = { path: spinJob, quorum: 1 };
      await runJob(requester, { ...job, params: { count: 4, rounds } });
      const timed: Pair[] = [];
      for (let pair = 0; pair < PAIRS; pair++) {
        const aloneMs = await piscinaAlone(rounds);
        const { wallMs } = await runJob(requester, { ...job, params: { count: CHUNKS, rounds } });
        timed.push({ aloneMs, gridMs: wallMs });
      }
      return timed.toSorted((one, other) => ratio(one) - ratio(other));
    });
    const median = pairs[Math.floor(PAIRS / 2)] ?? { aloneMs: 0, gridMs: 0 };
    return [
      { what: 'piscina alone, of the median pair', value: median.aloneMs, unit: 'ms' },
      { what: 'grid, from submit to result', value: median.gridMs, unit: 'ms' },
      { what: 'efficiency', value: ratio(median), unit: '', aim: { atLeast: 0.95 } },
    ];
  },
};

type Pair = { readonly aloneMs: number; readonly gridMs: number };

function ratio({ aloneMs, gridMs }: Pair): number {
  return aloneMs / gridMs;
}

/** How many rounds take so long on this machine, now. */
function roundsOf(ms: number): number {
  const rounds = 20_000_000;
  spin(0, rounds);
  const startedMs = performance.now();
  spin(1, rounds);
  return Math.round((rounds * ms) / (performance.now() - startedMs));
}

async function piscinaAlone(rounds: number): Promise<number> {
  const pool = new Piscina({ filename: spinWorker, minThreads: THREADS, maxThreads: THREADS });
  try {
    const run = (chunk: number): Promise<unknown> => pool.run({ chunk, rounds });
    await Promise.all([run(0), run(1), run(2), run(3)]);
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: CHUNKS }, (_, chunk) => run(chunk)));
    return performance.now() - startedMs;
  } finally {
    await pool.destroy();
  }
}
