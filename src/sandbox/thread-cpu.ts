/** How much processor time a thread was given, and how much it may expect. */

import type { Worker } from 'node:worker_threads';

/**
 * Of a processor. Two programs to a core are usual; a machine that gives less is busy with other
 * things.
 */
export const fairShare = 0.4;

/**
 * A thread answers between two instructions; one that doesn't is in a loop of V8's own, or has no
 * processor.
 */
const answerMsMax = 1_000;

/** Milliseconds since the thread started; undefined when it has ended or doesn't answer. */
export async function threadCpuMs(worker: Worker | undefined): Promise<number | undefined> {
  if (worker === undefined) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, answerMsMax, undefined);
  });
  try {
    const usage = await Promise.race([worker.cpuUsage(), silence]);
    return usage && (usage.user + usage.system) / 1000;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds that all threads of this process were given, so that none of them had more. */
export function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
