/**
 * A chunk's result depends on nothing but the chunk: every shipped job's first chunks, in three
 * processes of two threads each, in up to fifty orders. Who cheats is found by comparing digests,
 * so one that differed here would be an honest volunteer called a liar.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { type JobSource, readJob } from '../../src/cli/job-source.ts';
import type { ChunkOutcome, LoadableProgram, Sandbox } from '../../src/ports.ts';
import { createRandom, sample } from '../../src/protocol/random.ts';
import { JobInput } from '../../src/runtime/job-input.ts';
import { builtSandbox } from '../support/built-path.ts';
import { encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { aJobId, generousLimits, scriptOf } from '../support/job-runner.ts';

const jobs = join(import.meta.dirname, '..', '..', 'jobs');

/** Small enough that fifty times of each take seconds. A job that ships must be here. */
const params: Readonly<Record<string, object>> = {
  collatz: { to: 400_000 },
  factors: { digits: 16, count: 120 },
  mandelbrot: { width: 320, height: 200, maxIterations: 100 },
  montecarlo: { samples: 30, chunkSamples: 10 },
  nqueens: { n: 8 },
  primes: { to: 3_000_000 },
  wordcount: { pieceBytes: 20_000 },
};
const inputs: Readonly<Record<string, string>> = {
  wordcount: 'psalms-and-new-testament.txt',
};

const PROCESSES = 3;
const THREADS = 2;
const ORDERS = 50;
/** Of one job: the rest are alike. */
const CHUNKS = 8;

const sandboxes = Array.from({ length: PROCESSES }, () => builtSandbox({ slots: THREADS }));

afterAll(async () => {
  await Promise.all(sandboxes.map((sandbox) => sandbox.close()));
});

test('every job that ships is among them', () => {
  expect(readdirSync(jobs).sort()).toEqual(Object.keys(params).sort());
});

describe.each(Object.keys(params))('%s', (name) => {
  test('has one digest for each chunk, wherever and after whichever it is computed', async () => {
    const { program, chunks } = await firstChunks(name);
    expect(chunks.length).toBeGreaterThan(1);
    await Promise.all(sandboxes.map((sandbox) => load(sandbox, program)));
    const digests = chunks.map(() => new Set<string>());
    const random = createRandom(20_261_122);
    const orders = Array.from({ length: ORDERS }, () =>
      sample(random, [...chunks.keys()], chunks.length),
    );
    await Promise.all(
      sandboxes.map(async (sandbox, process) => {
        for (const order of distinct(orders.filter((_, index) => index % PROCESSES === process))) {
          for (const [chunk, digest] of await digestsIn(sandbox, program, chunks, order)) {
            digests[chunk]?.add(digest);
          }
        }
      }),
    );
    expect(digests.map(({ size }) => size)).toEqual(chunks.map(() => 1));
  });
});

/** Three chunks have six orders, and Python takes a while for each. */
function distinct(orders: readonly number[][]): Iterable<number[]> {
  return new Map(orders.map((order) => [order.join(), order])).values();
}

/** In this order, but one half of it on each thread. */
async function digestsIn(
  sandbox: Sandbox,
  { key: program }: LoadableProgram,
  chunks: readonly Uint8Array[],
  order: readonly number[],
): Promise<readonly (readonly [number, string])[]> {
  const half = order.length >> 1;
  const batches = [order.slice(0, half), order.slice(half)].map(async (numbers) => {
    const batch = numbers.map((chunk) => ({
      lease: chunk,
      chunk,
      input: chunks[chunk] ?? new Uint8Array(0),
    }));
    const run = { job: aJobId, program, limits: generousLimits, chunks: batch };
    const outcomes = await sandbox.run(run);
    return numbers.map((chunk, index) => [chunk, digestOf(outcomes[index])] as const);
  });
  return (await Promise.all(batches)).flat();
}

function digestOf(outcome: ChunkOutcome | undefined): string {
  if (outcome?.outcome.type === 'result') return outcome.outcome.digest;
  throw new Error(JSON.stringify(outcome));
}

async function firstChunks(
  name: string,
): Promise<{ readonly program: LoadableProgram; readonly chunks: readonly Uint8Array[] }> {
  const source = await readJob(name);
  const script = scriptOf(scriptBytes(source), ['split']);
  const [sandbox] = sandboxes;
  if (sandbox === undefined) throw new Error('there is no sandbox');
  await load(sandbox, script);
  const file = inputs[name];
  const input = file === undefined ? undefined : await JobInput.open(join(jobs, name, file));
  const encoding = source.runtime === 'wasi' ? 'bytes' : 'values';
  const stop = new AbortController();
  const chunks: Uint8Array[] = [];
  const cut = encodeCanonical(params[name]);
  for await (const some of sandbox.split(script.key, cut, input, encoding, stop.signal)) {
    chunks.push(...some);
    if (chunks.length >= CHUNKS) break;
  }
  await input?.close();
  return { program: programOf(name, source), chunks: chunks.slice(0, CHUNKS) };
}

function scriptBytes(source: JobSource): Uint8Array {
  if (source.script === undefined) throw new Error('the job has no split');
  return source.script;
}

function programOf(name: string, source: JobSource): LoadableProgram {
  if (source.runtime === 'javascript') return scriptOf(source.script);
  const { module, files, ...rest } = source.program;
  return {
    runtime: 'wasi',
    key: `wasi:${name}`,
    module: async () => module,
    files: files.map(({ path, bytes }) => ({ path, bytes: async () => bytes })),
    ...rest,
  };
}

async function load(sandbox: Sandbox, program: LoadableProgram): Promise<void> {
  const refused = await sandbox.load(program, generousLimits);
  if (refused !== undefined) throw new Error(`${refused.kind}: ${refused.detail}`);
}
