/**
 * Notices the chunk that runs too long. A thread in an endless loop can't be asked anything, so
 * this looks at the shared `Progress` at the moment when the chunk that runs would be overdue, and
 * again at the next such moment if the thread has moved on meanwhile.
 *
 * Programs have the lowest priority. On a machine that is busy with other things a chunk may get
 * next to none of its time, and that is not the chunk's fault: nothing in the sandbox can sleep, so
 * a thread that used little of a processor was not given more. Such a chunk gets more time, and
 * when that doesn't help it is given back rather than failed.
 */

import { limits } from '../model/limits.ts';
import { processNowMs, type Progress, type Running } from './progress.ts';
import { fairShare } from './thread-cpu.ts';

/** `starved`: the machine had no time for it. */
export type Overdue = { readonly chunk: number; readonly why: 'timed-out' | 'starved' };

/** Times the limit. Its lease ends not much later, so that more would be of no use; a guess. */
const patience = 3;

export class OverdueWatch {
  readonly #progress: Progress;
  readonly #wallMsMax: number;
  readonly #cpuMs: (thread: number) => Promise<number | undefined>;
  readonly #onOverdue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #overdue: Overdue | undefined;

  /**
   * @param cpuMs processor time that a thread was given so far; undefined when it doesn't say
   * @param onOverdue called at most once, never after `stop`
   */
  constructor(
    progress: Progress,
    wallMsMax: number,
    cpuMs: (thread: number) => Promise<number | undefined>,
    onOverdue: () => void,
  ) {
    this.#progress = progress;
    this.#wallMsMax = wallMsMax;
    this.#cpuMs = cpuMs;
    this.#onOverdue = onOverdue;
    this.#look();
  }

  /** The chunk that ran too long, by its place in the batch. */
  get overdue(): Overdue | undefined {
    return this.#overdue;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #look(): void {
    const running = this.#progress.read();
    const ranMs = running === undefined ? 0 : processNowMs() - running.startedMs;
    if (running !== undefined && ranMs >= this.#wallMsMax) void this.#judge(running, ranMs);
    else this.#lookIn(this.#wallMsMax - ranMs);
  }

  async #judge(running: Running, ranMs: number): Promise<void> {
    const share = await this.#shareOf(running);
    if (this.#stopped) return;
    if (this.#progress.read()?.startedMs !== running.startedMs) return this.#look();
    const isStarved = share < fairShare;
    if (isStarved && ranMs < patience * this.#wallMsMax) return this.#lookIn(this.#wallMsMax / 2);
    this.#overdue = { chunk: running.chunk, why: isStarved ? 'starved' : 'timed-out' };
    this.#onOverdue();
  }

  /** Of a processor, since the chunk began; a whole one if the thread doesn't say. */
  async #shareOf({ thread, startedMs, startedCpuMs }: Running): Promise<number> {
    const cpuMs = await this.#cpuMs(thread);
    return cpuMs === undefined ? 1 : (cpuMs - startedCpuMs) / (processNowMs() - startedMs);
  }

  #lookIn(ms: number): void {
    // Timers may fire a fraction of a millisecond early; a whole one more, and one look suffices.
    const waitMs = Math.ceil(ms) + 1;
    this.#timer = setTimeout(() => this.#look(), Math.min(waitMs, limits.timerMsMax));
  }
}
