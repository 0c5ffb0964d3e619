/**
 * Receipts that come for this peer's work: which of them are kept. A receipt is a gift that costs
 * its giver nothing, so it has to be earned first: each job that this peer has returned work of is
 * worth one, from its requester alone. Whoever wants to fill this peer's books with praise has to
 * have it compute.
 *
 * The requester gives it when the job ends. Whoever of the two was away then, this peer asks for it
 * when the next stream to that requester opens.
 */

import type { JobId, PeerId } from '../../model/ids.ts';
import type { SignedReceipt } from '../../model/receipt.ts';
import type { Destination } from '../../model/unsent.ts';
import { Allowance } from '../allowance.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { Effect } from '../events.ts';
import { offerKey } from '../overlay/offer-book.ts';

/** Each is written to the disk: as many at once as jobs may end together, then one a second. */
const AT_ONCE_MAX = 64;
const EVERY_MS = 1_000;
/** Jobs that may still end: more than a volunteer has a part in within hours. A guess. */
const WORKED_MAX = 1_024;

export class Receipts {
  readonly #self: PeerId;
  readonly #pace = new Allowance(AT_ONCE_MAX, EVERY_MS);
  /** By `offerKey`: work was returned, and no receipt has come. */
  readonly #worked = new BoundedMap<string, Pick<Destination, 'requester' | 'job'>>(WORKED_MAX);

  /** @param unsent what an earlier process has computed, and this one delivers */
  constructor(self: PeerId, unsent: readonly Destination[]) {
    this.#self = self;
    for (const to of unsent) this.worked(to);
  }

  /** Computed chunks of it were returned. */
  worked({ requester, job }: Destination): void {
    if (requester !== this.#self) this.#worked.put(offerKey(requester, job), { requester, job });
  }

  /**
   * A requester is there again: what is held of its jobs, and nothing of those that have ended
   * meanwhile. Which ones these are it knows, and gives what it owes for them.
   */
  withAwaited(
    from: PeerId,
    held: ReadonlyMap<JobId, readonly number[]>,
  ): Map<JobId, readonly number[]> {
    const all = new Map(held);
    for (const { requester, job } of this.#worked.values()) {
      if (requester === from && !all.has(job) && all.size < AT_ONCE_MAX) all.set(job, []);
    }
    return all;
  }

  /** The job is over: if a receipt was to come for it, it has come. */
  ended(requester: PeerId, job: JobId): void {
    this.#worked.delete(offerKey(requester, job));
  }

  /** @param from at the other end of the work stream that it came over */
  take(from: PeerId, signed: SignedReceipt, nowMs: number): Effect[] {
    const { requester, peer, job } = signed.receipt;
    if (requester !== from || peer !== this.#self) return [];
    const key = offerKey(requester, job);
    if (this.#worked.get(key) === undefined || !this.#pace.has(nowMs)) return [];
    this.#worked.delete(key);
    this.#pace.spend();
    return [{ type: 'keep-receipt', receipt: signed }];
  }
}
