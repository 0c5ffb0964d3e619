import { expect, test } from 'vitest';

import { Strangers } from '../../../../src/protocol/requester/strangers.ts';
import { anna, bert, cora, dora, self } from '../../../support/protocol-fixtures.ts';
import { standingsOf } from '../../../support/protocol-evidence.ts';

const standings = standingsOf([
  [cora, 1],
  [dora, 0.9],
]);
const strangers = new Strangers(self, standings, { suffice: true });

test('who has not passed a check yet is one, and whose last one was long ago', () => {
  expect([anna, cora, dora, self].map((peer) => strangers.has(peer))).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

test('who is caught is one again', () => {
  const known = standingsOf([[anna, 50]]);
  known.catch(anna, 'lied');
  expect(new Strangers(self, known, { suffice: true }).has(anna)).toBe(true);
});

test.each([
  { why: 'four at least', held: [], room: 4 },
  { why: 'all strangers together', held: [[anna, 1] as const, [bert, 2] as const], room: 1 },
  { why: 'four for few others', held: [[cora, 99] as const], room: 4 },
  { why: 'a twentieth of what the others hold', held: [[cora, 160] as const], room: 8 },
  { why: 'the requester is no stranger', held: [[self, 100] as const], room: 5 },
  { why: 'what they hold already', held: [[cora, 160] as const, [anna, 5] as const], room: 3 },
  { why: 'none is left', held: [[anna, 4] as const], room: 0 },
])('how many leases more they may have: $why', ({ held, room }) => {
  expect(strangers.room(new Map(held))).toBe(room);
});
