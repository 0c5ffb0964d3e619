/** What a peer is leased when everybody has had their say, and that is not enough. */

import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { anna, bert, cora, dora, resultOf, self } from '../../../support/protocol-fixtures.ts';
import { evidenceOf, kept, moved, pioneers } from '../../../support/protocol-evidence.ts';

/** When a twin would be made of what was leased at 0. */
const stalledMs = 500;

/** All have voted on the last chunk, these wrongly, and nobody is believed. */
function stalled(liars: readonly PeerId[]) {
  const passed = [
    [anna, 20],
    [bert, 2],
    [cora, 2],
    [dora, 2],
  ] as const;
  const evidence = evidenceOf({ chunks: pioneers + 1, passed });
  evidence.pioneer();
  const votes = passed.map(([peer]) =>
    evidence.compute(peer, liars.includes(peer) ? 99 : pioneers),
  );
  const [first] = votes;
  expect(first).toEqual(moved({ stored: [kept(8, liars.includes(anna) ? 99 : 8)] }));
  expect(votes.slice(1)).toEqual([moved(), moved(), moved()]);
  /** The chunks that a peer is leased, one of the first at random if it is a check. */
  const leased = (peer: PeerId, nowMs: number, random = 0) => {
    evidence.dice.clear();
    // Whether it is its turn to be checked, and by which chunk.
    for (let times = 0; times < 3; times++) evidence.dice.throw(random);
    return evidence.table.lease(peer, 5, nowMs);
  };
  // It is nobody's turn to be checked before they have worked again.
  for (const [peer] of passed) expect(evidence.table.lease(peer, 1, 0)).toEqual([]);
  return { ...evidence, leased };
}

test('the majority is checked, one chunk at a time, until it is believed', () => {
  const { table, leased } = stalled([anna]);
  const lastMs = stalledMs - 1;
  expect([bert, cora, dora].map((peer) => leased(peer, lastMs))).toEqual([[], [], []]);
  const given: number[] = [];
  let settlement = moved();
  for (let turn = 0; table.disputed > 0 && turn < 3 * pioneers; turn++) {
    const peer = [bert, cora, dora][turn % 3] ?? bert;
    const [lease, ...others] = leased(peer, stalledMs, Math.floor(turn / 3) / pioneers);
    if (lease === undefined) throw new Error(`nothing in turn ${turn}`);
    expect([others, leased(peer, stalledMs)]).toEqual([[], []]);
    given.push(lease.chunk);
    settlement = table.result(peer, resultOf(lease), stalledMs);
  }
  // Last of all the value, which nobody has kept.
  expect(settlement).toEqual(moved({ stored: [kept(8)], accepted: [8], caught: [anna] }));
  expect(given.at(-1)).toBe(8);
  expect(given.slice(0, 4)).toEqual([0, 0, 0, 1]);
  expect(leased(bert, stalledMs)).toEqual([]);
});

test('nobody is while somebody computes a chunk, or has just had its say', () => {
  const { table, leased } = stalled([anna]);
  const own = leased(self, 400);
  expect([own.length, leased(bert, 60_000)]).toEqual([1, []]);
  const [lease] = own;
  if (lease === undefined) throw new Error('no lease');
  table.result(self, { ...resultOf(lease), outcome: { type: 'returned' } }, 60_000);
  expect([leased(bert, 60_000), leased(bert, 60_000 + stalledMs - 1)]).toEqual([[], []]);
  expect(leased(bert, 61_000)).toHaveLength(1);
});

test('who is alone with its word is not, nor is anybody where the sides are even', () => {
  const all = [anna, bert, cora, dora];
  const alone = stalled([anna]);
  expect(alone.leased(anna, 60_000)).toEqual([]);
  const even = stalled([anna, bert]);
  expect(all.map((peer) => even.leased(peer, 60_000))).toEqual([[], [], [], []]);
});

test('the requester’s own vote is asked for before, and checks nobody', () => {
  const { table, leased } = stalled([anna]);
  expect(leased(self, stalledMs)).toEqual([{ lease: expect.any(Number), chunk: pioneers }]);
  expect(leased(bert, stalledMs)).toEqual([]);
  expect(table.inFlight).toBe(1);
});
