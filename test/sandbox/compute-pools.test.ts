/** Threads for programs of two runtimes and of many memory limits. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, expect, test } from 'vitest';

import { jobId } from '../../src/model/ids.ts';
import type { ProgramKey } from '../../src/model/program.ts';
import { ThreadSandbox } from '../../src/sandbox/thread-sandbox.ts';
import {
  batchOf,
  generousLimits,
  inThreads,
  loadProgram,
  shown,
  threadOptions,
} from '../support/job-runner.ts';

const MiB = 1024 * 1024;
const threads = new ThreadSandbox(threadOptions);
const sandbox = inThreads(threads);

afterAll(async () => threads.close());

async function loadEcho(): Promise<ProgramKey> {
  const module = readFileSync(new URL('../support/wasi/echo.wasm', import.meta.url));
  const key: ProgramKey = 'wasi:echo';
  const program = { runtime: 'wasi', key, arguments: [], environment: [], files: [] } as const;
  const failure = await sandbox.load({ ...program, module: async () => module }, generousLimits);
  if (failure !== undefined) throw new Error(failure.detail);
  return key;
}

test('jobs of many memory limits and both runtimes are run in turn', async () => {
  const add = await loadProgram(sandbox, 'function compute(n) { return n + 1; }');
  const echo = await loadEcho();
  const stdin = new Uint8Array([1]);
  for (const _round of [0, 1]) {
    for (const memoryMiB of [64, 96, 128, 160, 192]) {
      const limits = { memoryBytesMax: memoryMiB * MiB };
      expect(shown(await threads.run(batchOf(add, [memoryMiB], limits)))).toEqual([memoryMiB + 1]);
      expect(shown(await threads.run(batchOf(echo, [stdin], limits)))).toEqual([stdin]);
    }
  }
});

test('a batch comes back in part once its results fill it, whoever fails in between', async () => {
  const body = `function compute(n) {
    if (n === -1) for (;;) {}
    return n > 0 ? new Uint8Array(n) : n;
  }`;
  const program = await loadProgram(sandbox, body);
  const large = 16 * MiB;
  const inputs = [0, large, -1, large, large, 0];
  const outcomes = await threads.run(batchOf(program, inputs, { wallMsMax: 1000 }));
  const types = outcomes.map(({ outcome }) => outcome.type);
  expect(types).toEqual(['result', 'result', 'failure', 'result', 'returned', 'returned']);
  expect(shown(await threads.run(batchOf(program, [0, 0])))).toEqual([0, 0]);
});

test('no more batches run at a time than there are slots, whatever threads they need', async () => {
  const endless = await loadProgram(
    sandbox,
    'function compute(n) { while (n === 1) {} return n; }',
  );
  const echo = await loadEcho();
  const stdin = new Uint8Array([1]);
  // The threads of all kinds are there, so that whichever might run does.
  for (const memoryBytesMax of [64 * MiB, 96 * MiB]) {
    await threads.run(batchOf(endless, [0], { memoryBytesMax }));
  }
  await threads.run(batchOf(echo, [stdin]));
  const ended: string[] = [];
  const running = threads
    .run(batchOf(endless, [1], { memoryBytesMax: 64 * MiB, wallMsMax: 1000 }))
    .then(() => ended.push('endless'));
  const job = jobId('b'.repeat(64));
  const others = [
    threads.run({ ...batchOf(endless, [0], { memoryBytesMax: 96 * MiB }), job }),
    threads.run({ ...batchOf(echo, [stdin]), job }),
  ].map(async (run) => ended.push(String(shown(await run))));
  await Promise.all([running, ...others]);
  expect(ended).toEqual(['endless', '0', '1']);
});

test('a stopped run gives up its place at once', async () => {
  const endless = await loadProgram(sandbox, 'function compute() { for (;;) {} }');
  const [first, second] = [new AbortController(), new AbortController()];
  const running = threads.run(batchOf(endless, [1]), first.signal);
  const waiting = threads.run(batchOf(endless, [1]), second.signal);
  second.abort();
  expect(shown(await waiting)).toEqual(['returned']);
  first.abort();
  expect(shown(await running)).toEqual(['returned']);
});

test('chunks come back, each time, where threads to compute them can not be started', async () => {
  const file = fileURLToPath(new URL('../support/threadless-process.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', file, file]);
  expect(stdout.trim().split('\n')).toEqual(['["returned"]', '["returned"]']);
});
