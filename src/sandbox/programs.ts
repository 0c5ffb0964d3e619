/**
 * The programs that the sandbox can run, the most recently used ones. Their bytes are in shared
 * memory, so that every thread reads the one copy.
 */

import { limits } from '../model/limits.ts';
import type { ProgramKey } from '../model/program.ts';
import type { SharedProgram } from './messages.ts';

/** Four of the largest modules, or hundreds of usual programs. */
const keptBytesMax = 4 * limits.moduleBytesMax;
/** Against strangers who offer a program of a few bytes, again and again. */
const keptMax = 1024;

type Entry = { readonly program: SharedProgram; readonly bytes: number };

export class Programs {
  /** The most recently used ones are at the end. */
  readonly #programs = new Map<ProgramKey, Entry>();
  #bytes = 0;

  /** @param bytes that the program takes, compiled if it is */
  put(program: SharedProgram, bytes: number): void {
    this.#delete(program.key);
    this.#programs.set(program.key, { program, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#programs.keys()) {
      if (this.#bytes <= keptBytesMax && this.#programs.size <= keptMax) break;
      if (oldest === program.key) break;
      this.#delete(oldest);
    }
  }

  /** Counts as a use. */
  get(key: ProgramKey): SharedProgram | undefined {
    const entry = this.#programs.get(key);
    if (entry === undefined) return undefined;
    this.#programs.delete(key);
    this.#programs.set(key, entry);
    return entry.program;
  }

  has(key: ProgramKey): boolean {
    return this.#programs.has(key);
  }

  #delete(key: ProgramKey): void {
    this.#bytes -= this.#programs.get(key)?.bytes ?? 0;
    this.#programs.delete(key);
  }
}
