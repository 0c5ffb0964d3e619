import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { limits } from '../../../../src/model/limits.ts';
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
import { evidenceOf, kept, moved, pioneers } from '../../../support/protocol-evidence.ts';
import { chunksOf, contribution, leaseOne } from '../../../support/protocol-leases.ts';

const newcomers = (count: number): PeerId[] =>
  Array.from({ length: count }, (_, number) => peerNumbered(number));

describe('how much evidence a result needs', () => {
  test('of newcomers alone five equal votes, and the first one brings the value', () => {
    const { table, standings, compute, totals } = evidenceOf({ chunks: 1 });
    const settlements = newcomers(5).map((peer) => compute(peer));
    const undecided = [1, 2, 3].map(() => moved());
    const accepted = moved({ accepted: [0] });
    expect(settlements).toEqual([moved({ stored: [kept(0)] }), ...undecided, accepted]);
    expect(newcomers(5).map((peer) => standings.passed(peer))).toEqual([0, 0, 0, 0, 0]);
    expect([totals.chunksAccepted, table.inFlight, table.replicasOpen]).toEqual([1, 0, 0]);
    expect(contribution(table, peerNumbered(0))).toEqual({
      leased: 1,
      returned: 1,
      accepted: 1,
      computeSeconds: 0.01,
    });
  });

  test.each([
    { votes: 3, trust: { assumeFaulty: 0.05 } },
    { votes: 12, trust: { assumeFaulty: 0.35 } },
    { votes: 10, trust: { errorRate: 1e-6 } },
    { votes: 5, trust: { identities: 'scarce' as const } },
  ])('$votes votes of newcomers with $trust', ({ votes, trust }) => {
    const { compute } = evidenceOf({ chunks: 1, trust });
    const settlements = newcomers(votes).map((peer) => compute(peer));
    expect(settlements.slice(1, -1)).toEqual(newcomers(votes - 2).map(() => moved()));
    expect(settlements.at(-1)).toEqual(moved({ accepted: [0] }));
  });

  test.each([
    { identities: 'free' as const, votes: 4 },
    { identities: 'scarce' as const, votes: 3 },
  ])('of peers that were checked twice $votes votes where names are $identities', (given) => {
    const { identities, votes } = given;
    const passed = newcomers(votes).map((peer) => [peer, 2] as const);
    const { compute } = evidenceOf({ chunks: 1, passed, trust: { identities } });
    const settlements = newcomers(votes).map((peer) => compute(peer));
    expect(settlements.slice(1, -1)).toEqual(newcomers(votes - 2).map(() => moved()));
    expect(settlements.at(-1)).toEqual(moved({ accepted: [0] }));
  });

  test('of peers that were checked often two votes, and one of who never failed', () => {
    const passed = [
      [anna, 10],
      [bert, 10],
      [cora, 300],
    ] as const;
    const { standings, compute } = evidenceOf({ chunks: 2, passed });
    expect(compute(anna)).toEqual(moved({ stored: [kept(0)] }));
    expect(compute(bert)).toEqual(moved({ accepted: [0] }));
    expect(compute(cora)).toEqual(moved({ stored: [kept(1)], accepted: [1] }));
    expect([anna, bert, cora].map((peer) => standings.passed(peer))).toEqual([10, 10, 300]);
  });

  test('what the others prove without a peer is as good as a check for it', () => {
    const { standings, compute } = evidenceOf({ chunks: 1, passed: [[cora, 300]] });
    compute(anna);
    expect(compute(cora)).toEqual(moved({ accepted: [0] }));
    expect([anna, cora].map((peer) => standings.passed(peer))).toEqual([1, 300]);
  });

  test('the requester’s own vote decides at once, and is a check for all who have voted', () => {
    const { table, standings, compute } = evidenceOf({ chunks: 1 });
    expect(compute(anna)).toEqual(moved({ stored: [kept(0)] }));
    expect(compute(bert, 99)).toEqual(moved());
    expect([table.disputed, table.disputesEver]).toEqual([1, 1]);
    expect(compute(self)).toEqual(moved({ accepted: [0], caught: [bert] }));
    expect([table.disputed, table.disputesEver]).toEqual([0, 1]);
    expect([anna, bert, self].map((peer) => standings.passed(peer))).toEqual([1, 0, 0]);
    expect([anna, bert, self].map((peer) => standings.isCaught(peer))).toEqual([
      false,
      true,
      false,
    ]);
    expect(contribution(table, bert)).toMatchObject({ returned: 1, lost: 1 });
  });

  test('a job whose results all differ is given up after 32 votes', () => {
    const { compute } = evidenceOf({ chunks: 1 });
    const peers = newcomers(32);
    const settlements = peers.map((peer, number) => compute(peer, 100 + number));
    const groups = peers.map((peer, number) => ({
      digest: digestNumbered(100 + number),
      peers: [peer],
    }));
    const dispute = { type: 'chunk-disputed', chunk: 0, quorum: 0, groups, failures: [] };
    expect(settlements.slice(1, -1)).toEqual(peers.slice(2).map(() => moved()));
    expect(settlements.at(-1)).toEqual({ type: 'job-failed', failure: dispute });
  });

  test('a failure that enough peers report alike is the chunk’s own', () => {
    const { table, totals } = evidenceOf({ chunks: 1 });
    const fail = (peer: PeerId, kind: 'threw' | 'timed-out') =>
      table.result(peer, failureOf(leaseOne(table, peer), kind), 1);
    const [first, ...others] = newcomers(6);
    if (first === undefined) throw new Error('nobody');
    expect(fail(first, 'timed-out')).toEqual(moved());
    const settlements = others.map((peer) => fail(peer, 'threw'));
    const failure = { kind: 'threw', detail: 'it threw' };
    expect(settlements.slice(0, -1)).toEqual([1, 2, 3, 4].map(() => moved()));
    expect(settlements.at(-1)).toEqual({
      type: 'job-failed',
      failure: { type: 'chunk-failed', chunk: 0, failure, peers: others },
    });
    expect(totals.failures).toMatchObject({ 'timed-out': 1, threw: 5 });
  });

  test('a chunk that fails at the requester itself fails the job at once', () => {
    const { table } = evidenceOf({ chunks: 1 });
    const settlement = table.result(self, failureOf(leaseOne(table, self)), 1);
    expect(settlement).toMatchObject({ type: 'job-failed', failure: { peers: [self] } });
  });

  test('a result that was kept of another group has to come once more', () => {
    const passed = [
      [anna, 10],
      [bert, 1],
      [cora, 20],
    ] as const;
    const { table, compute, check, pioneer } = evidenceOf({ chunks: 9, passed });
    pioneer();
    expect(compute(bert, 99)).toEqual(moved({ stored: [kept(8, 99)] }));
    expect(compute(anna)).toEqual(moved());
    expect(compute(cora)).toEqual(moved());
    // Now the group of Anna and Cora is believed, and nobody has kept what they returned.
    expect(table.result(cora, resultOf(check(cora)), 1)).toEqual(moved());
    expect(compute(dora)).toEqual(moved({ stored: [kept(8)], accepted: [8], caught: [bert] }));
  });
});

describe('who is given which chunk', () => {
  test('the first chunks are decided at any price, and then fresh ones come first', () => {
    const passed = [
      [anna, 1],
      [bert, 1],
    ] as const;
    const { table, pioneer } = evidenceOf({ chunks: 20, passed });
    expect(chunksOf(table.lease(anna, 9, 0))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(chunksOf(table.lease(bert, 2, 0))).toEqual([0, 1]);
    // The requester's vote decides, so it is not given fresh ones either.
    pioneer();
    expect(chunksOf(table.lease(bert, 2, 0))).toEqual([9, 10]);
    expect(chunksOf(table.lease(bert, 20, 0))).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 8]);
  });

  test('eight of them have to be, however many are open', () => {
    const passed = [
      [anna, 1],
      [bert, 1],
    ] as const;
    const { table, compute } = evidenceOf({ chunks: 30, passed });
    for (let chunk = 0; chunk < pioneers - 1; chunk++) compute(self);
    for (const lease of table.lease(anna, 8, 0)) table.result(anna, resultOf(lease), 1);
    expect(chunksOf(table.lease(bert, 2, 1))).toEqual([7, 8]);
    expect(compute(self)).toMatchObject({ accepted: [7] });
    expect(chunksOf(table.lease(bert, 1, 1))).toEqual([15]);
  });

  test('before second votes of those who would not decide, fresh chunks go out', () => {
    const passed = [
      [anna, 10],
      [bert, 2],
      [cora, 10],
    ] as const;
    const { table, compute, pioneer } = evidenceOf({ chunks: 12, passed });
    pioneer();
    for (const chunk of [8, 9]) expect(compute(anna)).toEqual(moved({ stored: [kept(chunk)] }));
    expect(chunksOf(table.lease(bert, 1, 1))).toEqual([10]);
    // Those that her vote decides, the longest waiting first; then a fresh one.
    expect(chunksOf(table.lease(cora, 3, 1))).toEqual([8, 9, 11]);
  });

  test('no more leases of a chunk are out than should decide it', () => {
    const { table } = evidenceOf({ chunks: 1 });
    const leases = newcomers(5).map((peer) => [peer, leaseOne(table, peer)] as const);
    expect(table.lease(anna, 1, 0)).toEqual([]);
    const [first] = leases;
    if (first === undefined) throw new Error('no lease');
    table.result(first[0], failureOf(first[1]), 1);
    expect(chunksOf(table.lease(anna, 1, 1))).toEqual([0]);
    expect(table.lease(bert, 1, 1)).toEqual([]);
  });

  test('a peer never gets a chunk twice', () => {
    const { table } = evidenceOf({ chunks: 3 });
    const leases = table.lease(anna, 10, 0);
    expect(chunksOf(leases)).toEqual([0, 1, 2]);
    expect(table.lease(anna, 10, 0)).toEqual([]);
    const [voted, failed] = leases;
    if (voted === undefined || failed === undefined) throw new Error('no lease');
    table.result(anna, resultOf(voted), 1);
    table.result(anna, failureOf(failed), 1);
    expect(table.lease(anna, 10, 90_000)).toEqual([]);
    expect(table.waitingForOthersThan([anna])).toBe(2);
    expect(table.waitingForOthersThan([anna, bert])).toBe(0);
  });

  test('disputed chunks go first, and not to strangers', () => {
    const passed = [
      [anna, 10],
      [bert, 1],
      [dora, 2],
    ] as const;
    const { table, compute, pioneer } = evidenceOf({ chunks: 12, passed });
    pioneer();
    compute(bert);
    compute(bert);
    const leases = table.lease(anna, 4, 0);
    expect(chunksOf(leases)).toEqual([10, 11, 8, 9]);
    const last = leases.at(-1);
    if (last === undefined) throw new Error('no lease');
    table.result(anna, resultOf(last, 99), 1);
    expect(table.disputed).toBe(1);
    expect(chunksOf(table.lease(cora, 1, 1))).toEqual([8]);
    expect(chunksOf(table.lease(dora, 2, 1))).toEqual([9, 8]);
  });

  test('strangers hold a share of all leases, once there are verified chunks', () => {
    const { table, pioneer } = evidenceOf({ chunks: 1_000, passed: [[dora, 10]] });
    pioneer();
    expect(table.lease(anna, 10, 0)).toHaveLength(4);
    expect(table.lease(bert, 10, 0)).toHaveLength(0);
    expect(table.lease(dora, 200, 0)).toHaveLength(200);
    expect(table.lease(bert, 10, 0)).toHaveLength(6);
    expect(table.lease(anna, 10, 0)).toHaveLength(0);
  });

  test('at the beginning everybody is a stranger, and takes what it can', () => {
    const { table } = evidenceOf({ chunks: 10_000 });
    expect(table.lease(anna, 100, 0)).toHaveLength(100);
    expect(table.lease(bert, 10_000, 0)).toHaveLength(limits.leasesHeldMax);
  });

  test('past 4,096 open chunks only known ones are leased', () => {
    const passed = [
      [anna, 2],
      [bert, 2],
    ] as const;
    const { table, pioneer } = evidenceOf({ chunks: 10_000, passed });
    pioneer();
    const leases = table.lease(anna, 5_000, 0);
    expect(leases).toHaveLength(4_096);
    for (const lease of leases) table.result(anna, resultOf(lease), 1);
    expect(table.lease(anna, 1, 2)).toEqual([]);
    expect(chunksOf(table.lease(bert, 2, 2))).toEqual([pioneers, pioneers + 1]);
  });

  test('past the most contributors newcomers get nothing', () => {
    const { table } = evidenceOf({ chunks: 2 * limits.contributorsMax });
    for (const peer of newcomers(limits.contributorsMax)) table.lease(peer, 1, 0);
    expect(table.lease(anna, 1, 0)).toEqual([]);
    expect(table.lease(peerNumbered(0), 1, 0)).toHaveLength(1);
  });
});
