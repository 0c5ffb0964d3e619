/**
 * What was done for this peer's jobs: by each peer for one job, and in all since the start. Counts
 * only; who is believed is decided in `quorum.ts`.
 */

import type { PeerId } from '../model/ids.ts';
import type { Contribution } from '../model/job.ts';
import type { FailureKind } from '../model/replica.ts';

type Count = Exclude<keyof Contribution, 'peer' | 'passed'>;
type Counts = { -readonly [Key in Count]: Contribution[Key] };

/** Of all own jobs, those that have ended included. They only rise. */
export type Totals = Counts & {
  revoked: number;
  chunksAccepted: number;
  readonly failures: Record<FailureKind, number>;
  readonly evidence: Record<EvidenceEvent, number>;
};

/** `reopened`: chunks that were accepted, and not believed any more. */
type EvidenceEvent = 'checkPassed' | 'checkFailed' | 'caught' | 'reopened';

export function emptyTotals(): Totals {
  return {
    ...emptyCounts(),
    revoked: 0,
    chunksAccepted: 0,
    failures: {
      'timed-out': 0,
      'out-of-memory': 0,
      threw: 0,
      exited: 0,
      'result-too-large': 0,
      'forbidden-import': 0,
      'not-deterministic': 0,
    },
    evidence: { checkPassed: 0, checkFailed: 0, caught: 0, reopened: 0 },
  };
}

export class Tally {
  readonly totals: Totals;
  readonly #entries = new Map<PeerId, Counts>();
  readonly #passed: (peer: PeerId) => number | undefined;

  /** @param passed spot-checks that count for a peer; undefined where none do */
  constructor(totals: Totals, passed: (peer: PeerId) => number | undefined = () => undefined) {
    this.totals = totals;
    this.#passed = passed;
  }

  count(peer: PeerId, what: keyof Counts, amount = 1): void {
    let entry = this.#entries.get(peer);
    if (entry === undefined) {
      entry = emptyCounts();
      this.#entries.set(peer, entry);
    }
    entry[what] += amount;
    this.totals[what] += amount;
  }

  /** Its result was accepted and is not any more. Totals never fall: they are counters. */
  withdrawAccepted(peer: PeerId): void {
    const entry = this.#entries.get(peer);
    if (entry !== undefined) entry.accepted -= 1;
  }

  of(peer: PeerId): Readonly<Counts> | undefined {
    return this.#entries.get(peer);
  }

  has(peer: PeerId): boolean {
    return this.#entries.has(peer);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Those who did most first. */
  list(): Contribution[] {
    const list = Array.from(this.#entries, ([peer, entry]): Contribution => {
      const passed = this.#passed(peer);
      return { peer, ...entry, ...(passed === undefined ? {} : { passed }) };
    });
    return list.sort((a, b) => b.accepted - a.accepted || (a.peer < b.peer ? -1 : 1));
  }
}

function emptyCounts(): Counts {
  return {
    leased: 0,
    returned: 0,
    accepted: 0,
    lost: 0,
    late: 0,
    failed: 0,
    expired: 0,
    computeSeconds: 0,
  };
}
