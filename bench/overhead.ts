/**
 * What a chunk costs besides its own work: no-op chunks in the threads themselves, and through the
 * process that the threads live in. The difference is the way there and back.
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
const ROUNDS = 60;

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
        const [near, far] = await chunkMicroseconds(batch, [
          (each) => threads.run(each),
          (each) => sandbox.run(each),
        ]);
        const hop = { value: (far ?? 0) - (near ?? 0), aim: { atMost: 10 } };
        figures.push(
          { what: `${what}, in its thread`, value: near ?? 0, unit: 'us', aim: { atMost: aim } },
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

/** Medians, one for each way to run the batch. */
async function chunkMicroseconds(
  batch: ChunkBatch,
  ways: readonly Run[],
): Promise<readonly number[]> {
  const taken: number[][] = ways.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, run] of ways.entries()) {
      const startedMs = performance.now();
      const outcomes = await run(batch);
      taken[index]?.push(((performance.now() - startedMs) * 1000) / BATCH_CHUNKS);
      const failed = outcomes.find(({ outcome }) => outcome.type !== 'result');
      if (failed !== undefined) throw new Error(JSON.stringify(failed));
    }
  }
  return taken.map(median);
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
