/** Programs kept ready on a thread, the most recently used ones. */

import type { ProgramKey } from '../model/program.ts';

/** A volunteer works for few jobs at a time. */
const keptMax = 8;

export class ReadyPrograms<Program> {
  /** The most recently used ones are at the end. */
  readonly #programs = new Map<ProgramKey, Program>();

  /** @param make called if it isn't kept; may throw */
  get(key: ProgramKey, make: () => Program): Program {
    const known = this.#programs.get(key);
    if (known !== undefined) {
      if (this.#programs.size > 1) {
        this.#programs.delete(key);
        this.#programs.set(key, known);
      }
      return known;
    }
    const program = make();
    this.#programs.set(key, program);
    for (const oldest of this.#programs.keys()) {
      if (this.#programs.size <= keptMax) break;
      this.#programs.delete(oldest);
    }
    return program;
  }
}
