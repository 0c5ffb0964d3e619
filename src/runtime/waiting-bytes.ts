/**
 * Room for values that wait to be compared. Nobody may take more than a part of it: what comes from
 * others would be taken for not computed as long as one volunteer's results wait.
 */

import type { PeerId } from '../model/ids.ts';

/** Of all there is, for one volunteer. A guess. */
const PART_MAX = 1 / 4;

export class WaitingBytes {
  readonly #bytesMax: number;
  #bytes = 0;
  /** Only of those of whom something waits. */
  readonly #bytesOf = new Map<PeerId, number>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @returns whether there is room; what has it gives it back. One value more than fits may. */
  take(from: PeerId, bytes: number): boolean {
    const own = this.#bytesOf.get(from) ?? 0;
    if (this.#bytes > this.#bytesMax || own > this.#bytesMax * PART_MAX) return false;
    this.#bytes += bytes;
    this.#bytesOf.set(from, own + bytes);
    return true;
  }

  give(from: PeerId, bytes: number): void {
    this.#bytes -= bytes;
    const left = (this.#bytesOf.get(from) ?? 0) - bytes;
    if (left > 0) this.#bytesOf.set(from, left);
    else this.#bytesOf.delete(from);
  }
}
