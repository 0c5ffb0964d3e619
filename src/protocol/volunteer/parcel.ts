/**
 * The results of one job that its requester has not acknowledged. Each is gathered, then sent, then
 * acknowledged; when the stream breaks what was sent is gathered again, since nobody knows what of
 * it has arrived.
 *
 * Results are gathered because a frame costs the requester a check of its signature, some 69 us,
 * however many results it covers: at 10,000 results/s half a core for one at a time, 3 % for 16,
 * 0.9 % for 64 (measured).
 */

import { limits } from '../../model/limits.ts';
import type { ComputedReplica, Destination, Unsent } from '../../model/unsent.ts';

/**
 * A result waits for others no longer than this: a small part of how long leases take anyway, and
 * time for hundreds of short chunks. A guess.
 */
const GATHER_MS_MAX = 50;
/**
 * What is not acknowledged by then is kept on disk. Longer than most round trips, so that usually
 * nothing is written; a guess.
 */
const KEEP_AFTER_MS = 200;
/** Of a result beside its value: numbers, digests, the maps that hold it. */
const OVERHEAD_BYTES = 400;

type Entry = { readonly replica: ComputedReplica; readonly addedMs: number };

export class Parcel {
  to: Destination;
  bytes = 0;
  /** By lease, in the order in which they were computed. */
  readonly #gathered = new Map<number, Entry>();
  readonly #sent = new Map<number, Entry>();
  /** Of both, those that are not on disk. */
  readonly #unkept = new Map<number, Entry>();

  constructor(to: Destination) {
    this.to = to;
  }

  get size(): number {
    return this.#gathered.size + this.#sent.size;
  }

  get leases(): number[] {
    return [...this.#sent.keys(), ...this.#gathered.keys()];
  }

  /** When the oldest of it was computed; Infinity for nothing. */
  get oldestMs(): number {
    return Math.min(addedMs(this.#sent), addedMs(this.#gathered));
  }

  /** Those that were computed by then. */
  leasesUntil(ms: number): number[] {
    const all = [...this.#sent, ...this.#gathered];
    return all.filter(([, entry]) => entry.addedMs <= ms).map(([lease]) => lease);
  }

  /** When what was gathered has waited long enough. */
  get sendAtMs(): number {
    return addedMs(this.#gathered) + GATHER_MS_MAX;
  }

  /** When some of it has to be kept on disk. */
  get keepAtMs(): number {
    return addedMs(this.#unkept) + KEEP_AFTER_MS;
  }

  /** @param isKept whether it is on disk already */
  add(replica: ComputedReplica, nowMs: number, isKept = false): void {
    this.take(replica.lease);
    const entry = { replica, addedMs: nowMs };
    this.#gathered.set(replica.lease, entry);
    if (!isKept) this.#unkept.set(replica.lease, entry);
    this.bytes += bytesOf(replica);
  }

  /** Takes one out. @returns undefined if it is not there; else whether it is on disk */
  take(lease: number): 'kept' | 'unkept' | undefined {
    const entry = this.#sent.get(lease) ?? this.#gathered.get(lease);
    if (entry === undefined) return undefined;
    this.#sent.delete(lease);
    this.#gathered.delete(lease);
    this.bytes -= bytesOf(entry.replica);
    return this.#unkept.delete(lease) ? 'unkept' : 'kept';
  }

  /**
   * What is to be sent now: whole statements, and the rest when it has waited long enough.
   * @param isLast nothing of the job is computed at present: there is nothing to wait for
   */
  due(nowMs: number, isLast: boolean): ComputedReplica[] {
    const { size } = this.#gathered;
    const isAll = isLast || this.sendAtMs <= nowMs;
    const count = isAll ? size : size - (size % limits.statementReplicasMax);
    const due = [...this.#gathered.values()].slice(0, count);
    for (const entry of due) {
      this.#gathered.delete(entry.replica.lease);
      this.#sent.set(entry.replica.lease, entry);
    }
    return due.map(({ replica }) => replica);
  }

  /** The stream broke: what was sent may not have arrived. */
  gatherAgain(): void {
    const gathered = [...this.#gathered];
    this.#gathered.clear();
    for (const [lease, entry] of [...this.#sent, ...gathered]) this.#gathered.set(lease, entry);
    this.#sent.clear();
  }

  /** What is to be put on disk: from now on it counts as kept. */
  keep(): Unsent[] {
    const unkept = Array.from(this.#unkept.values(), ({ replica }) => ({ ...this.to, replica }));
    this.#unkept.clear();
    return unkept;
  }
}

function addedMs(entries: ReadonlyMap<number, Entry>): number {
  for (const entry of entries.values()) return entry.addedMs;
  return Infinity;
}

function bytesOf({ outcome }: ComputedReplica): number {
  const bytes = outcome.type === 'result' ? outcome.value.length : outcome.failure.detail.length;
  return bytes + OVERHEAD_BYTES;
}
