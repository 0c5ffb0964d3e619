/**
 * A thread like those that run programs, stripped in the same way, that runs code as it comes:
 * without a compartment, as if a program had got out of its own.
 */

import { parentPort, workerData } from 'node:worker_threads';

import { stripThread } from '../../src/sandbox/strip-thread.ts';

const port = parentPort;
if (port === null) throw new Error('this module is for a worker thread');
// Called by another name, so that the code sees globals alone.
// oxlint-disable-next-line no-eval
const evaluate = eval;
const code: string = workerData;

stripThread('javascript');
try {
  port.postMessage({ value: String(await evaluate(code)) });
} catch (error) {
  port.postMessage({ threw: String(error) });
}
port.close();
