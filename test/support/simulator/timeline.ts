/** The virtual clock: it stands still while something happens, and then jumps to what is next. */

import { setImmediate as breathe } from 'node:timers/promises';

import { EventQueue } from './event-queue.ts';

/** Something with a moment at which it is due. A plain object with a function will do. */
export type Due = { due(): void };

export class Timeline {
  readonly #queue = new EventQueue<Due>();
  #nowMs = 0;
  #steps = 0;

  /** Milliseconds since the simulation's beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many things have happened. */
  get steps(): number {
    return this.#steps;
  }

  /** What lies in the past is due now, after what is due now already. */
  schedule(atMs: number, what: Due): void {
    this.#queue.push(Math.max(atMs, this.#nowMs), what);
  }

  after(ms: number, due: () => void): void {
    this.schedule(this.#nowMs + ms, { due });
  }

  runFor(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.#queue.nextAtMs <= endMs) this.#step();
    this.#nowMs = endMs;
  }

  /** The same where what happens goes on in promises: time waits until those are done. */
  async settleFor(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    while (this.#queue.nextAtMs <= endMs) {
      this.#step();
      await breathe();
    }
    this.#nowMs = endMs;
  }

  /**
   * Lets time pass until something is so.
   * @param everyMs how often it is asked, in virtual time
   * @returns whether it became so in time
   */
  runUntil(isSo: () => boolean, withinMs: number, everyMs = 10): boolean {
    const endMs = this.#nowMs + withinMs;
    while (!isSo()) {
      if (this.#nowMs >= endMs) return false;
      this.runFor(Math.min(everyMs, endMs - this.#nowMs));
    }
    return true;
  }

  #step(): void {
    this.#nowMs = this.#queue.nextAtMs;
    this.#steps += 1;
    this.#queue.pop()?.due();
  }
}
