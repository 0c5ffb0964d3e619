/** A table that believes on evidence, in tests: what is known of its peers, and what it says. */

import { expect } from 'vitest';

import type { PeerId } from '../../src/model/ids.ts';
import type { CredibilityTrust } from '../../src/model/job.ts';
import type { Lease } from '../../src/model/replica.ts';
import type { Settlement } from '../../src/protocol/requester/job-table.ts';
import { EvidenceTable } from '../../src/protocol/requester/evidence-table.ts';
import type { Random } from '../../src/protocol/random.ts';
import { Reliability } from '../../src/protocol/requester/reliability.ts';
import { VolunteerNetworks } from '../../src/protocol/requester/volunteer-networks.ts';
import { Standings } from '../../src/protocol/standings.ts';
import { emptyTotals } from '../../src/protocol/requester/tally.ts';
import {
  digestNumbered,
  jobNumbered,
  resultOf,
  self,
  specOf,
  valueOf,
} from './protocol-fixtures.ts';
import { leaseOne } from './protocol-leases.ts';

/** One wrong result in a thousand, a fifth of liars, names for nothing. */
export const credibilityTrust: CredibilityTrust = {
  errorRate: 1e-3,
  assumeFaulty: 0.2,
  identities: 'free',
};

/** Spot-checks that peers passed: k of them make a word weigh 5k - 1, with a fifth of liars. */
export function standingsOf(passed: readonly (readonly [PeerId, number])[] = []): Standings {
  return new Standings(
    passed.map(([peer, count]) => ({ peer, passed: count, isCaught: false, seenAtMs: 0 })),
  );
}

/** Says no to spot-checks, unless it was told what to throw. */
export class Dice implements Random {
  readonly #thrown: number[] = [];
  readonly next = (): number => this.#thrown.shift() ?? 0.999;

  throw(...numbers: number[]): void {
    this.#thrown.push(...numbers);
  }

  /** What was not needed is not thrown. */
  clear(): void {
    this.#thrown.length = 0;
  }
}

type EvidenceOptions = {
  readonly chunks: number;
  readonly splitGoesOn?: boolean;
  readonly passed?: readonly (readonly [PeerId, number])[];
  readonly trust?: Partial<CredibilityTrust>;
};

/** Chunks that are verified first: after that peers are checked by them. */
export const pioneers = 8;

export function evidenceOf({ chunks, splitGoesOn, passed, trust }: EvidenceOptions) {
  const standings = standingsOf(passed);
  const totals = emptyTotals();
  const dice = new Dice();
  const networks = new VolunteerNetworks();
  const merged = { ...credibilityTrust, ...trust };
  const reliability = new Reliability();
  // Chunks in the order of their numbers.
  const order = { next: () => 0 };
  const parts = { trust: merged, totals, standings, reliability, networks, random: dice, order };
  const table = new EvidenceTable(jobNumbered(1), specOf(), parts);
  table.addChunks(chunks);
  if (splitGoesOn !== true) table.endSplit();

  /** What a peer's next result leads to: the right one, unless another number is given. */
  const compute = (peer: PeerId, number?: number): Settlement => {
    const lease = leaseOne(table, peer);
    return table.result(peer, resultOf(lease, number ?? lease.chunk), 1);
  };
  /** The peer's next lease, which is a spot-check: one of the first chunks again. */
  const check = (peer: PeerId, chunk = 0): Lease => {
    const verified = totals.chunksAccepted - totals.evidence.reopened;
    dice.throw(0, (chunk + 0.5) / verified);
    return leaseOne(table, peer);
  };
  /** Has the requester compute the first chunks, so that everybody else can be checked. */
  const pioneer = (): void => {
    for (const lease of table.lease(self, pioneers, 0)) table.result(self, resultOf(lease), 1);
  };
  return { table, standings, totals, networks, dice, compute, check, pioneer };
}

type Moved = Extract<Settlement, { type: 'moved' }>;

/** A settlement that moved nothing but this; at what peers were caught is told elsewhere. */
export function moved(
  what: Partial<Omit<Moved, 'caught'>> & { readonly caught?: readonly PeerId[] } = {},
): Settlement {
  const nothing = { stored: [], accepted: [], reopened: [], revoked: [] };
  const caught = (what.caught ?? []).map((peer) => expect.objectContaining({ peer }));
  return { type: 'moved', ...nothing, ...what, caught };
}

export const kept = (chunk: number, number = chunk) => ({
  chunk,
  digest: digestNumbered(number),
  value: valueOf(number),
});
