/** Lets many wait for the next change of something, without a queue: who was busy misses nothing,
 *  because it looks at the present state before it waits again. */
export class Changes {
  #waiting = Promise.withResolvers<void>();

  notify(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }

  /** Resolves at the next `notify` after this call. */
  next(): Promise<void> {
    return this.#waiting.promise;
  }
}
