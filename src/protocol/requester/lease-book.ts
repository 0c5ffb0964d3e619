/**
 * The leases of one job that are out: who holds which, until when. Which chunk is leased next, and
 * what a result means, is up to the table that keeps the book.
 */

import type { PeerId } from '../../model/ids.ts';
import type { Lease, ReplicaResult } from '../../model/replica.ts';
import { Absences } from './absences.ts';
import type { JobPast } from './job-past.ts';
import type { OpenChunk, Replica } from './open-chunk.ts';

/**
 * Leases are sent before they are synced, so the last ones of before may have been forgotten in a
 * power failure. Their numbers must not be given again: an acknowledgement of the old one, still on
 * its way, would have the volunteer forget the new one's result. At 10,000 leases a second this is
 * time for a sync of 1.6 s; a guess. Numbers that are skipped cost nothing (`past-leases.ts`).
 */
export const NUMBERS_SKIPPED = 16_384;

export type ResumeTimes = {
  readonly nowMs: number;
  readonly deadlineMs: number;
  /** Until when the leases are kept for their peers. */
  readonly keptUntilMs: number;
};

export type Active = { readonly open: OpenChunk; readonly replica: Replica };

export class LeaseBook {
  /** By lease number, in the order they were made; revoked ones until they come back or expire. */
  readonly #active = new Map<number, Active>();
  /** Leases of undecided chunks that each peer has, if it has some. */
  readonly #held = new Map<PeerId, number>();
  readonly #absences = new Absences();
  #lastLease = 0;
  #inFlight = 0;

  /** Undecided chunks with at least one lease out. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get size(): number {
    return this.#active.size;
  }

  /** Leases of peers that are not here, and that could be leased once more. */
  get alone(): number {
    return this.#absences.alone;
  }

  /** Peers here that hold leases now. Revoked ones don't count: nobody waits for them. */
  holders(): Set<PeerId> {
    return new Set([...this.#held.keys()].filter((peer) => !this.#absences.has(peer)));
  }

  /** How many each of them holds. */
  get heldByEach(): ReadonlyMap<PeerId, number> {
    return this.#held;
  }

  held(peer: PeerId): number {
    return this.#held.get(peer) ?? 0;
  }

  grant(open: OpenChunk, peer: PeerId, nowMs: number, deadlineMs: number): Lease {
    this.#lastLease += 1;
    const lease = this.#lastLease;
    const replica: Replica = {
      lease,
      peer,
      // A whole number is kept in its place, others are objects of 16 bytes each.
      leasedAtMs: Math.floor(nowMs),
      deadlineMs: Math.ceil(deadlineMs),
      state: 'active',
    };
    open.add(replica);
    this.#active.set(lease, { open, replica });
    open.active += 1;
    this.#held.set(peer, this.held(peer) + 1);
    if (open.active === 1 && !open.decided) this.#inFlight += 1;
    return { lease, chunk: open.chunk };
  }

  /** Leases of an earlier process, whose peers are away. @param openOf the chunks, all open */
  resume(
    { leases, lastLease }: Pick<JobPast, 'leases' | 'lastLease'>,
    openOf: (chunk: number) => OpenChunk | undefined,
    { nowMs, deadlineMs, keptUntilMs }: ResumeTimes,
  ): void {
    for (const { lease, chunk, peer } of leases) {
      const open = openOf(chunk);
      if (open === undefined) continue;
      this.#supersede(open, peer);
      if (!open.mayTake(peer)) continue;
      this.#lastLease = lease - 1;
      this.grant(open, peer, nowMs, deadlineMs);
    }
    this.#lastLease = lastLease + NUMBERS_SKIPPED;
    for (const peer of this.#held.keys()) this.cut(peer, keptUntilMs);
  }

  /** @returns undefined if it is out no more, or was never this peer's */
  find(peer: PeerId, { lease, chunk }: Pick<ReplicaResult, 'lease' | 'chunk'>): Active | undefined {
    const active = this.#active.get(lease);
    return active?.replica.peer === peer && active.open.chunk === chunk ? active : undefined;
  }

  /** Whether a result answers a lease, active or late. @param open the chunk, if it is open */
  expects(
    peer: PeerId,
    result: Pick<ReplicaResult, 'lease' | 'chunk'>,
    open: OpenChunk | undefined,
  ): boolean {
    const isActive = this.find(peer, result) !== undefined;
    return isActive || open?.lateReplica(peer, result.lease) !== undefined;
  }

  /**
   * Finds the lease that a result answers, active or late, and takes it off the active ones.
   * @param open the chunk, if it is open
   */
  claim(peer: PeerId, result: ReplicaResult, open: OpenChunk | undefined): Active | undefined {
    const active = this.find(peer, result);
    if (active !== undefined) {
      this.release(active);
      return active;
    }
    const replica = open?.lateReplica(peer, result.lease);
    return open === undefined || replica === undefined ? undefined : { open, replica };
  }

  release({ open, replica }: Active): void {
    this.#active.delete(replica.lease);
    this.#absences.settle(replica.peer, replica.lease);
    if (replica.state === 'active') this.#unhold(replica.peer);
    open.active -= 1;
    if (open.active === 0 && !open.decided) this.#inFlight -= 1;
  }

  /** Takes off those that fit. @returns them, the oldest first */
  releaseAll(which: (active: Active) => boolean): Active[] {
    const released = [...this.#active.values()].filter(which);
    for (const active of released) this.release(active);
    return released;
  }

  /** Its stream was lost: what it holds is kept for it until then. */
  cut(peer: PeerId, untilMs: number): void {
    const own = [...this.#active.values()].filter(({ replica }) => replica.peer === peer);
    const awaited = own.filter(({ open, replica }) => replica.state === 'active' && !open.decided);
    this.#absences.begin(peer, awaited, untilMs);
  }

  isAway(peer: PeerId): boolean {
    return this.#absences.has(peer);
  }

  back(peer: PeerId): void {
    this.#absences.end(peer);
  }

  /** Forgets who was away for too long, once what is overdue was taken off. */
  sweep(nowMs: number): void {
    this.#absences.sweep(nowMs);
  }

  /** Whether a lease has lasted, or was kept for a peer that is away, for too long. */
  isOverdue({ peer, deadlineMs }: Replica, nowMs: number): boolean {
    return deadlineMs <= nowMs || this.#absences.isOver(peer, nowMs);
  }

  /** Whether it is out, and this peer's. */
  isOut(peer: PeerId, lease: number): boolean {
    return this.#active.get(lease)?.replica.peer === peer;
  }

  /**
   * The chunk of a lease whose peer is away, or else of the oldest lease that takes much longer
   * than usual, for a peer that may have it. If its twin takes long as well there is another one,
   * after twice the wait: either may hang.
   * @param afterMs how long is much longer
   * @param mayTake whether the chunk is open and the peer may have it
   */
  straggler(
    afterMs: number,
    nowMs: number,
    mayTake: (open: OpenChunk) => boolean,
  ): OpenChunk | undefined {
    const alone = this.#absences.takeAlone((open) => !open.decided && mayTake(open));
    if (alone !== undefined) {
      alone.twins += 1;
      return alone;
    }
    for (const { open, replica } of this.#active.values()) {
      if (replica.leasedAtMs > nowMs - afterMs) return undefined;
      if (open.decided || open.newestMs() > nowMs - afterMs * 2 ** open.twins) continue;
      if (!mayTake(open)) continue;
      open.twins += 1;
      return open;
    }
    return undefined;
  }

  /** The chunk is decided: its leases are of no more use. @returns them */
  decide(open: OpenChunk): Replica[] {
    if (open.active > 0) this.#inFlight -= 1;
    open.decided = true;
    const revoked = open.replicas.filter(({ state }) => state === 'active');
    for (const replica of revoked) {
      replica.state = 'revoked';
      this.#absences.settle(replica.peer, replica.lease);
      this.#unhold(replica.peer);
    }
    return revoked;
  }

  /**
   * A peer was given a chunk once more: it had given it back, or was too late, or never got it,
   * since the process that wrote the lease down died before it was sent. Which of these, the
   * journal does not tell. The last lease is the one that it has; an earlier one may still count.
   */
  #supersede(open: OpenChunk, peer: PeerId): void {
    for (const replica of open.replicas) {
      if (replica.peer !== peer || replica.state !== 'active') continue;
      this.release({ open, replica });
      replica.state = 'rested';
    }
  }

  #unhold(peer: PeerId): void {
    const held = this.held(peer) - 1;
    if (held > 0) this.#held.set(peer, held);
    else this.#held.delete(peer);
  }
}
