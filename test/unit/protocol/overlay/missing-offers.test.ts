import { expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { PeerId } from '../../../../src/model/ids.ts';
import {
  GRAFT_AFTER_MS,
  type MissingOffer,
  MissingOffers,
  NEXT_AFTER_MS,
} from '../../../../src/protocol/overlay/missing-offers.ts';
import { anna, bert, cora, jobNumbered, peerNumbered } from '../../../support/protocol-fixtures.ts';

const nameOf = (number: number) => ({ requester: cora, job: jobNumbered(number), sequence: 1 });

function add(missing: MissingOffers, number: number, nowMs: number, peer: PeerId = anna): void {
  missing.add(nameOf(number), `${number}`, { peer, hops: 3, asked: false }, 'graft', nowMs);
}

const keysOf = (entries: readonly MissingOffer[]) => entries.map(({ key }) => key);

test('a named offer is given time to come, and less when somebody was asked for it', () => {
  const missing = new MissingOffers();
  expect(missing.dueAtMs).toBe(Infinity);
  add(missing, 1, 10);
  add(missing, 2, 20);
  expect(missing.dueAtMs).toBe(10 + GRAFT_AFTER_MS);
  const nowMs = 10 + GRAFT_AFTER_MS;
  const [first] = missing.due(nowMs);
  expect(first).toMatchObject({ key: '1', askBy: 'graft', name: nameOf(1) });
  if (first?.announcers[0] === undefined) throw new Error('nothing is due');
  first.announcers[0].asked = true;
  missing.waitAgain(first, nowMs);
  expect(missing.dueAtMs).toBe(20 + GRAFT_AFTER_MS);
  expect(keysOf(missing.due(nowMs + NEXT_AFTER_MS))).toEqual(['2', '1']);
});

test('what was asked for at once waits for the answer only', () => {
  const missing = new MissingOffers();
  missing.add(nameOf(1), '1', { peer: anna, hops: 0, asked: true }, 'want', 0);
  expect(missing.dueAtMs).toBe(NEXT_AFTER_MS);
});

test('what has come is missed no more, and tells who had it', () => {
  const missing = new MissingOffers();
  add(missing, 1, 0);
  expect(missing.announcedAgain('1', bert, 5)).toBe(true);
  expect(missing.announcedAgain('1', bert, 6)).toBe(true);
  expect(missing.announcedAgain('2', bert, 5)).toBe(false);
  expect(missing.take('1')?.announcers).toEqual([
    { peer: anna, hops: 3, asked: false },
    { peer: bert, hops: 5, asked: false },
  ]);
  expect([missing.take('1'), missing.size, missing.dueAtMs]).toEqual([undefined, 0, Infinity]);
});

test('what nobody may be asked for is given up after half a minute', () => {
  const missing = new MissingOffers();
  add(missing, 1, 0);
  for (let nowMs = 0; missing.size > 0; nowMs += GRAFT_AFTER_MS) {
    expect(nowMs).toBeLessThan(32_000);
    for (const entry of missing.due(nowMs)) missing.waitAgain(entry, nowMs);
  }
});

test('a neighbour that makes up names leaves room for what others name', () => {
  const missing = new MissingOffers();
  for (let number = 0; number < limits.offersMax + 10; number++) add(missing, number, 0);
  expect(missing.size).toBe(limits.offersMax);
  add(missing, 10_000, 0, bert);
  expect(missing.size).toBe(limits.offersMax + 1);
  missing.take('0');
  add(missing, 10_001, 0);
  add(missing, 10_002, 0);
  expect(missing.size).toBe(limits.offersMax + 1);
  missing.gone(anna);
  add(missing, 10_002, 0);
  expect(missing.size).toBe(limits.offersMax + 2);
});

test('of many announcers the first sixteen are remembered', () => {
  const missing = new MissingOffers();
  add(missing, 1, 0);
  for (let number = 0; number < 20; number++) {
    missing.announcedAgain('1', peerNumbered(number), 1);
  }
  const peers = missing.take('1')?.announcers.map(({ peer }) => peer);
  expect(peers).toEqual([anna, ...Array.from({ length: 15 }, (_, number) => peerNumbered(number))]);
});
