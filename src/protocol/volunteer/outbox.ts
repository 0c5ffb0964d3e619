/**
 * What this peer has computed and its requesters have not acknowledged. Nothing that was computed
 * is computed again because a stream broke or a process ended: it stays here, and on disk when it
 * stays for longer, until its requester says that it has it, or that the job is over.
 *
 * It is bounded three times. A requester that is there and does not acknowledge gets nothing more
 * computed: so it slows down its own job alone. How much it may owe depends on how much all owe
 * together: no more than there is room left. So many who acknowledge nothing leave room for one
 * more, as in switches that share a buffer between ports (Choudhury and Hahne, "Dynamic queue
 * length thresholds for shared-memory packet switches", 1998). What runs meanwhile is not foreseen:
 * where it comes to too much, who owes the most is cut off.
 *
 * Of those that are away, who has the most here loses the oldest job first: were it simply the
 * oldest, a few strangers with large results would push out what an honest requester comes back
 * for.
 */

import { limits } from '../../model/limits.ts';
import type { JobId, PeerId } from '../../model/ids.ts';
import type { ComputedReplica, Destination, Unsent } from '../../model/unsent.ts';
import { UnsentShares } from '../../model/unsent-shares.ts';
import type { Effect } from '../events.ts';
import { offerKey } from '../overlay/offer-book.ts';
import { Parcel } from './parcel.ts';

/** Nobody waits for a result that was computed a week ago. A guess. */
export const GIVEN_UP_AFTER_MS = 7 * 24 * 3_600_000;

export class Outbox {
  readonly #self: PeerId;
  /** By `offerKey`: none is empty. */
  readonly #parcels = new Map<string, Parcel>();
  /** What an earlier process has kept is as old as this one: its clock began anywhere. */
  #beganMs: number;

  /** @param kept what an earlier process could not deliver, the oldest first */
  constructor(self: PeerId, kept: readonly Unsent[]) {
    this.#self = self;
    this.#beganMs = kept.length === 0 ? -Infinity : Infinity;
    for (const { replica, ...to } of kept) this.#parcelTo(to).add(replica, 0, true);
  }

  /** How many results each requester has not acknowledged. */
  get waiting(): ReadonlyMap<PeerId, number> {
    const waiting = new Map<PeerId, number>();
    for (const { to, size } of this.#parcels.values()) {
      waiting.set(to.requester, (waiting.get(to.requester) ?? 0) + size);
    }
    return waiting;
  }

  /** The last that is known of where each of those is, by job. */
  get destinations(): readonly Destination[] {
    return Array.from(this.#parcels.values(), ({ to }) => to);
  }

  has(requester: PeerId): boolean {
    for (const { to } of this.#parcels.values()) if (to.requester === requester) return true;
    return false;
  }

  owedBytes(requester: PeerId): number {
    return this.#weigh(requester).bytes;
  }

  /** Whether nothing more is to be computed for it for now. */
  isFull(requester: PeerId): boolean {
    const { results, bytes } = this.#weigh(requester);
    if (results >= limits.unsentEachMax || bytes >= limits.unsentEachBytesMax) return true;
    if (bytes < limits.unsentEachBytesMin) return false;
    let leftBytes = limits.unsentAllBytesMax;
    for (const parcel of this.#parcels.values()) leftBytes -= parcel.bytes;
    return bytes >= leftBytes;
  }

  /**
   * Who owes the most where those that are there owe too much, for all that was done against it.
   * @param runsBytesMax what runs at a time can come to
   */
  tooMuchOf(isUp: (requester: PeerId) => boolean, runsBytesMax: number): PeerId | undefined {
    const there = [...this.#parcels.values()].filter(({ to }) => isUp(to.requester));
    const bytes = there.reduce((sum, parcel) => sum + parcel.bytes, 0);
    if (bytes <= limits.unsentAllBytesMax + runsBytesMax) return undefined;
    // What this peer owes itself goes nowhere, and ends with its job.
    const others = new Set(there.map(({ to }) => to.requester).filter((it) => it !== this.#self));
    const owing = Array.from(others, (peer) => ({ peer, bytes: this.owedBytes(peer) }));
    return owing.sort((a, b) => b.bytes - a.bytes)[0]?.peer;
  }

  add(to: Destination, replicas: readonly ComputedReplica[], nowMs: number): void {
    if (replicas.length === 0) return;
    const parcel = this.#parcelTo(to);
    for (const replica of replicas) parcel.add(replica, nowMs);
  }

  /** The requester has these. */
  acknowledge(requester: PeerId, job: JobId, leases: readonly number[]): Effect[] {
    const key = offerKey(requester, job);
    const parcel = this.#parcels.get(key);
    if (parcel === undefined) return [];
    const kept = leases.filter((lease) => parcel.take(lease) === 'kept');
    if (parcel.size === 0) this.#parcels.delete(key);
    return this.#forget(requester, job, kept);
  }

  /** Nobody wants what is left of the job. */
  drop(requester: PeerId, job: JobId): Effect[] {
    const { leases = [] } = this.#parcels.get(offerKey(requester, job)) ?? {};
    return this.acknowledge(requester, job, leases);
  }

  dropAllOf(requester: PeerId): Effect[] {
    const own = this.destinations.filter((to) => to.requester === requester);
    return own.flatMap(({ job }) => this.drop(requester, job));
  }

  /** Results of the job that its requester need not compute elsewhere. */
  leases(requester: PeerId, job: JobId): readonly number[] {
    return this.#parcels.get(offerKey(requester, job))?.leases ?? [];
  }

  /** The stream broke: what was sent may not have arrived, and has to outlive this process. */
  cut(requester: PeerId): Effect[] {
    const own = [...this.#parcels.values()].filter(({ to }) => to.requester === requester);
    for (const parcel of own) parcel.gatherAgain();
    return this.#keep(own);
  }

  /** When results are due to be sent, or kept. @param isUp whether its stream is open */
  dueAtMs(isUp: (requester: PeerId) => boolean): number {
    let dueAtMs = Infinity;
    for (const parcel of this.#parcels.values()) {
      const { requester } = parcel.to;
      if (isUp(requester)) dueAtMs = Math.min(dueAtMs, parcel.sendAtMs);
      if (requester !== this.#self) dueAtMs = Math.min(dueAtMs, parcel.keepAtMs);
      dueAtMs = Math.min(dueAtMs, this.#givenUpAtMs(parcel));
    }
    return dueAtMs;
  }

  /**
   * What is due to be sent.
   * @param isUp whether its stream is open
   * @param isRunning whether more results of the job are to be expected soon
   */
  send(
    isUp: (requester: PeerId) => boolean,
    isRunning: (to: Destination) => boolean,
    nowMs: number,
  ): Effect[] {
    const effects: Effect[] = [];
    for (const parcel of this.#parcels.values()) {
      const { requester, job } = parcel.to;
      if (!isUp(requester)) continue;
      const replicas = parcel.due(nowMs, !isRunning(parcel.to));
      if (replicas.length === 0) continue;
      const message = { type: 'results', frame: { job, replicas } } as const;
      effects.push({ type: 'send-to-requester', to: requester, message });
    }
    return effects;
  }

  /** What has waited for so long that it has to be kept, and what has waited in vain. */
  sweep(isUp: (requester: PeerId) => boolean, nowMs: number): Effect[] {
    const due = [...this.#parcels.values()].filter(({ keepAtMs }) => keepAtMs <= nowMs);
    const effects = this.#keep(due);
    this.#beganMs = Math.min(this.#beganMs, nowMs);
    for (const parcel of this.#parcels.values()) {
      if (this.#givenUpAtMs(parcel) > nowMs) continue;
      const { requester, job } = parcel.to;
      const old = parcel.leasesUntil(nowMs - GIVEN_UP_AFTER_MS);
      effects.push(...this.acknowledge(requester, job, old));
    }
    return [...effects, ...this.#makeRoom(isUp)];
  }

  /** All that is not on disk yet: this process may end. */
  keepAll(): Effect[] {
    return this.#keep([...this.#parcels.values()]);
  }

  /** It was tried in vain: the others come first. */
  putLast(requester: PeerId): void {
    const own = [...this.#parcels].filter(([, { to }]) => to.requester === requester);
    for (const [key, parcel] of own) {
      this.#parcels.delete(key);
      this.#parcels.set(key, parcel);
    }
  }

  /** Newer addresses of a requester. */
  redirect({ requester, addresses, job }: Destination): void {
    const parcel = this.#parcels.get(offerKey(requester, job));
    if (parcel !== undefined) parcel.to = { requester, addresses, job };
  }

  #givenUpAtMs({ oldestMs }: Parcel): number {
    return Math.max(oldestMs, this.#beganMs) + GIVEN_UP_AFTER_MS;
  }

  #weigh(requester: PeerId): { readonly results: number; readonly bytes: number } {
    let [results, bytes] = [0, 0];
    for (const parcel of this.#parcels.values()) {
      if (parcel.to.requester !== requester) continue;
      results += parcel.size;
      bytes += parcel.bytes;
    }
    return { results, bytes };
  }

  #parcelTo(to: Destination): Parcel {
    const key = offerKey(to.requester, to.job);
    const parcel = this.#parcels.get(key) ?? new Parcel(to);
    parcel.to = to;
    this.#parcels.set(key, parcel);
    return parcel;
  }

  /** Whole jobs, since a part of one is worth less than all of another. */
  #makeRoom(isUp: (requester: PeerId) => boolean): Effect[] {
    const away = [...this.#parcels.values()].filter(({ to }) => !isUp(to.requester));
    // Looked at often: shares are summed only when there is too much of it.
    const results = away.reduce((sum, { size }) => sum + size, 0);
    const bytes = away.reduce((sum, parcel) => sum + parcel.bytes, 0);
    if (results <= limits.unsentMax && bytes <= limits.unsentBytesMax) return [];
    const shares = new UnsentShares();
    for (const { to, bytes: own, size } of away) shares.add(to.requester, own, size);
    const effects: Effect[] = [];
    away.sort((a, b) => a.oldestMs - b.oldestMs);
    for (let { over } = shares; over !== undefined; { over } = shares) {
      const oldest = away.find(({ to, size }) => to.requester === over && size > 0);
      if (oldest === undefined) break;
      shares.add(over, -oldest.bytes, -oldest.size);
      effects.push(...this.drop(oldest.to.requester, oldest.to.job));
    }
    return effects;
  }

  /** What this peer computed for itself is not its business: its job ends with it. */
  #keep(parcels: readonly Parcel[]): Effect[] {
    const others = parcels.filter(({ to }) => to.requester !== this.#self);
    const results = others.flatMap((parcel) => parcel.keep());
    return results.length === 0 ? [] : [{ type: 'keep-unsent', results }];
  }

  #forget(requester: PeerId, job: JobId, leases: readonly number[]): Effect[] {
    if (leases.length === 0 || requester === this.#self) return [];
    return [{ type: 'drop-unsent', requester, job, leases }];
  }
}
