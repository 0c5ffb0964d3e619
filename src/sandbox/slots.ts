/**
 * So many may go on at a time; the others wait for their turn, in the order in which they came.
 */
export class Slots {
  #free: number;
  /** Each is called when its turn comes, in their order. */
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Waits for a slot. Whoever got one gives it back.
   * @returns whether there is one: false if the signal came first
   */
  async take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#waiting.delete(goOn);
        resolve(false);
      };
      const goOn = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(true);
      };
      this.#waiting.add(goOn);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
