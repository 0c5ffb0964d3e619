/**
 * Waits until every promise job of this thread has run, those that they add as well. A program that
 * never runs out of them is still running, and so is its chunk.
 */

// Node calls what is given to it once V8's queue of promise jobs is empty. Taken before the thread
// is stripped of it.
const nextTick = process.nextTick.bind(process);

export async function drained<Value>(value?: Value): Promise<Value | undefined> {
  return new Promise((resolve) => nextTick(resolve, value));
}
