import { expect, test } from 'vitest';

import { PrefixTally } from '../../../../src/protocol/overlay/prefix-tally.ts';

test('a prefix gets its share of places and no more', () => {
  const tally = new PrefixTally(2);
  tally.add(['8.8']);
  expect(tally.admits(['8.8'])).toBe(true);
  tally.add(['8.8', '9.9']);
  expect(tally.admits(['8.8'])).toBe(false);
  expect(tally.admits(['9.9', '8.8'])).toBe(false);
  expect(tally.admits(['9.9'])).toBe(true);
});

test('a place that was left is free again', () => {
  const tally = new PrefixTally(1);
  tally.add(['8.8', '9.9']);
  tally.remove(['8.8']);
  expect(tally.admits(['8.8'])).toBe(true);
  expect(tally.admits(['9.9'])).toBe(false);
});

test('what has no prefix is always admitted', () => {
  const tally = new PrefixTally(0);
  expect(tally.admits([])).toBe(true);
  expect(tally.admits(['8.8'])).toBe(false);
});
