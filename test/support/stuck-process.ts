/**
 * Runs a chunk that can't be stopped, and writes to stdout what the sandbox says of it: that the
 * thread is stuck, for which the process ends. An outcome before that would leave the process to
 * others, who'd be blamed for its end.
 */

import { writeSync } from 'node:fs';

import { ThreadSandbox } from '../../src/sandbox/thread-sandbox.ts';
import { batchOf, inThreads, loadProgram, shown, threadOptions } from './job-runner.ts';

const threads = new ThreadSandbox({
  ...threadOptions,
  onStuckThread: (reason) => {
    writeSync(1, `${reason}\n`);
    // Any other end would wait for the thread.
    process.kill(process.pid, 'SIGKILL');
  },
});
// V8 looks up in no round of this loop.
const program = await loadProgram(
  inThreads(threads),
  'function compute(n) { return n === 1 ? [].indexOf.call({ length: 2 ** 53 - 1 }, 0) : n; }',
);
const outcomes = await threads.run(batchOf(program, [0, 1, 2], { wallMsMax: 500 }));
writeSync(1, `${JSON.stringify(shown(outcomes))}\n`);
