/**
 * The programs that this peer can run, the most recently used ones. Their bytes are in shared
 * memory, so that every thread reads the one copy.
 */

import { limits } from '../model/limits.ts';
import type { Digest } from '../model/ids.ts';
import type { SharedProgram } from './messages.ts';

/** Eight of the largest programs, or hundreds of usual ones. */
const keptBytesMax = 8 * limits.programBytesMax;
/** Against strangers who offer a program of a few bytes, again and again. */
const keptMax = 1024;

export class Programs {
  /** The most recently used ones are at the end. */
  readonly #programs = new Map<Digest, SharedProgram>();
  #bytes = 0;

  put(digest: Digest, source: Uint8Array): SharedProgram {
    this.delete(digest);
    const program = { digest, source: new SharedArrayBuffer(source.byteLength) };
    new Uint8Array(program.source).set(source);
    this.#programs.set(digest, program);
    this.#bytes += source.byteLength;
    for (const oldest of this.#programs.keys()) {
      if (this.#bytes <= keptBytesMax && this.#programs.size <= keptMax) break;
      if (oldest === digest) break;
      this.delete(oldest);
    }
    return program;
  }

  get(digest: Digest): SharedProgram | undefined {
    const program = this.#programs.get(digest);
    if (program === undefined) return undefined;
    this.#programs.delete(digest);
    this.#programs.set(digest, program);
    return program;
  }

  delete(digest: Digest): void {
    this.#bytes -= this.#programs.get(digest)?.source.byteLength ?? 0;
    this.#programs.delete(digest);
  }
}
