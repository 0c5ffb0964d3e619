/**
 * What was done for this peer's jobs: by each peer for one job, and in all since the start. Counts
 * only; who is believed is decided in `quorum.ts`.
 */

import type { PeerId } from '../../model/ids.ts';
import type { Contribution } from '../../model/job.ts';
import type { FailureKind } from '../../model/replica.ts';
import type { Standings } from '../standings.ts';

type Credits = Pick<Standings, 'credit' | 'creditWhenSeen'>;

type Count = Exclude<keyof Contribution, 'peer' | 'passed'>;
/** What a peer did. */
export type Counts = { -readonly [Key in Count]: Contribution[Key] };

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
  readonly #standings: Credits | undefined;
  /** On what each peer was believed at most: what it has passed counts less as days go by. */
  readonly #passedMost = new Map<PeerId, number>();

  /** @param standings where spot-checks count */
  constructor(totals: Totals, standings?: Credits) {
    this.totals = totals;
    this.#standings = standings;
  }

  count(peer: PeerId, what: keyof Counts, amount = 1): void {
    let entry = this.#entries.get(peer);
    if (entry === undefined) {
      entry = emptyCounts();
      this.#entries.set(peer, entry);
    }
    entry[what] += amount;
    this.totals[what] += amount;
    if (what === 'accepted') this.#believed(peer, this.#standings?.credit(peer));
  }

  /** What a peer has done in earlier processes. Totals are of this one. */
  restore(past: ReadonlyMap<PeerId, Partial<Counts>>): void {
    for (const [peer, counts] of past) {
      this.#entries.set(peer, { ...emptyCounts(), ...counts });
      // It may have been some days ago.
      if (counts.accepted) this.#believed(peer, this.#standings?.creditWhenSeen(peer));
    }
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
      const credit = this.#standings?.credit(peer);
      if (credit === undefined) return { peer, ...entry };
      return { peer, ...entry, passed: Math.max(credit, this.#passedMost.get(peer) ?? 0) };
    });
    return list.sort((a, b) => b.accepted - a.accepted || (a.peer < b.peer ? -1 : 1));
  }

  #believed(peer: PeerId, passed: number | undefined): void {
    if (passed === undefined) return;
    this.#passedMost.set(peer, Math.max(passed, this.#passedMost.get(peer) ?? 0));
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
