import { expect, test } from 'vitest';

import { OldOrigins } from '../../../../src/protocol/overlay/old-origins.ts';
import { anna, bert, peerNumbered } from '../../../support/protocol-fixtures.ts';

const MINUTE_MS = 60_000;

/** Hears of an origin three times in a minute, up to and including `toMs`. */
function hear(origins: OldOrigins, origin: typeof anna, fromMs: number, toMs: number): void {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 20_000) origins.heard(origin, nowMs);
}

test('who has sent offers for five minutes without a gap may send more', () => {
  const origins = new OldOrigins();
  hear(origins, anna, 0, 5 * MINUTE_MS);
  expect(origins.allows(anna, 5 * MINUTE_MS - 1)).toBe(false);
  expect(origins.allows(anna, 5 * MINUTE_MS)).toBe(true);
  expect(origins.allows(bert, 5 * MINUTE_MS)).toBe(false);
});

test('who was silent for longer than an offer lives begins anew', () => {
  const origins = new OldOrigins();
  hear(origins, anna, 0, 10 * MINUTE_MS);
  expect(origins.allows(anna, 11 * MINUTE_MS)).toBe(true);
  expect(origins.allows(anna, 11 * MINUTE_MS + 1)).toBe(false);
  origins.heard(anna, 11 * MINUTE_MS + 1);
  expect(origins.allows(anna, 11 * MINUTE_MS + 1)).toBe(false);
});

test('each has 8 offers at once, and then one in five seconds', () => {
  const origins = new OldOrigins();
  hear(origins, anna, 0, 5 * MINUTE_MS);
  const take = (nowMs: number): number => {
    let taken = 0;
    for (; origins.allows(anna, nowMs) && taken < 100; taken += 1) origins.spend(anna);
    return taken;
  };
  expect([take(5 * MINUTE_MS), take(5 * MINUTE_MS + 5_000)]).toEqual([8, 1]);
});

test('however many come, nobody is pushed out, and the places of the silent are taken', () => {
  const origins = new OldOrigins();
  const nowMs = 5 * MINUTE_MS;
  hear(origins, anna, 0, nowMs);
  for (let number = 0; number < 10_000; number++) origins.heard(peerNumbered(number), nowMs);
  expect(origins.allows(anna, nowMs)).toBe(true);
  hear(origins, bert, nowMs, nowMs + MINUTE_MS);
  expect(origins.allows(bert, nowMs + 6 * MINUTE_MS)).toBe(false);
  hear(origins, bert, nowMs + 2 * MINUTE_MS, nowMs + 7 * MINUTE_MS);
  expect(origins.allows(bert, nowMs + 7 * MINUTE_MS)).toBe(true);
});
