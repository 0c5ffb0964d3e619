/**
 * What this peer has computed and its requesters have not acknowledged. Nothing that was computed
 * is computed again because a stream broke or a process ended: it stays here, and on disk when it
 * stays for longer, until its requester says that it has it, or that the job is over.
 *
 * It is bounded twice. A requester that is there and does not acknowledge gets nothing more
 * computed: so it slows down its own job alone. Of those that are away the oldest results go first:
 * they may never come back, and whose work counts is who does.
 */

import { limits } from '../model/limits.ts';
import type { JobId, PeerId } from '../model/ids.ts';
import type { ComputedReplica, Destination, Unsent } from '../model/unsent.ts';
import type { Effect } from './events.ts';
import { offerKey } from './offer-book.ts';
import { Parcel } from './parcel.ts';

/** Nobody waits for a result that was computed a week ago. A guess. */
export const GIVEN_UP_AFTER_MS = 7 * 24 * 3_600_000;

export class Outbox {
  readonly #self: PeerId;
  /** By `offerKey`: none is empty. */
  readonly #parcels = new Map<string, Parcel>();

  /** @param kept what an earlier process could not deliver, the oldest first */
  constructor(self: PeerId, kept: readonly Unsent[]) {
    this.#self = self;
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

  /** Whether nothing more is to be computed for it for now. */
  isFull(requester: PeerId): boolean {
    let [results, bytes] = [0, 0];
    for (const parcel of this.#parcels.values()) {
      if (parcel.to.requester !== requester) continue;
      results += parcel.size;
      bytes += parcel.bytes;
    }
    return results >= limits.unsentEachMax || bytes >= limits.unsentEachBytesMax;
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
      dueAtMs = Math.min(dueAtMs, parcel.oldestMs + GIVEN_UP_AFTER_MS);
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
    for (const { to, oldestMs } of this.#parcels.values()) {
      if (oldestMs + GIVEN_UP_AFTER_MS <= nowMs) effects.push(...this.drop(to.requester, to.job));
    }
    return [...effects, ...this.#makeRoom(isUp)];
  }

  /** All that is not on disk yet: this process may end. */
  keepAll(): Effect[] {
    return this.#keep([...this.#parcels.values()]);
  }

  /** Newer addresses of a requester. */
  redirect({ requester, addresses, job }: Destination): void {
    const parcel = this.#parcels.get(offerKey(requester, job));
    if (parcel !== undefined) parcel.to = { requester, addresses, job };
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
    let results = away.reduce((sum, { size }) => sum + size, 0);
    let bytes = away.reduce((sum, parcel) => sum + parcel.bytes, 0);
    const effects: Effect[] = [];
    for (const parcel of away.sort((a, b) => a.oldestMs - b.oldestMs)) {
      if (results <= limits.unsentMax && bytes <= limits.unsentBytesMax) break;
      results -= parcel.size;
      bytes -= parcel.bytes;
      effects.push(...this.drop(parcel.to.requester, parcel.to.job));
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
