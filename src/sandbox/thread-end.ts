/**
 * A thread that is told to end does so within milliseconds, even out of an endless loop. The
 * exception are loops in V8's own code that never look up, such as filling an array-like object
 * that says it has 2 ** 53 items: these hold their thread for good, and only the end of the process
 * ends them.
 */

import type { Worker } from 'node:worker_threads';

/** Only a signal ends the process then: to exit, Node waits for all of its threads. */
export type OnStuckThread = (reason: string) => void;

/**
 * Freeing a heap of some hundred MiB at the lowest priority on a machine that is busy with other
 * things takes a second or two; a guess with room.
 */
const endMsMax = 5_000;

/** To be called just before a thread is ended. Resolves once it has. */
export async function expectEnd(worker: Worker, onStuck: OnStuckThread): Promise<void> {
  if (hasEnded(worker)) return;
  const timer = setTimeout(
    () => onStuck(`a thread was told to end and still runs after ${endMsMax} ms`),
    endMsMax,
  );
  await new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  clearTimeout(timer);
}

/** Node says so by this number. */
function hasEnded(worker: Worker): boolean {
  return worker.threadId < 0;
}
