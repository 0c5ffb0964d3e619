/** What every thread of the sandbox is started with. */

const MiB = 1024 * 1024;

/** Where a thread's module is, beside this one: `.ts` in the source tree, `.js` once compiled. */
export function threadUrl(name: string): URL {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./${name}${extension}`, import.meta.url);
}

/**
 * None of the process's environment or arguments. But its flags: a thread that is given flags of
 * its own, even none at all, is outside of Node's permission model (measured, Node 26.10).
 */
export const threadSurroundings = { env: {}, argv: [] };

/** A thread's own modules and SES take some 15 MiB, measured; less would not even start. */
const heapMiBMin = 32;
/** V8's usual size, three times a semi-space of 16 MiB; a small heap gives it a quarter. */
const youngMiBMax = 48;
/** Node's default. V8 throws RangeError when it is used up, WebAssembly traps. */
const stackMiB = 4;

/**
 * V8's limits. Machine code needs none of its own: it is in the old generation.
 * @param memoryBytesMax of the heap alone; what is outside of it is watched
 */
export function heapLimits(memoryBytesMax: number): {
  readonly maxOldGenerationSizeMb: number;
  readonly maxYoungGenerationSizeMb: number;
  readonly stackSizeMb: number;
} {
  const heapMiB = Math.max(heapMiBMin, Math.ceil(memoryBytesMax / MiB));
  return {
    maxOldGenerationSizeMb: heapMiB,
    maxYoungGenerationSizeMb: Math.min(youngMiBMax, Math.floor(heapMiB / 4)),
    stackSizeMb: stackMiB,
  };
}
