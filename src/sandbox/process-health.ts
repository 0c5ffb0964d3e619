/**
 * Notices that the sandbox's process hangs or takes too much of the machine's memory.
 *
 * Each thread's heap, buffers and WebAssembly memory have limits of their own in there. This is the
 * limit of all of it, for what those limits miss: a program that got past them, or a leak. It looks
 * from outside, as the process may be in a strange hand.
 */

import { readFile } from 'node:fs/promises';

import type { Death } from './process-child.ts';
import type { Pong, ProcessClient } from './process-client.ts';
import { checksMax } from './suspects.ts';

const MiB = 1024 * 1024;

export type HealthOptions = {
  /** How often it is asked whether it is still there. */
  readonly pingEveryMs: number;
  /**
   * How long it may leave that unanswered. Its main thread does nothing but pass messages on, yet
   * it has the lowest priority on a machine that may be busy.
   */
  readonly hangMsMax: number;
  /** The same until its first answer: it has to load its code first. */
  readonly startMsMax: number;
  /** Between two looks at its memory a thread fills some hundred MiB; a look takes 0.1 ms. */
  readonly memoryLookEveryMs: number;
};

export const healthDefaults: HealthOptions = {
  pingEveryMs: 1000,
  hangMsMax: 10_000,
  startMsMax: 60_000,
  memoryLookEveryMs: 250,
};

export type HealthComponents = {
  readonly client: ProcessClient;
  readonly pid: number;
  /** What it may have right now. */
  readonly memoryBytesMax: () => number;
  /** Called at most once. */
  readonly onSick: (death: Death) => void;
};

export class ProcessHealth {
  readonly #options: HealthOptions;
  readonly #components: HealthComponents;
  readonly #timers: readonly NodeJS.Timeout[];
  #isLooking = false;
  #isStopped = false;
  #lastPingMs = performance.now();
  #isAsked = false;
  #silentMs = 0;
  #lastPong: Pong | undefined;

  constructor(options: HealthOptions, components: HealthComponents) {
    this.#options = options;
    this.#components = components;
    this.#timers = [
      setInterval(() => this.#ping(), options.pingEveryMs),
      setInterval(() => void this.#look(), options.memoryLookEveryMs),
    ];
    this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  #ping(): void {
    const nowMs = performance.now();
    const { pingEveryMs, hangMsMax, startMsMax } = this.#options;
    this.#silentMs = silentMs(this.#silentMs, nowMs - this.#lastPingMs, pingEveryMs);
    this.#lastPingMs = nowMs;
    if (!this.#isAsked) return this.#ask();
    const started = this.#lastPong !== undefined;
    if (this.#silentMs < (started ? hangMsMax : startMsMax)) return;
    const seconds = Math.round(this.#silentMs / 1000);
    const reason = started
      ? `did not answer for ${seconds} s and was stopped`
      : `was not ready ${seconds} s after its start and was stopped`;
    this.#sick({ reason, outOfMemory: false });
  }

  #ask(): void {
    this.#isAsked = true;
    this.#silentMs = 0;
    this.#components.client.ping().then(
      (pong) => {
        this.#isAsked = false;
        this.#lastPong = pong;
      },
      // It is dead, and others know that too.
      () => this.stop(),
    );
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const bytes = (await memoryOf(this.#components.pid)) ?? this.#lastPong?.memoryBytes ?? 0;
    this.#isLooking = false;
    const bytesMax = this.#components.memoryBytesMax();
    if (this.#isStopped || bytes <= bytesMax) return;
    const reason = `took more than ${Math.round(bytesMax / MiB)} MiB of memory and was stopped`;
    this.#sick({ reason, outOfMemory: true });
  }

  #sick(death: Death): void {
    this.stop();
    this.#components.onSick(death);
  }
}

/**
 * For how long the process has been silent, as far as that can be told: a timer that fires late
 * says that this process was held up, by a machine that slept or by much work, and then nothing is
 * known of the other one.
 * @param beforeMs the silence until the last look
 * @param elapsedMs since then
 */
export function silentMs(beforeMs: number, elapsedMs: number, pingEveryMs: number): number {
  return elapsedMs > 2 * pingEveryMs ? beforeMs : beforeMs + elapsedMs;
}

/** Node itself, and the programs that it keeps. */
const baseBytes = 512 * MiB;
/** A thread's own: V8's isolate, a compartment, compiled code, garbage not collected yet. */
const threadBytes = 256 * MiB;
/** The rest is for who sits at the machine. */
const machineShareMax = 0.75;

/**
 * What the whole process may have: as much as all its threads together when each is at its limit,
 * or most of the machine if that is less.
 * @param threads that compute, and those of steps that run
 * @param chunkBytesMax what a thread may give to a program
 * @param machineBytes that the machine has
 */
export function processBytesMax(
  threads: number,
  chunkBytesMax: number,
  machineBytes: number,
): number {
  const needed = baseBytes + (threads + checksMax) * (chunkBytesMax + threadBytes);
  return Math.min(needed, machineShareMax * machineBytes);
}

/** Resident and swapped out; undefined where the system doesn't say. */
async function memoryOf(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const sizes = status.matchAll(/^Vm(?:RSS|Swap):\s+(\d+) kB$/gm);
    return sizes.reduce((sum, [, kiB]) => sum + Number(kiB) * 1024, 0);
  } catch {
    return undefined;
  }
}
