/**
 * Notices a thread that says nothing for too long. A thread that would go on but is not given a
 * processor, since the machine is busy with other things, gets more time: programs have the lowest
 * priority. A thread that waits for nothing does not, for it has all the time there is.
 */

import type { Worker } from 'node:worker_threads';

import { fairShare, processCpuMs, threadCpuMs } from './thread-cpu.ts';

/** Periods that a starved thread gets; a guess. */
const patience = 10;

/** What a period began with. */
type Before = {
  readonly idleMs: number;
  /** Undefined where the thread didn't say. */
  readonly cpuMs: Promise<number | undefined>;
  readonly processCpuMs: number;
};

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
    this.#wait(this.#present());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #present(): Before {
    const worker = this.#worker;
    return {
      idleMs: idleMs(worker),
      cpuMs: threadCpuMs(worker),
      processCpuMs: processCpuMs(),
    };
  }

  #wait(before: Before): void {
    this.#timer = setTimeout(() => void this.#look(before), this.#silentMsMax);
  }

  async #look(before: Before): Promise<void> {
    const now = this.#present();
    const [cpuBeforeMs = 0, cpuMs] = await Promise.all([before.cpuMs, now.cpuMs]);
    if (this.#stopped) return;
    this.#periodsLeft -= 1;
    const wasActive = now.idleMs - before.idleMs < this.#silentMsMax / 2;
    // One that has no processor can't say so; but it had no more than all of them together.
    const usedMs =
      cpuMs === undefined ? now.processCpuMs - before.processCpuMs : cpuMs - cpuBeforeMs;
    const isStarved = usedMs < fairShare * this.#silentMsMax;
    if (wasActive && isStarved && this.#periodsLeft > 0) this.#wait(now);
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
