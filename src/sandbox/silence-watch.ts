/**
 * Notices a thread that says nothing for too long. A thread that would go on but is not given a
 * processor, since the machine is busy with other things, gets more time: programs have the lowest
 * priority. A thread that waits for nothing does not, for it has all the time there is.
 */

import type { Worker } from 'node:worker_threads';

import { fairShare, threadCpuMs } from './thread-cpu.ts';

/** Periods that a starved thread gets; a guess. */
const patience = 10;

export class SilenceWatch {
  readonly #worker: Worker;
  readonly #silentMsMax: number;
  readonly #onSilent: () => void;
  #timer: NodeJS.Timeout | undefined;
  #periodsLeft = patience;
  #stopped = false;

  /** @param onSilent called at most once, never after `stop` */
  constructor(worker: Worker, silentMsMax: number, onSilent: () => void) {
    this.#worker = worker;
    this.#silentMsMax = silentMsMax;
    this.#onSilent = onSilent;
    this.#wait(idleMs(worker), threadCpuMs(worker));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #wait(idleBeforeMs: number, cpuMs: Promise<number | undefined>): void {
    this.#timer = setTimeout(() => void this.#look(idleBeforeMs, cpuMs), this.#silentMsMax);
  }

  async #look(idleBeforeMs: number, before: Promise<number | undefined>): Promise<void> {
    const now = threadCpuMs(this.#worker);
    const [cpuBeforeMs = 0, cpuMs] = await Promise.all([before, now]);
    if (this.#stopped) return;
    this.#periodsLeft -= 1;
    const idledMs = idleMs(this.#worker);
    const wasActive = idledMs - idleBeforeMs < this.#silentMsMax / 2;
    const share = cpuMs === undefined ? 1 : (cpuMs - cpuBeforeMs) / this.#silentMsMax;
    if (wasActive && share < fairShare && this.#periodsLeft > 0) this.#wait(idledMs, now);
    else this.#onSilent();
  }
}

/**
 * For how long it has waited for something to do. A thread that is still starting has not, while
 * the time that it was active is not told before its start is done.
 */
function idleMs(worker: Worker): number {
  return worker.performance.eventLoopUtilization().idle;
}
