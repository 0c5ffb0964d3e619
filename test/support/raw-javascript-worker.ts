/**
 * The thread of JavaScript programs as it is, its realm locked down and itself stripped, that runs
 * code as it comes: what a program could do that has got out of its compartment.
 */

import { parentPort, workerData } from 'node:worker_threads';

import { stripThread } from '../../src/sandbox/strip-thread.ts';

const port = parentPort;
if (port === null) throw new Error('this module is for a worker thread');
// Called by another name, so that the code sees globals alone, and taken before SES tames it.
// oxlint-disable-next-line no-eval
const evaluate = eval;
const code: string = workerData;

await import('../../src/sandbox/realm.ts');
stripThread('javascript');
try {
  port.postMessage({ value: String(await evaluate(code)) });
} catch (error) {
  port.postMessage({ threw: String(error) });
}
port.close();
