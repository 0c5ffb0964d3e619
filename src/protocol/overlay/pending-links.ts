/**
 * Links that are open and on which nothing is agreed yet: this peer has asked to be a neighbour, or
 * waits for the other to ask. As many as the transport accepts (`limits.overlayStreamsMax`), none
 * for long.
 */

import type { PeerId } from '../../model/ids.ts';
import type { DialAim } from './dial-table.ts';

/** For an intent or its answer; several round trips of a bad line. A guess. */
const WAIT_MS_MAX = 5_000;

export type PendingLink = {
  readonly peer: PeerId;
  readonly remote: string;
  /** The address that this peer dialled, if it did. */
  readonly dialled: string | undefined;
  /** What this peer has asked for; undefined where the other one is to ask. */
  readonly asked: DialAim | undefined;
  /** Whether this peer did not choose to have it. */
  readonly imposed: boolean;
  /** Whether they only tell each other of offers (`visits.ts`), and that until the deadline. */
  readonly visit: boolean;
};

type Entry = PendingLink & { readonly deadlineMs: number };

export class PendingLinks {
  /** The oldest first, which is due first. */
  readonly #links = new Map<PeerId, Entry>();
  #asked = 0;

  /** Links on which this peer waits for an answer. */
  get asked(): number {
    return this.#asked;
  }

  get dueAtMs(): number {
    if (this.#links.size === 0) return Infinity;
    for (const { deadlineMs } of this.#links.values()) return deadlineMs;
    return Infinity;
  }

  has(peer: PeerId): boolean {
    return this.#links.has(peer);
  }

  get(peer: PeerId): PendingLink | undefined {
    return this.#links.get(peer);
  }

  add(link: PendingLink, nowMs: number): void {
    this.#links.set(link.peer, { ...link, deadlineMs: nowMs + WAIT_MS_MAX });
    if (link.asked !== undefined) this.#asked += 1;
  }

  remove(peer: PeerId): void {
    const link = this.#links.get(peer);
    if (link === undefined) return;
    this.#links.delete(peer);
    if (link.asked !== undefined) this.#asked -= 1;
  }

  overdue(nowMs: number): PendingLink[] {
    const links: PendingLink[] = [];
    for (const link of this.#links.values()) {
      if (link.deadlineMs > nowMs) break;
      links.push(link);
    }
    return links;
  }
}
