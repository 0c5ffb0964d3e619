/** A job's lease table in tests: how it is made, and what it says. */

import { expect } from 'vitest';

import type { PeerId } from '../../src/model/ids.ts';
import type { Contribution, JobSpec } from '../../src/model/job.ts';
import type { Lease } from '../../src/model/replica.ts';
import type { JobTable, Settlement } from '../../src/protocol/requester/job-table.ts';
import { LeaseTable } from '../../src/protocol/requester/lease-table.ts';
import { emptyTotals, type Totals } from '../../src/protocol/requester/tally.ts';
import { digestNumbered, jobNumbered, specOf, valueOf } from './protocol-fixtures.ts';

export function tableOf(
  chunks: number,
  changes: Partial<JobSpec> = {},
  totals: Totals = emptyTotals(),
): LeaseTable {
  const table = new LeaseTable(jobNumbered(1), specOf(changes), totals);
  table.addChunks(chunks);
  table.endSplit();
  return table;
}

/** The one lease that a peer gets. */
export function leaseOne(table: JobTable, peer: PeerId, nowMs = 0): Lease {
  const leases = table.lease(peer, 1, nowMs);
  expect(leases).toHaveLength(1);
  return leases[0] ?? { lease: Number.NaN, chunk: Number.NaN };
}

export const chunksOf = (leases: readonly Lease[]) => leases.map(({ chunk }) => chunk);

export function contribution(table: JobTable, peer: PeerId): Partial<Contribution> | undefined {
  const found = table.tally.list().find((entry) => entry.peer === peer);
  if (found === undefined) return undefined;
  // Only what happened, so that a test says what matters.
  const { peer: _peer, passed: _passed, ...counts } = found;
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0));
}

export const counted: Settlement = { type: 'counted' };
export const unknown: Settlement = { type: 'unknown' };
export const accepted = (chunk: number, number = chunk, revoked: unknown[] = []) => ({
  type: 'accepted',
  chunk,
  digest: digestNumbered(number),
  value: valueOf(number),
  revoked,
});
