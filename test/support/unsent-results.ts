/** What a store keeps of results that were not acknowledged, in memory. */

import type { JobId, PeerId } from '../../src/model/ids.ts';
import { bytesOfReplica, type Unsent } from '../../src/model/unsent.ts';
import { UnsentShares } from '../../src/model/unsent-shares.ts';
import { CLOCK_UNSET_BEFORE_MS } from '../../src/storage/unsent-table.ts';

export class UnsentResults {
  /** By requester, job and lease, the oldest first. */
  readonly #results = new Map<string, { readonly unsent: Unsent; readonly keptAtMs: number }>();

  put(results: readonly Unsent[], keptAtMs: number): void {
    for (const unsent of results) {
      const key = keyOf(unsent.requester, unsent.job, unsent.replica.lease);
      this.#results.delete(key);
      this.#results.set(key, { unsent, keptAtMs });
    }
    const shares = new UnsentShares();
    for (const { unsent } of this.#results.values()) {
      shares.add(unsent.requester, bytesOfReplica(unsent.replica));
    }
    for (let { over } = shares; over !== undefined; { over } = shares) this.#letGo(over, shares);
  }

  drop(requester: PeerId, job: JobId, leases: readonly number[]): void {
    for (const lease of leases) this.#results.delete(keyOf(requester, job, lease));
  }

  list(sinceMs: number): readonly Unsent[] {
    for (const [key, { keptAtMs }] of this.#results) {
      if (keptAtMs >= CLOCK_UNSET_BEFORE_MS && keptAtMs < sinceMs) this.#results.delete(key);
    }
    return Array.from(this.#results.values(), ({ unsent }) => unsent);
  }

  /** The oldest result for a requester. */
  #letGo(requester: string, shares: UnsentShares): void {
    for (const [key, { unsent }] of this.#results) {
      if (unsent.requester !== requester) continue;
      shares.remove(requester, bytesOfReplica(unsent.replica));
      this.#results.delete(key);
      return;
    }
  }
}

function keyOf(requester: PeerId, job: JobId, lease: number): string {
  return `${requester} ${job} ${lease}`;
}
