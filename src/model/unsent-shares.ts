/**
 * Who has how much of the room for results that were not acknowledged. When there is too much,
 * whoever has the most gives something up: so strangers with many large results push out what they
 * have themselves, and not the little that somebody else waits for.
 */

import { limits } from './limits.ts';

type Share = { count: number; bytes: number };

export class UnsentShares {
  /** By requester: a row that is damaged may name none. */
  readonly #shares = new Map<string, Share>();
  readonly #total: Share = { count: 0, bytes: 0 };

  add(requester: string, bytes: number, count = 1): void {
    const share = this.#shares.get(requester) ?? { count: 0, bytes: 0 };
    this.#shares.set(requester, share);
    for (const sum of [share, this.#total]) {
      sum.count += count;
      sum.bytes += bytes;
    }
    if (share.count === 0) this.#shares.delete(requester);
  }

  remove(requester: string, bytes: number): void {
    this.add(requester, -bytes, -1);
  }

  /** Who has to give something up; undefined while there is room for all. */
  get over(): string | undefined {
    if (this.#total.bytes > limits.unsentBytesMax) return this.most('bytes');
    return this.#total.count > limits.unsentMax ? this.most('count') : undefined;
  }

  /** Who has the most; undefined where nobody has anything. */
  most(what: keyof Share): string | undefined {
    let most: [string, Share] | undefined;
    for (const each of this.#shares) {
      if (most === undefined || each[1][what] > most[1][what]) most = each;
    }
    return most?.[0];
  }
}
