import { expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import { Conduct } from '../../../../src/protocol/overlay/conduct.ts';

/** How often in a row it is fine, up to 100,000. */
function times(isFine: () => boolean): number {
  let count = 0;
  while (count < 100_000 && isFine()) count += 1;
  return count;
}

test('a neighbour may announce all offers there can be, three times, and 500 in a second', () => {
  const conduct = new Conduct();
  expect(conduct.announces(3 * limits.offersMax + 1, 0)).toBe(false);
  expect(conduct.announces(3 * limits.offersMax, 0)).toBe(true);
  expect(conduct.announces(1, 0)).toBe(false);
  expect(conduct.announces(500, 1_000)).toBe(true);
  expect(conduct.announces(1, 1_000)).toBe(false);
});

test('and ask for as many', () => {
  const conduct = new Conduct();
  expect(conduct.asks(3 * limits.offersMax, 0)).toBe(true);
  expect(conduct.asks(1, 0)).toBe(false);
  expect(conduct.asks(500, 1_000)).toBe(true);
  expect(conduct.asks(1, 1_000)).toBe(false);
});

test('a requester’s own offers are far from its bound, with 64 jobs offered each second', () => {
  const conduct = new Conduct();
  for (let nowMs = 0; nowMs < 600_000; nowMs += 1_000) {
    for (let job = 0; job < limits.offersPerRequesterMax; job++) {
      expect(conduct.offersItsOwn(nowMs)).toBe(true);
    }
  }
  expect(times(() => conduct.offersItsOwn(600_000))).toBe(1024);
});

test('useless copies are forgiven by the thousand, long expired offers by the dozen', () => {
  expect(times(() => new Conduct().sendsUseless(0))).toBe(100_000);
  const [useless, stale] = [new Conduct(), new Conduct()];
  expect(times(() => useless.sendsUseless(0))).toBe(2_048);
  expect(useless.sendsUseless(100)).toBe(true);
  expect(times(() => stale.sendsStale(0))).toBe(32);
  expect(stale.sendsUseless(0)).toBe(false);
});

test('the same offer is sent once in ten seconds, others as many as there can be', () => {
  const conduct = new Conduct();
  expect([conduct.isAnswered('a', 0), conduct.isAnswered('a', 9_999)]).toEqual([true, false]);
  expect(conduct.isAnswered('a', 10_000)).toBe(true);
  let number = 0;
  expect(times(() => conduct.isAnswered(`${number++}`, 10_000))).toBe(limits.offersMax - 1);
  expect(conduct.isAnswered('b', 10_020)).toBe(true);
});

test('who owes 256 answers is asked only ten times a second, and more as it answers', () => {
  const conduct = new Conduct();
  expect(times(() => conduct.isAsked(0))).toBe(256);
  conduct.hasAnswered();
  expect([conduct.isAsked(0), conduct.isAsked(0)]).toEqual([true, false]);
  expect(times(() => conduct.isAsked(1_000))).toBe(10);
});
