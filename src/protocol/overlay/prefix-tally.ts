/**
 * How many places of a view each network prefix has, so that none gets more than its share. Whoever
 * comes under several prefixes takes a place of each.
 */

export class PrefixTally {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  /** @param max places of one prefix */
  constructor(max: number) {
    this.#max = max;
  }

  admits(prefixes: readonly string[]): boolean {
    return prefixes.every((prefix) => (this.#counts.get(prefix) ?? 0) < this.#max);
  }

  add(prefixes: readonly string[]): void {
    for (const prefix of prefixes) this.#counts.set(prefix, (this.#counts.get(prefix) ?? 0) + 1);
  }

  /** @param prefixes that were added before */
  remove(prefixes: readonly string[]): void {
    for (const prefix of prefixes) {
      const count = (this.#counts.get(prefix) ?? 0) - 1;
      if (count > 0) this.#counts.set(prefix, count);
      else this.#counts.delete(prefix);
    }
  }
}
