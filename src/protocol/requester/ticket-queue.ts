/**
 * Who may take which open replica next, without searching.
 *
 * A ticket says "chunk c wants one more replica". Tickets stand in one line, oldest first. Each
 * peer walks the line once, with a cursor of its own: it takes the tickets it may, and steps over
 * those it may not (it already has a replica of that chunk). A ticket that was stepped over never
 * becomes takable for the same peer later, because whenever a peer becomes eligible again a new
 * ticket is put at the end. So every ask costs the tickets that are new to the asker, not the whole
 * line.
 *
 * The alternative, a set of chunks per peer, needs memory for every pair of them.
 */

import type { PeerId } from '../../model/ids.ts';

/** A consumed ticket, until the line is packed. */
const TAKEN = -1;
/** Packing copies the line and moves every cursor; do it when it frees at least this many. */
const TAKEN_PACKED_MIN = 4096;

export class TicketQueue {
  /** At most half of it, or `TAKEN_PACKED_MIN` tickets, are TAKEN. */
  #line: number[] = [];
  #live = 0;
  /** Where in the line each peer goes on. */
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
    let at = this.#cursors.get(peer) ?? 0;
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
    this.#cursors.set(peer, at);
    this.#pack();
  }

  /** A peer that went away starts at the front when it comes back. */
  forget(peer: PeerId): void {
    this.#cursors.delete(peer);
  }

  #consume(at: number): void {
    this.#line[at] = TAKEN;
    this.#live -= 1;
  }

  /** Closes the gaps, wherever they are: one ticket that nobody may take must not hold the rest. */
  #pack(): void {
    const taken = this.#line.length - this.#live;
    if (taken < TAKEN_PACKED_MIN || taken < this.#live) return;
    const packed: number[] = [];
    /** How many live tickets stand before each place, the place past the end included. */
    const liveBefore = new Uint32Array(this.#line.length + 1);
    for (const [at, chunk] of this.#line.entries()) {
      if (chunk !== TAKEN) packed.push(chunk);
      liveBefore[at + 1] = packed.length;
    }
    for (const [peer, at] of this.#cursors) this.#cursors.set(peer, liveBefore[at] ?? 0);
    this.#line = packed;
  }
}
