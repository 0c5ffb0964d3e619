/** A table that believes on evidence: a check whose answer may be the right one. */

import { expect, test } from 'vitest';

import { anna, bert, cora, dora, resultOf, self } from '../../../support/protocol-fixtures.ts';
import { evidenceOf, kept, moved } from '../../../support/protocol-evidence.ts';
import { contribution } from '../../../support/protocol-leases.ts';

/** Two who lie alike have brought through chunk 8. */
function deceived() {
  const passed = [anna, bert, cora, dora].map((peer) => [peer, 10] as const);
  const evidence = evidenceOf({ chunks: 9, passed });
  evidence.pioneer();
  evidence.compute(anna, 99);
  expect(evidence.compute(bert, 99)).toEqual(moved({ accepted: [8] }));
  return evidence;
}

test('who contradicts what is weakly believed is not caught: the chunk is open again', () => {
  const { table, standings, check } = deceived();
  expect(table.result(cora, resultOf(check(cora, 8)), 1)).toEqual(moved({ reopened: [8] }));
  expect([cora, anna, bert].map((peer) => standings.isCaught(peer))).toEqual([false, false, false]);
  expect(table.disputed).toBe(1);
});

test('others decide, and those who were wrong are caught', () => {
  const { table, standings, totals, compute, check } = deceived();
  table.result(cora, resultOf(check(cora, 8)), 1);
  expect(compute(self)).toEqual(moved({ stored: [kept(8)], accepted: [8], caught: [anna, bert] }));
  expect(standings.isCaught(cora)).toBe(false);
  expect(contribution(table, cora)).toMatchObject({ returned: 1, accepted: 1 });
  expect(contribution(table, anna)).toMatchObject({ returned: 1, lost: 1 });
  const evidence = { checkPassed: 0, checkFailed: 1, caught: 2, reopened: 1 };
  expect(totals).toMatchObject({ chunksAccepted: 10, evidence });
});

test('a liar who does so gains nothing but a vote, and loses it', () => {
  const { table, standings, compute, check } = deceived();
  // What two peers said was right this time: it is dora who lies.
  table.result(dora, resultOf(check(dora, 8), 77), 1);
  expect(compute(cora, 99)).toEqual(moved({ accepted: [8], caught: [dora] }));
  expect(standings.isCaught(dora)).toBe(true);
});

test('against what the requester computed itself nobody is heard', () => {
  const { table, standings, check } = deceived();
  expect(table.result(cora, resultOf(check(cora, 0), 77), 1)).toEqual(moved({ caught: [cora] }));
  expect(standings.isCaught(cora)).toBe(true);
});
