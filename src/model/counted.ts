/**
 * Which results of a statement counted for its job, as bits in the order of its replicas, the
 * lowest of each byte first. A peer may sign results of chunks that it was never leased; the
 * requester keeps such a statement for the others in it.
 */

/** @returns undefined where all count, which is nearly always */
export function countedBits(flags: readonly boolean[]): Uint8Array | undefined {
  if (flags.every((isCounted) => isCounted)) return undefined;
  const bits = new Uint8Array(Math.ceil(flags.length / 8));
  for (const [index, isCounted] of flags.entries()) {
    if (isCounted) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return bits;
}

export function isCounted(bits: Uint8Array | undefined, index: number): boolean {
  return bits === undefined || (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}
