/**
 * Who may take which open replica next, without searching.
 *
 * A ticket says "chunk c wants one more replica". Tickets stand in one line, oldest first. Each peer
 * walks the line once, with a cursor of its own: it takes the tickets it may, and steps over those
 * it may not (it already has a replica of that chunk). A ticket that was stepped over never becomes
 * takable for the same peer later, because whenever a peer becomes eligible again a new ticket is
 * put at the end. So every ask costs the tickets that are new to the asker, not the whole line.
 *
 * The alternative, a set of chunks per peer, needs memory for every pair of them.
 */

import type { PeerId } from '../model/ids.ts';

/** A consumed ticket, until the line is cut at the front. */
const TAKEN = -1;
/** Cutting the front costs a copy of the rest; do it when it frees at least this many. */
const CUT_LENGTH_MIN = 4096;

export class TicketQueue {
  /** Only tickets from #front onward can be live. */
  #line: number[] = [];
  #front = 0;
  /** Absolute position of #line[0]: cursors count from the beginning of time. */
  #base = 0;
  #live = 0;
  readonly #cursors = new Map<PeerId, number>();

  /** Tickets not taken, those of decided chunks included until somebody meets them. */
  get size(): number {
    return this.#live;
  }

  add(chunk: number): void {
    this.#line.push(chunk);
    this.#live += 1;
  }

  /**
   * Walks on for one peer.
   *
   * @param offer called with each live ticket's chunk: `take` and `drop` (nobody needs it any more)
   *   consume it, `skip` leaves it to others
   * @param count tickets to take at most
   */
  walk(peer: PeerId, count: number, offer: (chunk: number) => 'take' | 'drop' | 'skip'): void {
    let at = Math.max((this.#cursors.get(peer) ?? 0) - this.#base, this.#front);
    let left = count;
    while (left > 0 && at < this.#line.length) {
      const chunk = this.#line[at] ?? TAKEN;
      if (chunk !== TAKEN) {
        const answer = offer(chunk);
        if (answer === 'take') left -= 1;
        if (answer !== 'skip') this.#consume(at);
      }
      at += 1;
    }
    this.#cursors.set(peer, at + this.#base);
    this.#cut();
  }

  #consume(at: number): void {
    this.#line[at] = TAKEN;
    this.#live -= 1;
  }

  #cut(): void {
    while (this.#front < this.#line.length && this.#line[this.#front] === TAKEN) this.#front += 1;
    if (this.#front < CUT_LENGTH_MIN || this.#front < this.#line.length / 2) return;
    this.#line = this.#line.slice(this.#front);
    this.#base += this.#front;
    this.#front = 0;
  }
}
