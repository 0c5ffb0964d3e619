/**
 * Number crunching inside of the sandbox and outside: the same C compiled to WebAssembly and for
 * this processor, the same JavaScript in a compartment and in plain Node.
 */

import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compute as countPrimes } from '../jobs/primes/job.ts';
import { bundleJob } from '../src/cli/bundle.ts';
import { jobId } from '../src/model/ids.ts';
import type { LoadableProgram, Sandbox } from '../src/ports.ts';
import { createSandbox } from '../src/sandbox/create-sandbox.ts';
import { encodeCanonical } from '../src/wire/canonical-cbor.ts';
import { type Benchmark, chunkLimits, type Figure, median } from './support.ts';

/** In turn with what they are compared to; the median of the ratios counts. */
const PAIRS = 7;

const kernels = [
  { name: 'n queens', source: '../jobs/nqueens/nqueens.c', stdin: '14\n' },
  {
    name: 'crunch',
    source: 'native/crunch.c',
    stdin: 'sieve\nmandelbrot\nmatrices\nrandom\n',
  },
] as const;
/** Without fused multiply-adds, which WebAssembly has not: both give the same numbers. */
const flags = ['-O3', '-ffp-contract=off'];
/** Half a second: a chunk is compiled anew, which takes some milliseconds of a small one. */
const primes = { from: 1, to: 500_000_000 };

export const crunching: Benchmark = {
  about: `the same work inside of the sandbox and outside; medians of ${PAIRS} pairs`,
  async run() {
    const sandbox = createSandbox({ slots: 1 });
    const folder = await mkdtemp(join(tmpdir(), 'manyhands-bench-'));
    try {
      const figures: Figure[] = [await primesPair(sandbox)];
      for (const kernel of kernels) figures.push(...(await kernelPair(sandbox, kernel, folder)));
      return figures;
    } finally {
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function primesPair(sandbox: Sandbox): Promise<Figure> {
  const job = fileURLToPath(new URL('../jobs/primes/job.ts', import.meta.url));
  const source = await bundleJob(job, ['compute']);
  const key = 'javascript:primes';
  const functions = ['compute'] as const;
  await load(sandbox, { runtime: 'javascript', key, source: async () => source, functions });
  const ratio = await medianRatio(
    () => {
      const startedMs = performance.now();
      countPrimes(primes);
      return performance.now() - startedMs;
    },
    () => computeMs(sandbox, key, encodeCanonical(primes)),
  );
  return { what: 'JavaScript, speed against plain Node', value: ratio, unit: '', aim: aim(0.95) };
}

async function kernelPair(
  sandbox: Sandbox,
  { name, source, stdin }: (typeof kernels)[number],
  folder: string,
): Promise<readonly Figure[]> {
  const path = fileURLToPath(new URL(source, import.meta.url));
  const native = join(folder, name.replaceAll(' ', '-'));
  const compiled = spawnSync('cc', [...flags, '-o', native, path, '-lm'], { encoding: 'utf8' });
  if (compiled.status !== 0) {
    console.log(
      `  ${name}: left out, no C compiler: ${compiled.error?.message ?? compiled.stderr}`,
    );
    return [];
  }
  const module = await readFile(path.replace(/\.c$/, '.wasm'));
  const key = `wasi:${name}` as const;
  const rest = { arguments: [name], environment: [], files: [] };
  await load(sandbox, { runtime: 'wasi', key, module: async () => module, ...rest });
  const input = encodeCanonical(new TextEncoder().encode(stdin));
  const ratio = await medianRatio(
    () => {
      const startedMs = performance.now();
      const { status } = spawnSync(native, { input: stdin });
      if (status !== 0) throw new Error(`${name} exited with ${status}`);
      return performance.now() - startedMs;
    },
    () => computeMs(sandbox, key, input),
  );
  return [{ what: `WASI, ${name} against cc -O3`, value: ratio, unit: '', aim: aim(0.85) }];
}

/** How fast the second is, where the first is 1. */
async function medianRatio(outside: () => number, inside: () => Promise<number>): Promise<number> {
  // Code is compiled well before it counts.
  outside();
  await inside();
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) ratios.push(outside() / (await inside()));
  return median(ratios);
}

async function computeMs(
  sandbox: Sandbox,
  program: LoadableProgram['key'],
  input: Uint8Array,
): Promise<number> {
  const chunks = [{ lease: 0, chunk: 0, input }];
  const job = jobId('0'.repeat(64));
  const [ran] = await sandbox.run({ job, program, limits: chunkLimits, chunks });
  if (ran?.outcome.type !== 'result') throw new Error(JSON.stringify(ran));
  return ran.computeMs;
}

async function load(sandbox: Sandbox, program: LoadableProgram): Promise<void> {
  const refused = await sandbox.load(program, chunkLimits);
  if (refused !== undefined) throw new Error(`${refused.kind}: ${refused.detail}`);
}

function aim(atLeast: number): { readonly atLeast: number } {
  return { atLeast };
}
