/** Leases of a lease table that come to nothing: past their time, or gone with their peer. */

import { expect, test } from 'vitest';

import type { Lease } from '../../../../src/model/replica.ts';
import type { LeaseTable } from '../../../../src/protocol/requester/lease-table.ts';
import { anna, bert, cora, resultOf, returnOf } from '../../../support/protocol-fixtures.ts';
import {
  accepted,
  chunksOf,
  contribution,
  counted,
  leaseOne,
  tableOf,
  unknown,
} from '../../../support/protocol-leases.ts';

test('a lease past its time goes to somebody else', () => {
  const table = tableOf(1, { trust: { quorum: 1 } });
  leaseOne(table, anna);
  expect(table.expire(table.leaseMs - 1)).toBe(0);
  expect(table.expire(table.leaseMs)).toBe(1);
  expect(contribution(table, anna)).toEqual({ leased: 1, expired: 1 });
  expect(chunksOf(table.lease(bert, 1, 20_000))).toEqual([0]);
});

test('a lease past its time goes to the same peer when nobody else has come meanwhile', () => {
  const table = tableOf(1, { trust: { quorum: 1 } });
  leaseOne(table, anna);
  table.expire(20_000);
  expect(table.replicasOpen).toBe(1);
  expect(table.lease(anna, 1, 20_000)).toEqual([]);
  expect(table.lease(anna, 1, 29_999)).toEqual([]);
  const again = leaseOne(table, anna, 30_000);
  expect(again).toEqual({ lease: 2, chunk: 0 });
  expect(table.result(anna, resultOf(again), 30_001)).toEqual(accepted(0));
});

test('a peer that lets a lease expire leaves the chunk to who comes later', () => {
  const table = tableOf(1, { trust: { quorum: 1 } });
  leaseOne(table, anna);
  table.expire(20_000);
  expect(table.lease(anna, 9, 20_000)).toEqual([]);
  const other = leaseOne(table, bert, 25_000);
  expect(table.lease(anna, 9, 30_000)).toEqual([]);
  expect(table.result(bert, resultOf(other), 30_001)).toEqual(accepted(0));
});

test('a result that comes after its lease expired counts while the chunk is undecided', () => {
  const table = tableOf(1);
  const late = leaseOne(table, anna);
  table.expire(20_000);
  const other = leaseOne(table, bert, 20_000);
  expect(table.result(anna, resultOf(late), 20_001)).toEqual(counted);
  expect(table.result(bert, resultOf(other), 20_002)).toEqual(accepted(0));
  expect(contribution(table, anna)).toMatchObject({ leased: 1, expired: 1, accepted: 1 });
});

test('a result that comes after its chunk was decided is late', () => {
  const table = tableOf(1, { trust: { quorum: 1 } });
  const slow = leaseOne(table, anna);
  table.result(bert, resultOf(leaseAfterTurnaround(table)), 20_000);
  expect(table.result(anna, resultOf(slow), 20_001)).toEqual(counted);
  expect(contribution(table, anna)).toMatchObject({ leased: 1, returned: 1, late: 1 });
  expect([table.inFlight, table.activeLeases]).toEqual([0, 0]);

  /** Bert's twin of Anna's lease: there is one once it is known how long others take. */
  function leaseAfterTurnaround(lent: LeaseTable): Lease {
    lent.addChunks(1);
    lent.result(bert, resultOf(leaseOne(lent, bert, 0)), 10);
    return leaseOne(lent, bert, 10_000);
  }
});

test('a peer whose expired replica came back after all does not hold up its chunk', () => {
  const table = tableOf(1);
  const first = leaseOne(table, anna);
  leaseOne(table, bert);
  table.expire(20_000);
  const second = leaseOne(table, anna, 30_000);
  leaseOne(table, bert, 30_000);
  // Anna is heard once; her second replica can do nothing more.
  expect(table.result(anna, resultOf(first), 30_001)).toEqual(counted);
  expect(table.peerGone(bert)).toBe(1);
  expect(table.result(anna, resultOf(second), 30_002)).toEqual(counted);
  expect(table.result(anna, resultOf(second), 30_002)).toEqual(unknown);
  expect(contribution(table, anna)).toMatchObject({ returned: 2, late: 1 });
  expect(table.replicasOpen).toBe(1);
  const third = leaseOne(table, cora, 30_003);
  expect(table.result(cora, resultOf(third), 30_004)).toEqual(accepted(0));
});

test('a peer that goes away loses its leases at once, and keeps its votes', () => {
  const table = tableOf(3);
  const [first, second] = table.lease(anna, 3, 0);
  if (first === undefined || second === undefined) throw new Error('no leases');
  table.result(anna, resultOf(first), 1);
  expect(table.peerGone(anna)).toBe(2);
  expect([table.activeLeases, table.inFlight, table.holders().size]).toEqual([0, 0, 0]);
  expect(contribution(table, anna)).toMatchObject({ leased: 3, returned: 1, expired: 2 });
  expect(table.result(anna, resultOf(second), 2)).toEqual(unknown);
  expect(chunksOf(table.lease(bert, 9, 2))).toEqual([0, 1, 2]);
  expect(chunksOf(table.lease(anna, 9, 2))).toEqual([1, 2]);
});

test('leases last longer when results take longer', () => {
  const table = tableOf(2);
  const before = table.leaseMs;
  table.result(anna, resultOf(leaseOne(table, anna, 0)), 5_000);
  expect(table.leaseMs).toBe(1_000 + 10_000 + 8 * 5_000);
  expect(table.leaseMs).toBeGreaterThan(before);
});

test('what comes back uncomputed says nothing of how long results take', () => {
  const table = tableOf(2);
  const before = table.leaseMs;
  table.result(anna, returnOf(leaseOne(table, anna, 0)), 0);
  expect(table.leaseMs).toBe(before);
});
