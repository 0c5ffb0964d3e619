import { expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { PeerId } from '../../../../src/model/ids.ts';
import { OriginRates } from '../../../../src/protocol/overlay/origin-rates.ts';
import { anna, bert, cora, peerNumbered } from '../../../support/protocol-fixtures.ts';

/** Has the origin send `count` offers. @returns how many were taken */
function take(rates: OriginRates, origin: PeerId, count: number, nowMs: number): number {
  let taken = 0;
  for (let number = 0; number < count; number++) {
    if (!rates.allows(origin, nowMs)) continue;
    rates.spend(origin, nowMs);
    taken += 1;
  }
  return taken;
}

test('in quiet times a requester may send 256 offers at once, and then 8 in a second', () => {
  const rates = new OriginRates();
  expect(take(rates, anna, 1_000, 0)).toBe(256);
  expect(take(rates, anna, 1_000, 1_000)).toBe(8);
  expect(take(rates, bert, 1, 1_000)).toBe(1);
});

test('a script with four small jobs in a second is never stopped', () => {
  const rates = new OriginRates();
  for (let nowMs = 0; nowMs < 600_000; nowMs += 250) expect(take(rates, anna, 2, nowMs)).toBe(2);
});

test('when half of the whole is used up, each may send 32, and then 1 in 5 seconds', () => {
  const rates = new OriginRates();
  for (let number = 0; number < 14; number++) take(rates, peerNumbered(number), 256, 0);
  expect(take(rates, anna, 1_000, 0)).toBe(32);
  expect(take(rates, peerNumbered(0), 1_000, 0)).toBe(0);
  expect(take(rates, bert, 10, 0)).toBe(10);
  for (let number = 100; number < 1_200; number++) take(rates, peerNumbered(number), 1, 5_000);
  expect(take(rates, anna, 1_000, 5_000)).toBe(1);
});

test('what was fine in quiet times is not held against a requester in a flood', () => {
  const rates = new OriginRates();
  for (let nowMs = 0; nowMs < 600_000; nowMs += 250) take(rates, anna, 2, nowMs);
  for (let number = 0; number < 9; number++) take(rates, peerNumbered(number), 256, 600_000);
  expect(take(rates, anna, 10, 600_000)).toBe(1);
  // The whole has been kept at its half meanwhile.
  let flooder = 9;
  for (let nowMs = 600_000; nowMs <= 605_000; nowMs += 100) {
    for (let count = 0; count < 20; count++) take(rates, peerNumbered(flooder++), 1, nowMs);
  }
  expect(take(rates, anna, 10, 605_000)).toBe(1);
});

test('of however many requesters, 4096 offers are taken at once, then 200 in a second', () => {
  const rates = new OriginRates();
  let taken = 0;
  for (let number = 0; number < 5_000; number++) taken += take(rates, peerNumbered(number), 1, 0);
  expect(taken).toBe(limits.offersMax);
  for (let number = 0; number < 5_000; number++) {
    taken += take(rates, peerNumbered(number), 1, 1_000);
  }
  expect(taken).toBe(limits.offersMax + 200);
});

test('the requester not heard of for longest is forgotten first', () => {
  const rates = new OriginRates();
  take(rates, anna, 256, 0);
  take(rates, bert, 256, 0);
  for (let number = 0; number < limits.offersMax - 2; number++) {
    take(rates, peerNumbered(number), 1, number * 10);
  }
  const nowMs = limits.offersMax * 10;
  take(rates, anna, 1, nowMs);
  // One more than are remembered.
  take(rates, cora, 1, nowMs);
  expect(take(rates, bert, 300, nowMs)).toBe(256);
});

test('a flood of new requesters leaves room for one that was there long before', () => {
  const rates = new OriginRates();
  let flooder = 0;
  let taken = 0;
  for (let nowMs = 0; nowMs <= 300_000; nowMs += 20_000) taken += take(rates, anna, 1, nowMs);
  expect(taken).toBe(16);
  const flood = (untilMs: number) => {
    for (let nowMs = untilMs - 19_990; nowMs <= untilMs; nowMs += 10) {
      for (let count = 0; count < 10; count++) take(rates, peerNumbered(flooder++), 1, nowMs);
    }
    return [take(rates, anna, 1, untilMs), take(rates, bert, 1, untilMs)];
  };
  // The first one still uses up what was left from quiet times.
  flood(320_000);
  expect([340_000, 360_000, 380_000].map((untilMs) => flood(untilMs))).toEqual([
    [1, 0],
    [1, 0],
    [1, 0],
  ]);
});
