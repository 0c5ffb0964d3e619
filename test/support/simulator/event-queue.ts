/**
 * What is still to happen, the earliest first; of what happens at one moment, what was queued
 * first. A binary heap whose keys lie in arrays of their own: a comparison then touches no object,
 * which is most of what a simulation's clock costs.
 */

/** A simulation with more to come than this is running away: each entry has some 30 bytes. */
const ENTRIES_MAX = 2 ** 25;

export class EventQueue<Item> {
  #times = new Float64Array(1024);
  #orders = new Float64Array(1024);
  readonly #items: Item[] = [];
  #order = 0;

  get size(): number {
    return this.#items.length;
  }

  /** Infinity when there is nothing. */
  get nextAtMs(): number {
    return this.#items.length === 0 ? Infinity : (this.#times[0] ?? Infinity);
  }

  push(atMs: number, item: Item): void {
    const index = this.#items.length;
    if (index >= ENTRIES_MAX) throw new Error(`more than ${ENTRIES_MAX} events are to come`);
    if (index === this.#times.length) this.#grow();
    this.#items.push(item);
    this.#order += 1;
    this.#rise(index, atMs, this.#order, item);
  }

  /** @returns the earliest, or undefined when there is nothing */
  pop(): Item | undefined {
    const [first] = this.#items;
    const last = this.#items.pop();
    const size = this.#items.length;
    if (last !== undefined && size > 0) {
      this.#sink(this.#times[size] ?? 0, this.#orders[size] ?? 0, last);
    }
    return first;
  }

  #rise(from: number, atMs: number, order: number, item: Item): void {
    const times = this.#times;
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      // Of the same moment the parent was queued before.
      if ((times[parent] ?? 0) <= atMs) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#put(index, atMs, order, item);
  }

  #sink(atMs: number, order: number, item: Item): void {
    const size = this.#items.length;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, child)) child += 1;
      const childMs = this.#times[child] ?? 0;
      if (atMs < childMs || (atMs === childMs && order < (this.#orders[child] ?? 0))) break;
      this.#move(child, index);
      index = child;
    }
    this.#put(index, atMs, order, item);
  }

  #isBefore(one: number, other: number): boolean {
    const oneMs = this.#times[one] ?? 0;
    const otherMs = this.#times[other] ?? 0;
    if (oneMs !== otherMs) return oneMs < otherMs;
    return (this.#orders[one] ?? 0) < (this.#orders[other] ?? 0);
  }

  #move(from: number, to: number): void {
    const item = this.#items[from];
    if (item !== undefined) {
      this.#put(to, this.#times[from] ?? 0, this.#orders[from] ?? 0, item);
    }
  }

  #put(index: number, atMs: number, order: number, item: Item): void {
    this.#times[index] = atMs;
    this.#orders[index] = order;
    this.#items[index] = item;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    const orders = new Float64Array(2 * this.#orders.length);
    times.set(this.#times);
    orders.set(this.#orders);
    this.#times = times;
    this.#orders = orders;
  }
}
