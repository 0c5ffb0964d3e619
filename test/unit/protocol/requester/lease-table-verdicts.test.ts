/** A lease table of a job that verifies each result itself. */

import { expect, test } from 'vitest';

import type { Lease, ReplicaResult } from '../../../../src/model/replica.ts';
import { emptyTotals } from '../../../../src/protocol/requester/tally.ts';
import {
  anna,
  bert,
  cora,
  digestNumbered,
  dora,
  failureOf,
  peerNumbered,
  resultOf,
  self,
} from '../../../support/protocol-fixtures.ts';
import { credibilityTrust } from '../../../support/protocol-evidence.ts';
import {
  accepted,
  chunksOf,
  contribution,
  counted,
  leaseOne,
  tableOf,
} from '../../../support/protocol-leases.ts';

function said(verdict: 'verified' | 'refuted', lease: Lease, number = lease.chunk): ReplicaResult {
  const result = resultOf(lease, number);
  if (result.outcome.type !== 'result') throw new Error('no result');
  return { ...result, outcome: { ...result.outcome, verdict } };
}

const verifies = { comparison: 'verify', trust: { quorum: 3 } } as const;
/** Anna, for a result of the chunk with this number. */
const caught = (chunk: number, number: number, revoked: unknown[] = []) => ({
  type: 'moved',
  stored: [],
  accepted: [],
  reopened: [],
  revoked,
  caught: [{ peer: anna, chunk, digest: digestNumbered(number) }],
});

test('one verified result is enough, whatever the trust, and nobody else is asked', () => {
  const table = tableOf(2, verifies);
  expect(table.replicasOpen).toBe(2);
  const lease = leaseOne(table, anna);
  expect(chunksOf(table.lease(bert, 9, 0))).toEqual([1]);
  expect(chunksOf(table.lease(cora, 9, 0))).toEqual([]);
  expect(table.result(anna, said('verified', lease), 1)).toEqual(accepted(0));
});

test('who returned a refuted result is caught, and its leases go to others', () => {
  const totals = emptyTotals();
  const table = tableOf(3, verifies, totals);
  const [first, second, third] = table.lease(anna, 3, 0);
  if (first === undefined || second === undefined || third === undefined) throw new Error();
  expect(table.result(anna, said('verified', first), 1)).toEqual(accepted(0));
  const revoked = [{ peer: anna, lease: third.lease }];
  expect(table.result(anna, said('refuted', second, 99), 1)).toEqual(caught(1, 99, revoked));
  expect(contribution(table, anna)).toMatchObject({ leased: 3, returned: 2, accepted: 1, lost: 1 });
  expect(contribution(table, anna)?.expired).toBeUndefined();
  expect(totals.evidence.caught).toBe(1);
  expect(table.lease(anna, 9, 2)).toEqual([]);
  expect(table.waitingForOthersThan([anna])).toBe(2);
  const others = table.lease(bert, 9, 2);
  expect(chunksOf(others)).toEqual([1, 2]);
  for (const lease of others) {
    expect(table.result(bert, said('verified', lease), 3)).toEqual(accepted(lease.chunk));
  }
});

test('it is caught once, however many of its results are refuted', () => {
  const table = tableOf(2, verifies);
  const [first, second] = table.lease(anna, 2, 0);
  if (first === undefined || second === undefined) throw new Error();
  table.expire(60_000);
  expect(table.result(anna, said('refuted', first, 98), 60_001)).toEqual(caught(0, 98));
  expect(table.result(anna, said('refuted', second, 99), 60_001)).toEqual(counted);
  expect(chunksOf(table.lease(bert, 9, 60_002))).toEqual([0, 1]);
});

test('a result that nobody has looked at is not believed, and its chunk goes to others', () => {
  const table = tableOf(1, verifies);
  expect(table.result(anna, resultOf(leaseOne(table, anna)), 1)).toEqual(counted);
  const lease = leaseOne(table, bert);
  expect(table.result(bert, said('verified', lease), 2)).toEqual(accepted(0));
});

test('a failure ends the job where as many fail alike as must agree elsewhere', () => {
  const table = tableOf(1, verifies);
  for (const peer of [anna, bert]) {
    expect(table.result(peer, failureOf(leaseOne(table, peer)), 1)).toEqual(counted);
  }
  const ended = table.result(cora, failureOf(leaseOne(table, cora)), 1);
  expect(ended).toMatchObject({ type: 'job-failed', failure: { peers: [anna, bert, cora] } });
});

test('strangers have to be five, and what the requester sees fail itself is enough', () => {
  const strangers = {
    comparison: 'verify',
    trust: { quorum: 1, credibility: credibilityTrust },
  } as const;
  const table = tableOf(2, strangers);
  const five = Array.from({ length: 5 }, (_, number) => peerNumbered(number));
  const settled = five.map((peer) => {
    const lease = table.lease(peer, 9, 0).find(({ chunk }) => chunk === 0);
    return lease && table.result(peer, failureOf(lease), 1).type;
  });
  expect(settled).toEqual(['counted', 'counted', 'counted', 'counted', 'job-failed']);
  const own = tableOf(1, strangers);
  expect(own.result(dora, failureOf(leaseOne(own, dora)), 1)).toEqual(counted);
  expect(own.result(self, failureOf(leaseOne(own, self)), 1)).toMatchObject({ type: 'job-failed' });
});
