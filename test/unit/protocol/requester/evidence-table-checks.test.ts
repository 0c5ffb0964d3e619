/** A table that believes on evidence: spot-checks, and what becomes of who is caught. */

import { describe, expect, test } from 'vitest';

import {
  anna,
  bert,
  cora,
  dora,
  failureOf,
  peerNumbered,
  resultOf,
  returnOf,
  self,
} from '../../../support/protocol-fixtures.ts';
import { evidenceOf, kept, moved, pioneers } from '../../../support/protocol-evidence.ts';
import { chunksOf, contribution, leaseOne } from '../../../support/protocol-leases.ts';

describe('spot-checks', () => {
  test('look like other leases: of the same shape, and numbered with them', () => {
    const { table, check, pioneer } = evidenceOf({ chunks: 20, passed: [[anna, 1]] });
    pioneer();
    const numbers = [1, 2, 3].map((further) => pioneers + further);
    expect([leaseOne(table, anna), check(anna, 3), leaseOne(table, anna)]).toEqual([
      { lease: numbers[0], chunk: 8 },
      { lease: numbers[1], chunk: 3 },
      { lease: numbers[2], chunk: 9 },
    ]);
    expect([table.activeLeases, table.leases.held(anna) > 0]).toEqual([3, true]);
    expect(contribution(table, anna)).toEqual({ leased: 3 });
  });

  test('are of chunks that the peer does not know, each one once', () => {
    const { table, dice, compute } = evidenceOf({ chunks: pioneers, passed: [[anna, 1]] });
    expect(compute(anna)).toEqual(moved({ stored: [kept(0)] }));
    table.result(bert, failureOf(leaseOne(table, bert)), 1);
    for (let chunk = 0; chunk < pioneers; chunk++) compute(self);
    const checkedBy = (peer: typeof anna) => {
      const chunks: number[] = [];
      for (let drawn = 0; drawn < pioneers; drawn++) {
        // Yes, and whichever is drawn.
        dice.throw(0, ...Array.from({ length: 8 }, (_, at) => ((drawn + at) % 8) / 8));
        const leases = table.lease(peer, 1, 1);
        dice.clear();
        for (const lease of leases) table.result(peer, resultOf(lease), 1);
        chunks.push(...chunksOf(leases));
      }
      return chunks.sort((a, b) => a - b);
    };
    expect(checkedBy(anna)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(checkedBy(bert)).toEqual([0, 2, 3, 4, 5, 6, 7]);
    expect(checkedBy(cora)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('are never for the requester itself', () => {
    const { table, dice, compute } = evidenceOf({ chunks: 9, passed: [[anna, 300]] });
    expect(compute(anna)).toEqual(moved({ stored: [kept(0)], accepted: [0] }));
    dice.throw(0, 0);
    expect(chunksOf(table.lease(self, 1, 1))).toEqual([1]);
  });

  test('are nothing to wait for, and no chunk in flight', () => {
    const { table, check, pioneer } = evidenceOf({ chunks: pioneers });
    pioneer();
    check(anna);
    expect([table.inFlight, table.replicasOpen, table.waitingForOthersThan([])]).toEqual([0, 0, 0]);
  });

  test('once passed make chunks accepted on which the peer has voted before', () => {
    const passed = [
      [anna, 10],
      [bert, 4],
    ] as const;
    const { table, standings, compute, check, pioneer } = evidenceOf({ chunks: 9, passed });
    pioneer();
    expect(compute(anna)).toEqual(moved({ stored: [kept(8)] }));
    expect(compute(bert)).toEqual(moved());
    expect(table.result(bert, resultOf(check(bert)), 1)).toEqual(moved({ accepted: [8] }));
    expect(standings.passed(bert)).toBe(5);
    expect(contribution(table, bert)).toMatchObject({ leased: 2, returned: 2, accepted: 2 });
  });

  test('may fail as chunks may: that is no pass and no lie', () => {
    const { table, standings, totals, check, pioneer } = evidenceOf({ chunks: pioneers });
    pioneer();
    expect(table.result(anna, failureOf(check(anna), 'timed-out'), 1)).toEqual(moved());
    expect([standings.passed(anna), standings.isCaught(anna)]).toEqual([0, false]);
    expect(contribution(table, anna)).toMatchObject({ returned: 1, failed: 1 });
    expect(totals.failures['timed-out']).toBe(1);
  });

  test('may come back uncomputed, or too late: that is no pass and no lie either', () => {
    const { table, standings, check, pioneer } = evidenceOf({ chunks: pioneers });
    pioneer();
    expect(table.result(anna, returnOf(check(anna)), 1)).toEqual({ type: 'counted' });
    const late = check(anna, 1);
    expect(table.expire(90_000)).toBe(1);
    expect(table.result(anna, resultOf(late, 99), 90_001)).toEqual({ type: 'unknown' });
    expect([standings.passed(anna), standings.isCaught(anna)]).toEqual([0, false]);
  });

  test('thousands of chunks may be accepted by one of them', () => {
    const passed = [
      [anna, 10],
      [bert, 2],
    ] as const;
    const chunks = pioneers + 4_000;
    const { table, standings, check, pioneer } = evidenceOf({ chunks, passed });
    pioneer();
    for (const peer of [anna, bert]) {
      for (const lease of table.lease(peer, 4_000, 0)) table.result(peer, resultOf(lease), 1);
    }
    // In another job.
    for (let times = 0; times < 300; times++) standings.pass(anna);
    const settlement = table.result(anna, resultOf(check(anna)), 1);
    const accepted = Array.from({ length: 4_000 }, (_, number) => pioneers + number);
    expect(settlement).toEqual(moved({ accepted }));
    expect(standings.passed(bert)).toBe(4_002);
  });
});

describe('who returned a wrong result', () => {
  test('has said nothing: what rested on its word is open again, and nothing else', () => {
    const passed = [
      [anna, 10],
      [bert, 10],
      [cora, 300],
      [dora, 10],
    ] as const;
    const world = evidenceOf({ chunks: 14, passed });
    const { table, standings, totals, compute, check, pioneer } = world;
    pioneer();
    compute(anna);
    expect(compute(bert)).toEqual(moved({ accepted: [8] }));
    compute(anna);
    expect(compute(cora)).toEqual(moved({ accepted: [9] }));
    compute(bert);
    expect(compute(dora)).toEqual(moved({ accepted: [10] }));
    expect(compute(anna)).toEqual(moved({ stored: [kept(11)] }));
    const held = leaseOne(table, anna);
    expect(held.chunk).toBe(12);
    const wrong = resultOf(check(anna), 99);
    expect(table.result(anna, wrong, 1)).toEqual(
      moved({ reopened: [8], revoked: [{ peer: anna, lease: held.lease }], caught: [anna] }),
    );
    expect([standings.isCaught(anna), standings.passed(anna)]).toEqual([true, 0]);
    const evidence = { checkPassed: 0, checkFailed: 1, caught: 1, reopened: 1 };
    expect(totals).toMatchObject({ chunksAccepted: pioneers + 3, evidence });
    expect(contribution(table, anna)).toMatchObject({ returned: 4, accepted: 1, lost: 1 });

    expect(table.lease(anna, 5, 2)).toEqual([]);
    expect(table.leases.held(anna) > 0).toBe(false);
    expect(table.result(anna, resultOf(held), 2)).toEqual({ type: 'unknown' });
    // What it has said on chunk 11 is forgotten: Bert's vote is the first one.
    const leases = table.lease(bert, 3, 2);
    expect(chunksOf(leases)).toEqual([13, 11, 12]);
    for (const lease of leases)
      expect(table.result(bert, resultOf(lease), 2)).toMatchObject({ accepted: [] });
    // On chunk 8 Bert's vote stands, and the result is there already.
    const again = table.lease(dora, 9, 3).find(({ chunk }) => chunk === 8);
    if (again === undefined) throw new Error('chunk 8 is not leased again');
    expect(table.result(dora, resultOf(again), 3)).toEqual(moved({ accepted: [8] }));
    expect(contribution(table, bert)).toMatchObject({ returned: 5, accepted: 2 });
  });

  test('is found out where others have proven another one', () => {
    const passed = [
      [anna, 10],
      [bert, 10],
      [cora, 30],
      [dora, 10],
    ] as const;
    const { table, compute } = evidenceOf({ chunks: 3, passed });
    compute(bert);
    expect(compute(dora)).toEqual(moved({ accepted: [0] }));
    expect(compute(anna)).toEqual(moved({ stored: [kept(1)] }));
    expect(compute(bert, 99)).toEqual(moved());
    expect(compute(self)).toEqual(moved({ accepted: [1], reopened: [0], caught: [bert] }));
    expect(contribution(table, bert)).toMatchObject({ returned: 2, lost: 1 });
    expect(table.disputed).toBe(0);
  });

  test('settles a dispute by leaving it', () => {
    const passed = [
      [anna, 10],
      [bert, 10],
      [cora, 10],
    ] as const;
    const { table, compute, check, pioneer } = evidenceOf({ chunks: 9, passed });
    pioneer();
    compute(anna);
    compute(bert, 99);
    expect(compute(cora)).toEqual(moved());
    expect(table.result(bert, resultOf(check(bert), 99), 1)).toEqual(
      moved({ accepted: [8], caught: [bert] }),
    );
    expect([table.disputed, table.disputesEver]).toEqual([0, 1]);
  });

  test('leaves its accomplices behind, who are caught with it', () => {
    const passed = [
      [anna, 10],
      [bert, 10],
      [cora, 10],
      [dora, 20],
    ] as const;
    const { table, standings, compute, check, pioneer } = evidenceOf({ chunks: 9, passed });
    pioneer();
    for (const [liar, number] of [
      [anna, 99],
      [bert, 98],
    ] as const) {
      compute(liar, number);
    }
    compute(cora);
    compute(dora);
    expect(table.disputed).toBe(1);
    expect(table.result(anna, resultOf(check(anna), 99), 1)).toEqual(moved({ caught: [anna] }));
    // The value that was kept was Anna's.
    expect(compute(self)).toEqual(moved({ stored: [kept(8)], accepted: [8], caught: [bert] }));
    expect([cora, dora].map((peer) => standings.passed(peer))).toEqual([11, 21]);
  });

  test('for another job says nothing here either', () => {
    const passed = [
      [anna, 10],
      [bert, 10],
    ] as const;
    const { table, standings, compute, check, pioneer } = evidenceOf({ chunks: 10, passed });
    pioneer();
    expect(compute(anna)).toEqual(moved({ stored: [kept(8)] }));
    const vote = leaseOne(table, anna);
    const [checked, wrong] = [check(anna), check(anna, 1)];
    standings.catch(anna, 'lied');
    expect(table.lease(anna, 1, 1)).toEqual([]);
    expect(table.waitingForOthersThan([anna])).toBe(1);
    expect(table.result(anna, resultOf(vote), 1)).toEqual(moved());
    expect(table.result(anna, resultOf(checked), 1)).toEqual(moved());
    expect(table.result(anna, resultOf(wrong, 99), 1)).toEqual(moved());
    expect(standings.passed(anna)).toBe(0);
    expect(compute(bert)).toEqual(moved());
    expect(compute(bert)).toEqual(moved({ stored: [kept(9)] }));
  });
});

describe('a chunk that is open again', () => {
  /** Chunk 8 rests on the word of Anna and Bert. */
  function resting(chunks = 9) {
    const passed = [
      [anna, 10],
      [bert, 10],
      [dora, 10],
    ] as const;
    const world = evidenceOf({ chunks, passed });
    world.pioneer();
    return world;
  }

  test('checks nobody: neither who tells what was believed nor who does not', () => {
    const { table, standings, compute, check } = resting();
    compute(anna, 99);
    expect(compute(bert, 99)).toEqual(moved({ accepted: [8] }));
    const checks = [cora, dora].map((peer) => [peer, check(peer, 8)] as const);
    expect(checks.map(([, { chunk }]) => chunk)).toEqual([8, 8]);
    const caught = table.result(anna, resultOf(check(anna), 99), 1);
    expect(caught).toEqual(moved({ reopened: [8], caught: [anna] }));
    for (const [peer, lease] of checks) {
      expect(table.result(peer, resultOf(lease), 1)).toEqual(moved());
      expect(standings.isCaught(peer)).toBe(false);
      expect(contribution(table, peer)).toMatchObject({ late: 1 });
    }
    // Nor is it drawn any more, which was the last one.
    expect(check(peerNumbered(1), 7).chunk).toBe(7);
    expect(compute(dora)).toEqual(moved());
    expect(compute(self)).toEqual(moved({ stored: [kept(8)], accepted: [8], caught: [bert] }));
  });

  test('loses the votes of others who are caught as well', () => {
    const { table, compute, check } = resting();
    for (const peer of [anna, bert]) compute(peer);
    table.result(anna, resultOf(check(anna), 99), 1);
    expect(table.result(bert, resultOf(check(bert), 99), 1)).toEqual(moved({ caught: [bert] }));
    expect(compute(dora, 98)).toEqual(moved());
    expect(table.disputed).toBe(0);
    expect(compute(self)).toEqual(moved({ accepted: [8], caught: [dora] }));
  });

  test('takes results that come late', () => {
    const { table, compute, check } = resting();
    for (const peer of [anna, bert]) compute(peer);
    table.result(anna, resultOf(check(anna), 99), 1);
    const late = leaseOne(table, dora, 1);
    expect(table.expire(90_000)).toBe(1);
    expect(table.result(dora, resultOf(late), 90_001)).toEqual(moved({ accepted: [8] }));
  });

  test('is not lost when a lease of before comes back', () => {
    const { table, compute, check } = resting();
    const late = leaseOne(table, cora);
    compute(anna);
    expect(compute(bert)).toEqual(
      moved({ accepted: [8], revoked: [{ peer: cora, lease: late.lease }] }),
    );
    table.result(anna, resultOf(check(anna), 99), 1);
    expect(table.result(cora, resultOf(late), 2)).toEqual(moved());
    expect(contribution(table, cora)).toMatchObject({ late: 1 });
    expect(chunksOf(table.lease(dora, 1, 2))).toEqual([8]);
  });
});

test('what counts for peers is told with what they did, and nothing of who was caught', () => {
  const { table, standings } = evidenceOf({ chunks: 4, passed: [[anna, 3]] });
  for (const peer of [anna, bert]) leaseOne(table, peer);
  const passedBy = () => table.tally.list().map(({ peer, passed }) => [peer, passed]);
  expect(passedBy()).toEqual(
    expect.arrayContaining([
      [anna, 3],
      [bert, 0],
    ]),
  );
  standings.catch(anna, 'it lied');
  expect(passedBy()).toContainEqual([anna, undefined]);
});
