import { expect, test } from 'vitest';

import { DepartedPeers } from '../../../../src/protocol/overlay/departed-peers.ts';
import { recordOf } from '../../../support/membership-fixtures.ts';

const departed = recordOf(1, { sequence: 5 }).record;

test('the record that a peer had when it went is no news of it, nor an older one', () => {
  const peers = new DepartedPeers();
  peers.add(departed, 0);
  expect(peers.has(departed, 1)).toBe(true);
  expect(peers.has({ ...departed, sequence: 4 }, 1)).toBe(true);
  expect(peers.has(recordOf(2).record, 1)).toBe(false);
});

test('a newer record brings it back', () => {
  const peers = new DepartedPeers();
  peers.add(departed, 0);
  expect(peers.has({ ...departed, sequence: 6 }, 1)).toBe(false);
});

test('after ten minutes it may have come back with the record that it had', () => {
  const peers = new DepartedPeers();
  peers.add(departed, 0);
  expect(peers.has(departed, 599_999)).toBe(true);
  expect(peers.has(departed, 600_000)).toBe(false);
});

test('of very many the one that went longest ago is forgotten', () => {
  const peers = new DepartedPeers();
  for (let number = 0; number < 257; number++) peers.add(recordOf(number).record, 0);
  expect(peers.has(recordOf(0).record, 1)).toBe(false);
  expect(peers.has(recordOf(1).record, 1)).toBe(true);
});
