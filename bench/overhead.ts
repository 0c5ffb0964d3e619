/**
 * What a chunk costs besides its own work: no-op chunks in threads of this process, and in threads
 * of the sandbox's process. What a run takes beyond the time in its thread is the way there and
 * back; the difference between the two ways is the hop to the other process. (The threads' own
 * times do not compare: those of the sandbox's process have the lowest priority.)
 */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { bundleJob } from '../src/cli/bundle.ts';
import { jobId } from '../src/model/ids.ts';
import type { ChunkBatch, ChunkOutcome, LoadableProgram } from '../src/ports.ts';
import { createSandbox } from '../src/sandbox/create-sandbox.ts';
import { type LoadedProgram, ThreadSandbox } from '../src/sandbox/thread-sandbox.ts';
import { encodeCanonical } from '../src/wire/canonical-cbor.ts';
import { type Benchmark, chunkLimits, type Figure, median } from './support.ts';

/** Chunks that travel together: the most that a peer gives its sandbox in one run. */
const BATCH_CHUNKS = 256;
/** In turn, so that a neighbour's noise falls on all; medians count. */
const ROUNDS = 61;

type Run = (batch: ChunkBatch) => Promise<readonly ChunkOutcome[]>;

export const overhead: Benchmark = {
  about: `no-op chunks, ${BATCH_CHUNKS} to a run, one thread; medians of ${ROUNDS} runs`,
  async run() {
    const idle = { splitIdleMsMax: 30_000, mergeIdleMsMax: 30_000 };
    const threads = new ThreadSandbox({ slots: 1, limits: chunkLimits, ...idle });
    const sandbox = createSandbox({ slots: 1 });
    try {
      const figures: Figure[] = [];
      for (const { what, aim, program, input } of await noOps()) {
        await threads.load(program, chunkLimits);
        await sandbox.load(loadable(program), chunkLimits);
        const batch = batchOf(program, input);
        const [near, far] = await costsOf(batch, [
          (each) => threads.run(each),
          (each) => sandbox.run(each),
        ]);
        const value = near.wayUs + near.threadUs;
        const hop = { value: far.wayUs - near.wayUs, aim: { atMost: 10 } };
        figures.push(
          { what: `${what}, on a thread`, value, unit: 'us', aim: { atMost: aim } },
          { what: `${what}, the process hop`, ...hop, unit: 'us' },
        );
      }
      return figures;
    } finally {
      await Promise.all([threads.close(), sandbox.close()]);
    }
  },
};

type NoOp = {
  readonly what: string;
  /** Microseconds a chunk. */
  readonly aim: number;
  readonly program: LoadedProgram;
  readonly input: unknown;
};

async function noOps(): Promise<readonly NoOp[]> {
  const source = await bundleJob(here('jobs/no-op.ts'), ['compute']);
  const module = await readFile(here('../test/support/wasi/no-op.wasm'));
  return [
    {
      what: 'JavaScript',
      aim: 20,
      program: { runtime: 'javascript', key: 'javascript:no-op', source, functions: ['compute'] },
      input: 1,
    },
    {
      what: 'WASI',
      aim: 150,
      program: {
        runtime: 'wasi',
        key: 'wasi:no-op',
        module,
        arguments: ['no-op'],
        environment: [],
        files: [],
      },
      input: new Uint8Array(0),
    },
  ];
}

/** Microseconds a chunk. */
type Cost = { readonly threadUs: number; readonly wayUs: number };

/** Medians, one for each way to run the batch. */
async function costsOf(batch: ChunkBatch, ways: readonly [Run, Run]): Promise<[Cost, Cost]> {
  const taken: [Cost[], Cost[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    taken[0].push(await costOf(batch, ways[0]));
    taken[1].push(await costOf(batch, ways[1]));
  }
  return [medianCost(taken[0]), medianCost(taken[1])];
}

async function costOf(batch: ChunkBatch, run: Run): Promise<Cost> {
  const startedMs = performance.now();
  const outcomes = await run(batch);
  const tookMs = performance.now() - startedMs;
  let threadMs = 0;
  for (const { outcome, computeMs } of outcomes) {
    if (outcome.type !== 'result') throw new Error(JSON.stringify(outcome));
    threadMs += computeMs;
  }
  const toChunk = 1000 / BATCH_CHUNKS;
  return { threadUs: threadMs * toChunk, wayUs: (tookMs - threadMs) * toChunk };
}

function medianCost(costs: readonly Cost[]): Cost {
  return {
    threadUs: median(costs.map(({ threadUs }) => threadUs)),
    wayUs: median(costs.map(({ wayUs }) => wayUs)),
  };
}

function batchOf({ key }: LoadedProgram, input: unknown): ChunkBatch {
  const bytes = encodeCanonical(input);
  const chunks = Array.from({ length: BATCH_CHUNKS }, (_, chunk) => ({
    lease: chunk,
    chunk,
    input: bytes,
  }));
  return { job: jobId('0'.repeat(64)), program: key, limits: chunkLimits, chunks };
}

function loadable(program: LoadedProgram): LoadableProgram {
  if (program.runtime === 'javascript') {
    return { ...program, source: async () => program.source };
  }
  return { ...program, module: async () => program.module, files: [] };
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
