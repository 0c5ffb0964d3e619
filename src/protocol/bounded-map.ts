/**
 * A map with a bound: what was put longest ago makes room. That something is looked up does not
 * count, or whoever asks could keep it.
 */
export class BoundedMap<Key, Value> {
  readonly #countMax: number;
  /** The one put last is the last. */
  readonly #entries = new Map<Key, Value>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** What was put longest ago first. */
  values(): Iterable<Value> {
    return this.#entries.values();
  }

  put(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#countMax) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }
}
