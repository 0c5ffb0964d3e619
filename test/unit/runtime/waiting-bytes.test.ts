import { expect, test } from 'vitest';

import { WaitingBytes } from '../../../src/runtime/waiting-bytes.ts';
import { anna, bert, cora, dora } from '../../support/protocol-fixtures.ts';

test('one volunteer has a quarter of the room, however much is free', () => {
  const waiting = new WaitingBytes(1_000);
  expect([200, 100, 1].map((bytes) => waiting.take(anna, bytes))).toEqual([true, true, false]);
  expect(waiting.take(bert, 1)).toBe(true);
  waiting.give(anna, 200);
  expect(waiting.take(anna, 1)).toBe(true);
});

test('all together have what there is', () => {
  const waiting = new WaitingBytes(1_000);
  expect([anna, bert, cora].map((peer) => waiting.take(peer, 400))).toEqual([true, true, true]);
  expect(waiting.take(dora, 1)).toBe(false);
  waiting.give(anna, 400);
  expect(waiting.take(dora, 1)).toBe(true);
});
