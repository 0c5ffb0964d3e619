/** What a store keeps of results that were not acknowledged, in memory. */

import type { JobId, PeerId } from '../../src/model/ids.ts';
import { limits } from '../../src/model/limits.ts';
import type { Unsent } from '../../src/model/unsent.ts';

export class UnsentResults {
  /** By requester, job and lease, the oldest first. */
  readonly #results = new Map<string, { readonly unsent: Unsent; readonly keptAtMs: number }>();

  put(results: readonly Unsent[], keptAtMs: number): void {
    for (const unsent of results) {
      const key = keyOf(unsent.requester, unsent.job, unsent.replica.lease);
      this.#results.delete(key);
      this.#results.set(key, { unsent, keptAtMs });
    }
    for (const key of this.#results.keys()) {
      if (this.#results.size <= limits.unsentMax && this.#bytes <= limits.unsentBytesMax) return;
      this.#results.delete(key);
    }
  }

  drop(requester: PeerId, job: JobId, leases: readonly number[]): void {
    for (const lease of leases) this.#results.delete(keyOf(requester, job, lease));
  }

  list(sinceMs: number): readonly Unsent[] {
    for (const [key, { keptAtMs }] of this.#results) {
      if (keptAtMs < sinceMs) this.#results.delete(key);
    }
    return Array.from(this.#results.values(), ({ unsent }) => unsent);
  }

  get #bytes(): number {
    let bytes = 0;
    for (const { unsent } of this.#results.values()) {
      const { replica } = unsent;
      if (replica.outcome.type === 'result') bytes += replica.outcome.value.length;
    }
    return bytes;
  }
}

function keyOf(requester: PeerId, job: JobId, lease: number): string {
  return `${requester} ${job} ${lease}`;
}
