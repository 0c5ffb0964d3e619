import { expect, test } from 'vitest';

import { MisbehavedPeers } from '../../../../src/protocol/overlay/misbehaved-peers.ts';
import { anna, bert, peerNumbered } from '../../../support/protocol-fixtures.ts';

const MINUTE_MS = 60_000;

test('who misbehaved is left alone for ten minutes', () => {
  const peers = new MisbehavedPeers();
  peers.add(anna, 1_000);
  expect(peers.has(anna, 1_000 + 10 * MINUTE_MS - 1)).toBe(true);
  expect(peers.has(anna, 1_000 + 10 * MINUTE_MS)).toBe(false);
  expect(peers.has(bert, 1_000)).toBe(false);
});

test.each([
  [2, 20],
  [3, 40],
  [7, 640],
  [8, 1_280],
  [9, 1_440],
  [30, 1_440],
])('who misbehaved %i times is left alone for %i minutes', (times, minutes) => {
  const peers = new MisbehavedPeers();
  for (let time = 0; time < times; time++) peers.add(anna, 0);
  expect(peers.has(anna, minutes * MINUTE_MS - 1)).toBe(true);
  expect(peers.has(anna, minutes * MINUTE_MS)).toBe(false);
});

test('of very many the one that misbehaved longest ago is forgotten', () => {
  const peers = new MisbehavedPeers();
  for (let number = 0; number < 256; number++) peers.add(peerNumbered(number), 0);
  peers.add(peerNumbered(0), 1);
  peers.add(anna, 2);
  expect(peers.has(peerNumbered(0), 3)).toBe(true);
  expect(peers.has(peerNumbered(1), 3)).toBe(false);
  expect(peers.has(peerNumbered(2), 3)).toBe(true);
});
