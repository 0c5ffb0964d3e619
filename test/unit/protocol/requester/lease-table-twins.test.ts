/** When a lease table leases a chunk once more than needed, because a replica takes long. */

import { expect, test } from 'vitest';

import type { Lease } from '../../../../src/model/replica.ts';
import { LeaseTable } from '../../../../src/protocol/requester/lease-table.ts';
import { emptyTotals } from '../../../../src/protocol/requester/tally.ts';
import {
  anna,
  bert,
  cora,
  dora,
  jobNumbered,
  resultOf,
  specOf,
} from '../../../support/protocol-fixtures.ts';
import {
  accepted,
  chunksOf,
  contribution,
  counted,
  leaseOne,
  tableOf,
} from '../../../support/protocol-leases.ts';

/** Anna holds chunk 1; how long results take is known: 10 ms. */
function tableWithStraggler(): { table: LeaseTable; straggler: Lease } {
  const table = tableOf(2, { trust: { quorum: 1 } });
  const [quick, straggler] = table.lease(anna, 2, 0);
  if (quick === undefined || straggler === undefined) throw new Error('no leases');
  table.result(anna, resultOf(quick), 10);
  return { table, straggler };
}

test('the oldest lease of somebody else is leased once more when nothing else is left', () => {
  const { table, straggler } = tableWithStraggler();
  expect(table.lease(bert, 1, 499)).toEqual([]);
  expect(table.lease(anna, 1, 501)).toEqual([]);
  const twin = leaseOne(table, bert, 501);
  expect(twin.chunk).toBe(1);
  expect(table.lease(cora, 1, 999)).toEqual([]);
  expect(table.result(bert, resultOf(twin), 502)).toEqual(
    accepted(1, 1, [{ peer: anna, lease: straggler.lease }]),
  );
});

test('while twins take as long there are more, each after twice the wait of the one before', () => {
  const { table } = tableWithStraggler();
  leaseOne(table, bert, 501);
  expect(table.lease(cora, 1, 1_500)).toEqual([]);
  expect(leaseOne(table, cora, 1_501).chunk).toBe(1);
  expect(table.lease(dora, 1, 3_500)).toEqual([]);
  expect(leaseOne(table, dora, 3_501).chunk).toBe(1);
});

test('a twin that went with its peer is replaced', () => {
  const { table } = tableWithStraggler();
  leaseOne(table, bert, 501);
  table.peerGone(bert);
  expect(table.lease(cora, 1, 999)).toEqual([]);
  expect(leaseOne(table, cora, 1_000).chunk).toBe(1);
});

test('a lease that was revoked counts against its holder no more, and still comes back', () => {
  const { table, straggler } = tableWithStraggler();
  const twin = leaseOne(table, bert, 501);
  expect(table.leases.held(anna) > 0).toBe(true);
  table.result(bert, resultOf(twin), 502);
  expect([table.leases.held(anna) > 0, table.activeLeases]).toEqual([false, 1]);
  expect(table.result(anna, resultOf(straggler), 503)).toEqual(counted);
  expect(contribution(table, anna)).toMatchObject({ returned: 2, late: 1 });
});

test('there is none while chunks are left, or more may be split', () => {
  const { table } = tableWithStraggler();
  table.addChunks(1);
  expect(chunksOf(table.lease(bert, 5, 501))).toEqual([2, 1]);
  const splitting = new LeaseTable(jobNumbered(1), specOf(), emptyTotals());
  splitting.addChunks(2);
  splitting.result(anna, resultOf(leaseOne(splitting, anna, 0)), 10);
  splitting.lease(anna, 1, 10);
  expect(chunksOf(splitting.lease(bert, 5, 9_000))).toEqual([0, 1]);
  expect(splitting.lease(cora, 5, 9_000)).toEqual([]);
});

test('a lease that was revoked and never came back is nobody’s fault', () => {
  const totals = emptyTotals();
  const table = tableOf(2, { trust: { quorum: 1 } }, totals);
  const [quick] = table.lease(anna, 2, 0);
  if (quick === undefined) throw new Error('no lease');
  table.result(anna, resultOf(quick), 10);
  table.result(bert, resultOf(leaseOne(table, bert, 600)), 601);
  expect(totals.revoked).toBe(1);
  expect(table.expire(99_999)).toBe(0);
  expect([table.activeLeases, table.holders().size]).toEqual([0, 0]);
  expect(contribution(table, anna)).toEqual({
    leased: 2,
    returned: 1,
    accepted: 1,
    computeSeconds: 0.01,
  });
});
