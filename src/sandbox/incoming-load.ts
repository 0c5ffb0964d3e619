/** A program on its way into the sandbox's process, in pieces. */

import { unreachable } from '../model/errors.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { ProgramHead } from './process-messages.ts';
import type { LoadedProgram } from './thread-sandbox.ts';

export class IncomingLoad {
  readonly limits: ChunkLimits;
  readonly #head: ProgramHead;
  /** The script, or the module and its data files. Only the last one may not be filled yet. */
  readonly #parts: Uint8Array[] = [];
  /** Bytes of the last part that are there. */
  #filled = 0;

  constructor(head: ProgramHead, limits: ChunkLimits) {
    this.#head = head;
    this.limits = limits;
  }

  /** The next part begins. */
  begin(bytes: number): void {
    this.#parts.push(new Uint8Array(bytes));
    this.#filled = 0;
  }

  add(piece: Uint8Array): void {
    this.#parts.at(-1)?.set(piece, this.#filled);
    this.#filled += piece.byteLength;
  }

  /** Undefined until all of it is there. */
  get program(): LoadedProgram | undefined {
    const head = this.#head;
    const [first, ...files] = this.#parts;
    if (first === undefined || this.#filled < (this.#parts.at(-1)?.byteLength ?? 0))
      return undefined;
    switch (head.runtime) {
      case 'javascript': {
        const { runtime, key, functions } = head;
        return { runtime, key, functions, source: first };
      }
      case 'wasi': {
        const { runtime, key, arguments: args, environment, paths } = head;
        const data = paths.flatMap((path, index) => {
          const bytes = files[index];
          return bytes === undefined ? [] : { path, bytes };
        });
        if (data.length < paths.length) return undefined;
        return { runtime, key, module: first, arguments: args, environment, files: data };
      }
      default:
        return unreachable(head);
    }
  }
}
