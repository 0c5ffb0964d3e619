/**
 * Memories of finished WebAssembly programs that V8 has not given back yet. V8 doesn't count them
 * when it decides whether to collect: 300 programs of 64 MiB each, one after the other, held 20 GB
 * of a machine (Node 26.10). So whoever runs them counts, and asks for a collection.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Once in a thousand programs of the smallest size, where a collection of some 10 ms doesn't show.
 */
const garbageBytesMax = 128 * 1024 * 1024;
/**
 * What a memory counts at least, even one of no pages: V8 reserves 8 GiB of addresses for each, and
 * a process has 128 TiB of them. 16,000 that nobody counted took all there were (measured).
 */
const memoryBytesMin = 128 * 1024;

export class MemoryGarbage {
  readonly #collect: () => void;
  #bytes = 0;

  /** @param collect frees what nobody refers to any more, before it returns */
  constructor(collect: () => void = collector()) {
    this.#collect = collect;
  }

  /** A memory of that size was let go. */
  add(bytes: number): void {
    this.#bytes += Math.max(bytes, memoryBytesMin);
    if (this.#bytes < garbageBytesMax) return;
    this.#collect();
    this.#bytes = 0;
  }
}

/** Node has it only behind a flag, which is set for just as long as it takes to get hold of it. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect !== 'function') throw new Error('V8 has no garbage collection on demand');
  return () => {
    collect();
  };
}
