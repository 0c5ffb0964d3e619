/** A table that believes on evidence: results that come late, twice, not at all, or unasked. */

import { describe, expect, test } from 'vitest';

import { REST_MS } from '../../../../src/protocol/requester/rests.ts';
import {
  anna,
  bert,
  cora,
  dora,
  peerNumbered,
  resultOf,
  returnOf,
  self,
} from '../../../support/protocol-fixtures.ts';
import { evidenceOf, kept, moved } from '../../../support/protocol-evidence.ts';
import {
  chunksOf,
  contribution,
  counted,
  leaseOne,
  unknown,
} from '../../../support/protocol-leases.ts';

const strong = [
  [anna, 10],
  [bert, 10],
  [cora, 10],
  [dora, 10],
] as const;

test('a result that was not leased so is unknown and changes nothing', () => {
  const { table } = evidenceOf({ chunks: 2 });
  const lease = leaseOne(table, anna);
  const forged = [
    table.result(bert, resultOf(lease), 1),
    table.result(anna, resultOf({ ...lease, chunk: 1 }), 1),
    table.result(anna, resultOf({ ...lease, lease: 77 }), 1),
    table.result(anna, returnOf({ ...lease, lease: 0 }), 1),
  ];
  expect(forged).toEqual([unknown, unknown, unknown, unknown]);
  expect(contribution(table, bert)).toBeUndefined();
  expect(table.result(anna, resultOf(lease), 1)).toEqual(moved({ stored: [kept(0)] }));
  expect(table.result(anna, resultOf(lease), 1)).toEqual(unknown);
  expect(contribution(table, anna)).toMatchObject({ leased: 1, returned: 1 });
});

test('a chunk that comes back uncomputed is leased again, to the same peer too', () => {
  const { table } = evidenceOf({ chunks: 1 });
  for (let times = 0; times < 20; times++) {
    expect(table.result(anna, returnOf(leaseOne(table, anna)), 1)).toEqual(counted);
  }
  expect(contribution(table, anna)).toEqual({ leased: 20 });
  expect([table.inFlight, table.activeLeases, table.replicasOpen]).toEqual([0, 0, 1]);
});

describe('a lease that expired', () => {
  test('goes to others', () => {
    const { table } = evidenceOf({ chunks: 1, passed: strong });
    for (const peer of [anna, bert]) leaseOne(table, peer);
    expect(table.lease(cora, 1, 0)).toEqual([]);
    expect([table.expire(table.leaseMs - 1), table.expire(table.leaseMs)]).toEqual([0, 2]);
    expect([table.inFlight, table.activeLeases, table.leases.held(anna) > 0]).toEqual([
      0,
      0,
      false,
    ]);
    expect(contribution(table, anna)).toEqual({ leased: 1, expired: 1 });
    const nowMs = table.leaseMs;
    expect(chunksOf([cora, dora].flatMap((peer) => table.lease(peer, 1, nowMs)))).toEqual([0, 0]);
  });

  test('counts when it comes back after all', () => {
    const { table, compute } = evidenceOf({ chunks: 1, passed: strong });
    const late = leaseOne(table, anna);
    const nowMs = table.leaseMs;
    table.expire(nowMs);
    expect(compute(bert)).toEqual(moved({ stored: [kept(0)] }));
    expect(table.result(anna, resultOf(late), nowMs + 1)).toEqual(moved({ accepted: [0] }));
    expect(contribution(table, anna)).toMatchObject({ expired: 1, returned: 1, accepted: 1 });
  });

  test('is unknown when its chunk was decided without it', () => {
    const { table, compute } = evidenceOf({ chunks: 1, passed: strong });
    const late = leaseOne(table, anna);
    const nowMs = table.leaseMs;
    table.expire(nowMs);
    compute(self);
    expect(table.result(anna, resultOf(late), nowMs + 1)).toEqual(unknown);
  });

  test('may be the same peer’s again after a rest, and its votes count once', () => {
    const { table } = evidenceOf({ chunks: 1, passed: strong });
    const first = leaseOne(table, anna);
    const expiredMs = table.leaseMs;
    table.expire(expiredMs);
    expect(table.lease(anna, 1, expiredMs + REST_MS - 1)).toEqual([]);
    const second = leaseOne(table, anna, expiredMs + REST_MS);
    const nowMs = expiredMs + REST_MS + 1;
    expect(table.result(anna, resultOf(first), nowMs)).toEqual(moved({ stored: [kept(0)] }));
    expect(table.result(anna, resultOf(second), nowMs)).toEqual(moved());
    expect(contribution(table, anna)).toMatchObject({ returned: 2, late: 1 });
    expect(table.replicasOpen).toBe(1);
  });
});

test('a peer that went away loses its leases for good, and may have the chunk again', () => {
  const { table } = evidenceOf({ chunks: 1 });
  const lost = leaseOne(table, anna);
  expect([table.peerGone(bert), table.peerGone(anna)]).toEqual([0, 1]);
  expect([table.tally.has(bert), table.leases.held(anna) > 0]).toEqual([false, false]);
  expect(contribution(table, anna)).toEqual({ leased: 1, expired: 1 });
  expect(table.result(anna, resultOf(lost), 1)).toEqual(unknown);
  expect(chunksOf(table.lease(anna, 1, 1))).toEqual([0]);
});

describe('a result that comes after its chunk was decided', () => {
  test('is late, and no pass, if it says the same', () => {
    const { table, compute, standings, totals } = evidenceOf({ chunks: 1, passed: strong });
    const late = leaseOne(table, anna);
    const revoked = [{ peer: anna, lease: late.lease }];
    expect(compute(self)).toEqual(moved({ stored: [kept(0)], accepted: [0], revoked }));
    expect([table.activeLeases, table.leases.held(anna), totals.revoked]).toEqual([1, 0, 1]);
    expect(table.result(anna, resultOf(late), 1)).toEqual(moved());
    expect(contribution(table, anna)).toMatchObject({ returned: 1, late: 1 });
    expect([table.activeLeases, standings.passed(anna)]).toEqual([0, 10]);
  });

  test('shows that its peer lies, if those who decided are believed against it', () => {
    const { table, compute, standings } = evidenceOf({ chunks: 1, passed: strong });
    const late = leaseOne(table, anna);
    compute(self);
    expect(table.result(anna, resultOf(late, 99), 1)).toEqual(moved({ caught: [anna] }));
    expect(contribution(table, anna)).toEqual({
      leased: 1,
      returned: 1,
      lost: 1,
      computeSeconds: 0.01,
    });
    expect(standings.isCaught(anna)).toBe(true);
    expect(table.activeLeases).toBe(0);
  });

  test('opens the chunk again, if they are not, until somebody decides', () => {
    const { table, compute } = evidenceOf({ chunks: 1, passed: strong });
    const newcomer = peerNumbered(1);
    const late = leaseOne(table, newcomer);
    compute(anna, 99);
    expect(compute(bert, 99)).toMatchObject({ accepted: [0] });
    expect(table.result(newcomer, resultOf(late), 1)).toEqual(moved({ reopened: [0] }));
    expect(table.disputed).toBe(1);
    const right = { stored: [kept(0)], accepted: [0], caught: [anna, bert] };
    expect(compute(self)).toEqual(moved(right));
    expect(contribution(table, newcomer)).toEqual({
      leased: 1,
      returned: 1,
      accepted: 1,
      computeSeconds: 0.01,
    });
  });

  test('decides anew and at once, if it is the requester’s own', () => {
    const { table, standings } = evidenceOf({ chunks: 1, passed: strong });
    const first = leaseOne(table, anna);
    const own = leaseOne(table, self);
    // Meanwhile it has earned so much that its word is enough.
    for (let passed = 10; passed < 300; passed++) standings.pass(anna);
    expect(table.result(anna, resultOf(first, 99), 1)).toMatchObject({ accepted: [0] });
    const right = moved({ stored: [kept(0)], caught: [anna] });
    expect(table.result(self, resultOf(own), 2)).toEqual(right);
    expect([contribution(table, self), contribution(table, anna)]).toMatchObject([
      { returned: 1, accepted: 1 },
      { returned: 1, lost: 1 },
    ]);
  });

  test('is heard no more from who was caught meanwhile', () => {
    const { table, compute, totals, check, pioneer } = evidenceOf({ chunks: 9, passed: strong });
    pioneer();
    const late = leaseOne(table, anna);
    table.result(anna, resultOf(check(anna), 99), 1);
    compute(self);
    expect(table.result(anna, resultOf(late, 99), 1)).toEqual(unknown);
    expect(totals.evidence.caught).toBe(1);
  });
});

test('a revoked lease that never comes back is not waited for, and nobody’s fault', () => {
  const { table, compute } = evidenceOf({ chunks: 1, passed: strong });
  leaseOne(table, anna);
  compute(self);
  expect(table.expire(90_000)).toBe(0);
  expect(table.activeLeases).toBe(0);
  expect(contribution(table, anna)).toEqual({ leased: 1 });
});

test('in the tail who takes long gets a twin, of a chunk that its peer does not know', () => {
  const { table, compute, pioneer } = evidenceOf({ chunks: 10, passed: strong });
  pioneer();
  leaseOne(table, anna);
  compute(bert);
  leaseOne(table, cora);
  leaseOne(table, bert);
  // Chunk 8 has votes of Anna and Bert coming, chunk 9 those of Bert and Cora.
  expect(table.lease(dora, 2, 499)).toEqual([]);
  expect(chunksOf(table.lease(dora, 2, 500))).toEqual([8, 9]);
  // Another one after twice that time.
  expect(table.lease(peerNumbered(1), 2, 1_499)).toEqual([]);
  expect(chunksOf(table.lease(peerNumbered(1), 2, 1_500))).toEqual([8, 9]);
  expect(table.lease(bert, 2, 9_000)).toEqual([]);
  expect(table.activeLeases).toBe(7);
});

test('no twin is made while split may yield more', () => {
  const { table, pioneer } = evidenceOf({ chunks: 9, splitGoesOn: true, passed: strong });
  pioneer();
  for (const peer of [anna, bert]) expect(leaseOne(table, peer).chunk).toBe(8);
  expect(table.lease(cora, 1, 9_000)).toEqual([]);
  table.endSplit();
  expect(chunksOf(table.lease(cora, 1, 9_000))).toEqual([8]);
});
