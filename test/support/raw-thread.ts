/**
 * Runs code in a thread of the sandbox's making without the first wall. It shows what the walls
 * behind it are worth on their own, in whichever process this is called.
 */

import { Worker } from 'node:worker_threads';

import { heapLimits, threadSurroundings } from '../../src/sandbox/thread-start.ts';

const heapBytes = 64 * 1024 * 1024;

/** What became of the code, as text. `died` is for a thread that ended without a word. */
export type RawOutcome =
  | { readonly value: string }
  | { readonly threw: string }
  | { readonly died: string };

/** One stripped alone, or one of JavaScript programs, whose realm is locked down too. */
export type RawThread = 'raw-thread' | 'raw-javascript';

const workers: Record<RawThread, URL> = {
  'raw-thread': new URL('raw-thread-worker.ts', import.meta.url),
  'raw-javascript': new URL('raw-javascript-worker.ts', import.meta.url),
};

/** @param code a script; its completion value, awaited, is what comes back */
export async function runRaw(code: string, thread: RawThread = 'raw-thread'): Promise<RawOutcome> {
  const worker = new Worker(workers[thread], {
    workerData: code,
    resourceLimits: heapLimits(heapBytes),
    ...threadSurroundings,
  });
  return new Promise((resolve) => {
    worker.once('message', (outcome: RawOutcome) => resolve(outcome));
    worker.once('error', (error) => resolve({ died: String(error) }));
    worker.once('exit', (code) => resolve({ died: `exit code ${code}` }));
  });
}
