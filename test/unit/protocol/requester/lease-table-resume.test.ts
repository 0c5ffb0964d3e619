/** A lease table that goes on where an earlier process stopped. */

import { expect, test } from 'vitest';

import type { JobSpec } from '../../../../src/model/job.ts';
import { CUT_MS_MAX } from '../../../../src/protocol/requester/grant.ts';
import type { JobPast } from '../../../../src/protocol/requester/job-past.ts';
import { NUMBERS_SKIPPED } from '../../../../src/protocol/requester/lease-book.ts';
import { LeaseTable } from '../../../../src/protocol/requester/lease-table.ts';
import { emptyTotals } from '../../../../src/protocol/requester/tally.ts';
import {
  anna,
  bert,
  cora,
  digestNumbered,
  jobNumbered,
} from '../../../support/protocol-fixtures.ts';
import { resultOf, specOf } from '../../../support/protocol-fixtures.ts';
import { accepted, chunksOf, leaseOne, unknown } from '../../../support/protocol-leases.ts';
import { pastOf } from '../../../support/protocol-past.ts';

const done = new Set([0, 2]);

function resumed(past: Partial<JobPast>, changes: Partial<JobSpec> = {}): LeaseTable {
  const table = new LeaseTable(jobNumbered(1), specOf(changes), emptyTotals());
  table.resume(pastOf({ chunks: 6, frontier: 4, ...past }), (chunk) => done.has(chunk), 0);
  return table;
}

const all: Partial<JobSpec> = { trust: { quorum: 1 } };
const two: Partial<JobSpec> = { trust: { quorum: 2 } };

test('what was accepted is not leased again, and what is open is, before what is fresh', () => {
  const table = resumed({}, all);
  expect(chunksOf(table.lease(anna, 10, 0))).toEqual([1, 3, 4, 5]);
});

test('no lease of before is taken for one of now, not even one that a power failure took', () => {
  const table = resumed({ lastLease: 41 }, all);
  expect(leaseOne(table, anna).lease).toBe(41 + NUMBERS_SKIPPED + 1);
});

test('a result of a lease from before counts', () => {
  const table = resumed({ leases: [{ lease: 7, chunk: 1, peer: anna }] }, all);
  expect(table.expects(anna, { lease: 7, chunk: 1 })).toBe(true);
  expect(table.result(anna, resultOf({ lease: 7, chunk: 1 }), 10)).toEqual(accepted(1));
  expect(table.result(anna, resultOf({ lease: 7, chunk: 1 }), 10)).toEqual(unknown);
  expect(table.result(bert, resultOf({ lease: 8, chunk: 3 }), 10)).toEqual(unknown);
});

test('so does that of the last lease, where a peer was given the chunk more than once', () => {
  const leases = [7, 9].map((lease) => ({ lease, chunk: 1, peer: anna }));
  const last = resumed({ leases }, all);
  expect(last.result(anna, resultOf({ lease: 9, chunk: 1 }), 10)).toEqual(accepted(1));
  const late = resumed({ leases }, all);
  const revoked = [{ peer: anna, lease: 9 }];
  const settled = late.result(anna, resultOf({ lease: 7, chunk: 1 }), 10);
  expect(settled).toEqual(accepted(1, 1, revoked));
});

test('what a peer held is kept for it for a while, and then leased to others', () => {
  const leases = [{ lease: 7, chunk: 1, peer: anna }];
  const limits = { ...specOf().limits, wallMsMax: 60_000 };
  const table = resumed({ leases, splitEnded: false }, { ...all, limits });
  expect(table.holders()).toEqual(new Set());
  expect(chunksOf(table.lease(bert, 10, 0))).toEqual([3, 4, 5]);
  expect(table.expire(CUT_MS_MAX - 1)).toBe(0);
  expect(table.expire(CUT_MS_MAX)).toBe(1);
  expect(chunksOf(table.lease(bert, 10, CUT_MS_MAX))).toEqual([1]);
});

test('votes on open chunks count, and who gave one does not get the chunk again', () => {
  const vote = { lease: 5, chunk: 1, peer: anna, digest: digestNumbered(1) };
  const table = resumed({ votes: [vote] }, two);
  expect(chunksOf(table.lease(anna, 10, 0))).not.toContain(1);
  const lease = table.lease(bert, 10, 0).find(({ chunk }) => chunk === 1);
  expect(table.result(bert, resultOf({ lease: lease?.lease ?? 0, chunk: 1 }), 1)).toEqual(
    accepted(1),
  );
});

test('votes that disagree are a dispute still', () => {
  const votes = [anna, bert].map((peer, at) => {
    return { lease: 5 + at, chunk: 1, peer, digest: digestNumbered(at) };
  });
  const table = resumed({ votes, disputes: 3 }, two);
  expect([table.disputed, table.disputesEver]).toEqual([1, 3]);
  expect(chunksOf(table.lease(cora, 10, 0))).toContain(1);
});

test('votes that would decide a chunk whose value is gone count for nothing', () => {
  const votes = [anna, bert].map((peer, at) => {
    return { lease: 5 + at, chunk: 1, peer, digest: digestNumbered(1) };
  });
  const table = resumed({ votes }, two);
  expect(chunksOf(table.lease(anna, 10, 0))).toContain(1);
});

test('who was caught gets no more, and what each has done is known', () => {
  const caught = [{ peer: anna, chunk: 0, digest: digestNumbered(9) }];
  const counts = new Map([[bert, { leased: 5, accepted: 2 }]]);
  const table = resumed({ caught, counts }, { ...all, comparison: 'verify' });
  expect(table.lease(anna, 10, 0)).toEqual([]);
  expect(table.tally.list()).toMatchObject([{ peer: bert, leased: 5, accepted: 2, lost: 0 }]);
  expect(table.tally.totals.accepted).toBe(0);
});
