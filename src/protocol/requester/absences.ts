/**
 * Peers that hold leases of one job and whose streams were lost. Their leases are kept for a while:
 * a peer that comes back says which it still has, and what it computed meanwhile counts. When there
 * is nothing else to lease, theirs are the first to be leased once more.
 */

import type { PeerId } from '../../model/ids.ts';
import type { Active } from './lease-book.ts';
import type { OpenChunk } from './open-chunk.ts';

type Absence = {
  readonly untilMs: number;
  /** By lease: those that nobody else has been given because of that. */
  readonly alone: Map<number, Active>;
};

export class Absences {
  /** No more than hold leases. */
  readonly #absences = new Map<PeerId, Absence>();

  has(peer: PeerId): boolean {
    return this.#absences.has(peer);
  }

  /** Leases that could be leased once more; all of them are of undecided chunks. */
  get alone(): number {
    let alone = 0;
    for (const absence of this.#absences.values()) alone += absence.alone.size;
    return alone;
  }

  begin(peer: PeerId, leases: readonly Active[], untilMs: number): void {
    const alone = new Map(leases.map((active) => [active.replica.lease, active]));
    this.#absences.set(peer, { untilMs, alone });
  }

  end(peer: PeerId): void {
    this.#absences.delete(peer);
  }

  sweep(nowMs: number): void {
    for (const peer of this.#absences.keys()) if (this.isOver(peer, nowMs)) this.end(peer);
  }

  /** Whether it is away for too long by now. */
  isOver(peer: PeerId, nowMs: number): boolean {
    return (this.#absences.get(peer)?.untilMs ?? Infinity) <= nowMs;
  }

  /** A lease is out no more, or of no more use. */
  settle(peer: PeerId, lease: number): void {
    this.#absences.get(peer)?.alone.delete(lease);
  }

  /**
   * A chunk that nobody is at work on.
   * @param mayTake whether the chunk is open and may be leased to whoever asks
   */
  takeAlone(mayTake: (open: OpenChunk) => boolean): OpenChunk | undefined {
    for (const { alone } of this.#absences.values()) {
      for (const [lease, { open }] of alone) {
        if (this.#isInHand(open) || !mayTake(open)) continue;
        alone.delete(lease);
        return open;
      }
    }
    return undefined;
  }

  #isInHand(open: OpenChunk): boolean {
    return open.replicas.some(({ state, peer }) => state === 'active' && !this.has(peer));
  }
}
