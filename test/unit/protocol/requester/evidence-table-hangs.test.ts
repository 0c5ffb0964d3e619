/** A table that believes on evidence: what is believed late still comes to its end. */

import { expect, test } from 'vitest';

import {
  anna,
  bert,
  cora,
  dora,
  failureOf,
  peerNumbered,
  resultOf,
  self,
} from '../../../support/protocol-fixtures.ts';
import { evidenceOf, kept, moved } from '../../../support/protocol-evidence.ts';
import { leaseOne } from '../../../support/protocol-leases.ts';

test('a result that is believed when its value was not kept is asked for again', () => {
  const passed = [anna, bert].map((peer) => [peer, 5] as const);
  const { table, standings, compute, check, pioneer } = evidenceOf({ chunks: 9, passed });
  pioneer();
  // The first value is the one that is kept.
  compute(dora, 99);
  compute(anna);
  expect(compute(bert)).toEqual(moved());
  for (let passes = 0; passes < 300; passes++) standings.pass(anna);
  table.result(anna, resultOf(check(anna)), 1);
  expect(compute(bert)).toEqual(moved({ stored: [kept(8)], accepted: [8], caught: [dora] }));
});

test('a failure that is believed later ends the job', () => {
  const passed = [anna, bert].map((peer) => [peer, 5] as const);
  const { table, standings, check, pioneer } = evidenceOf({ chunks: 9, passed });
  pioneer();
  for (const peer of [anna, bert]) {
    expect(table.result(peer, failureOf(leaseOne(table, peer)), 1)).toEqual(moved());
  }
  for (let passes = 0; passes < 5_000; passes++) standings.pass(anna);
  expect(table.result(anna, resultOf(check(anna)), 1)).toMatchObject({ type: 'job-failed' });
});

test('strangers alone decide nothing, once they could be known', () => {
  const { table, compute, pioneer } = evidenceOf({ chunks: 9, passed: [[cora, 5]] });
  pioneer();
  const strangers = Array.from({ length: 12 }, (_, number) => peerNumbered(number));
  for (const peer of strangers) compute(peer, 99);
  expect(table.tally.totals.chunksAccepted).toBe(8);
  const caught = strangers.map((peer) => ({ peer }));
  expect(compute(self)).toMatchObject({ accepted: [8], caught });
});

test('who repeats what is wrongly believed, when it is checked, is caught with the others', () => {
  const passed = [anna, bert, cora].map((peer) => [peer, 10] as const);
  const { table, compute, check, pioneer } = evidenceOf({ chunks: 9, passed });
  pioneer();
  compute(anna, 99);
  compute(bert, 99);
  table.result(cora, resultOf(check(cora, 8), 99), 1);
  expect(table.result(anna, resultOf(check(anna), 77), 1)).toEqual(moved({ caught: [anna] }));
  const fallen = table.result(bert, resultOf(check(bert), 77), 1);
  expect(fallen).toEqual(moved({ reopened: [8], caught: [bert] }));
  expect(compute(self)).toMatchObject({ accepted: [8], caught: [{ peer: cora }] });
});
