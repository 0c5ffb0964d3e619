/**
 * How many offers each requester has in the book, and who has the most, without a search.
 *
 * The picture: a staircase. Requesters with one offer stand on the first step, those with two on
 * the second. Each offer more or less moves its requester by one step, and whoever has the most
 * stands on the highest step that is not empty. A requester has few offers at most, so the stairs
 * are short; a heap would need its entries found again whenever they change.
 */

import { limits } from '../../model/limits.ts';
import type { PeerId } from '../../model/ids.ts';

export class OfferShares {
  /** Keys of `offerKey` by requester, the oldest news first. */
  readonly #keys = new Map<PeerId, Set<string>>();
  /** By number of offers, those with the oldest news first. */
  readonly #steps: Set<PeerId>[] = [];

  /** It is the requester's latest news, whether it was there before or not. */
  add(requester: PeerId, key: string): void {
    let keys = this.#keys.get(requester);
    if (keys === undefined) {
      keys = new Set();
      this.#keys.set(requester, keys);
    }
    this.#step(keys.size).delete(requester);
    keys.delete(key);
    keys.add(key);
    this.#step(keys.size).add(requester);
  }

  delete(requester: PeerId, key: string): void {
    const keys = this.#keys.get(requester);
    if (keys === undefined || !keys.has(key)) return;
    this.#step(keys.size).delete(requester);
    keys.delete(key);
    if (keys.size > 0) this.#step(keys.size).add(requester);
    else this.#keys.delete(requester);
  }

  count(requester: PeerId): number {
    return this.#keys.get(requester)?.size ?? 0;
  }

  /** The oldest news first. */
  keysOf(requester: PeerId): Iterable<string> {
    return this.#keys.get(requester) ?? [];
  }

  /** Of those with the most offers, the one whose last news is oldest. */
  get greatest(): PeerId | undefined {
    for (let count = limits.offersPerRequesterMax; count > 0; count--) {
      const step = this.#steps[count];
      if (step === undefined) continue;
      for (const requester of step) return requester;
    }
    return undefined;
  }

  #step(count: number): Set<PeerId> {
    return (this.#steps[count] ??= new Set());
  }
}
