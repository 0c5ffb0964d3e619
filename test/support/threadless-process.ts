/**
 * A machine on which threads that compute can't be started.
 * Run as `node --import threadless-process.ts threadless-process.ts`: what is imported this way is
 * imported by each thread too, at its start.
 */

import { readFileSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

import { ThreadSandbox } from '../../src/sandbox/thread-sandbox.ts';
import { batchOf, generousLimits, inThreads, shown, threadOptions } from './job-runner.ts';

// Those that look at a program have their task from the start.
if (isMainThread) await main();
else if (workerData === null || workerData === undefined) throw new Error('no thread to be had');

async function main(): Promise<void> {
  const threads = new ThreadSandbox(threadOptions);
  const module = readFileSync(new URL('wasi/echo.wasm', import.meta.url));
  const program = { key: 'wasi:echo', arguments: [], environment: [], files: [] } as const;
  await inThreads(threads).load(
    { ...program, runtime: 'wasi', module: async () => module },
    generousLimits,
  );
  for (const _time of [1, 2]) {
    const outcomes = await threads.run(batchOf(program.key, [new Uint8Array(1)]));
    console.log(JSON.stringify(shown(outcomes)));
  }
  await threads.close();
}
