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
const CHUNKS = 120;
const CHUNK_MS = 100;

export const efficiency: Benchmark = {
  about: `${CHUNKS} chunks of ${CHUNK_MS} ms on ${THREADS} threads: the grid against piscina alone`,
  async run() {
    const rounds = roundsOf(CHUNK_MS);
    const aloneMs = await piscinaAlone(rounds);
    const gridMs = await withGrid([{ slots: 0 }, { slots: 1 }, { slots: 1 }], async (requester) => {
      const params = { count: CHUNKS, rounds };
      await runJob(requester, { path: spinJob, params: { count: 4, rounds }, quorum: 1 });
      return (await runJob(requester, { path: spinJob, params, quorum: 1 })).wallMs;
    });
    const againMs = await piscinaAlone(rounds);
    const piscinaMs = (aloneMs + againMs) / 2;
    return [
      { what: 'piscina alone, before and after', value: piscinaMs, unit: 'ms' },
      { what: 'grid', value: gridMs, unit: 'ms' },
      { what: 'efficiency', value: piscinaMs / gridMs, unit: '', aim: { atLeast: 0.95 } },
    ];
  },
};

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
