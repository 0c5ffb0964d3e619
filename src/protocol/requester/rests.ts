/**
 * Who let a lease expire does not get its chunk again for a while, so that it goes to somebody else
 * if there is anybody; else one that hangs would get it again and again.
 */

import type { Active } from './lease-book.ts';

/**
 * Long enough for the offer to say that a replica is open, and for a volunteer that was not needed
 * until then to come. A guess.
 */
export const REST_MS = 10_000;

type Resting = Active & { readonly untilMs: number };

export class Rests {
  /** The first to end first. No more than leases expire in that time. */
  readonly #resting: Resting[] = [];

  begin({ open, replica }: Active, nowMs: number): void {
    replica.state = 'expired';
    this.#resting.push({ open, replica, untilMs: nowMs + REST_MS });
  }

  /** @returns those that now may have the chunk again, and have not returned it since */
  end(nowMs: number): Active[] {
    const ended: Active[] = [];
    for (let [first] = this.#resting; first && first.untilMs <= nowMs; [first] = this.#resting) {
      this.#resting.shift();
      if (first.replica.state !== 'expired') continue;
      first.replica.state = 'rested';
      ended.push(first);
    }
    return ended;
  }
}
