/**
 * What a peer is leased next of a job that believes on evidence: a chunk that checks it, one that
 * waits for a vote such as its own, or the twin of one that takes long. It looks alike to the peer.
 */

import type { PeerId } from '../../model/ids.ts';
import type { Lease } from '../../model/replica.ts';
import type { ChunkSource } from './chunk-source.ts';
import type { LeaseBook } from './lease-book.ts';
import { OpenChunk } from './open-chunk.ts';
import type { Reliability } from './reliability.ts';
import type { SpotChecks } from './spot-checks.ts';
import type { Strangers } from './strangers.ts';
import type { Turnaround } from './turnaround.ts';
import type { Verified } from './verified-chunks.ts';

export type LeaseChoiceParts = {
  readonly requester: PeerId;
  readonly book: LeaseBook;
  readonly source: ChunkSource;
  readonly checks: SpotChecks;
  readonly strangers: Strangers;
  readonly reliability: Reliability;
  readonly turnaround: Turnaround;
};

export class LeaseChoice {
  readonly #parts: LeaseChoiceParts;
  /** Since then there has been nothing to compute but checks, for anybody who asks. */
  #stalledSinceMs: number | undefined;

  constructor(parts: LeaseChoiceParts) {
    this.#parts = parts;
  }

  /** Undefined if there is nothing for it now. */
  next(peer: PeerId, nowMs: number, deadlineMs: number): Lease | undefined {
    const { requester, book, source, checks } = this.#parts;
    const due = peer === requester ? undefined : checks.next(peer);
    if (due !== undefined) return this.#check(due, peer, nowMs, deadlineMs);
    const open = this.#open(peer, nowMs);
    if (open !== undefined) {
      checks.worked(peer);
      this.moved();
      const lease = book.grant(open, peer, nowMs, deadlineMs);
      source.waiting.reconsider(open);
      return lease;
    }
    const more = this.#isForMoreOf(peer, nowMs) ? checks.another(peer) : undefined;
    return more && this.#check(more, peer, nowMs, deadlineMs);
  }

  /** A chunk was given out, somebody has had a say, or a chunk is open again. */
  moved(): void {
    this.#stalledSinceMs = undefined;
  }

  /** How many leases more a peer may have. */
  room(peer: PeerId): number {
    const { book, reliability, strangers } = this.#parts;
    const room = reliability.window(peer) - book.held(peer);
    return strangers.has(peer) ? Math.min(room, strangers.room(book.heldByEach)) : room;
  }

  #check(known: Verified, peer: PeerId, nowMs: number, deadlineMs: number): Lease {
    const { book, checks } = this.#parts;
    const open = new OpenChunk(known.chunk);
    open.decided = true;
    const lease = book.grant(open, peer, nowMs, deadlineMs);
    checks.begin(lease.lease, peer, known.digest);
    return lease;
  }

  /**
   * All who are here may have voted on a chunk, and have too little weight together: then they are
   * checked until they have enough. That all have voted shows when nothing is computed for as long
   * as a twin waits: who is here and may have the chunk asks more often.
   */
  #isForMoreOf(peer: PeerId, nowMs: number): boolean {
    const { requester, book, source, turnaround } = this.#parts;
    if (!source.isExhausted || book.inFlight > 0) return false;
    this.#stalledSinceMs ??= nowMs;
    if (peer === requester) return false;
    const afterMs = Math.min(turnaround.twinAfterMs, turnaround.leaseMs);
    return nowMs - this.#stalledSinceMs >= afterMs && source.waiting.isForMoreOf(peer);
  }

  #open(peer: PeerId, nowMs: number): OpenChunk | undefined {
    const { book, source, checks, strangers, turnaround } = this.#parts;
    const open = source.next(peer, strangers.has(peer), checks.verified.suffice);
    if (open !== undefined || !source.isExhausted) return open;
    return book.straggler(turnaround.twinAfterMs, nowMs, (late) => late.mayTake(peer));
  }
}
