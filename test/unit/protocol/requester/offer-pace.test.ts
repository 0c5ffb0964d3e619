import { expect, test } from 'vitest';

import { type OfferCause, OfferPace } from '../../../../src/protocol/requester/offer-pace.ts';
import { OriginRates } from '../../../../src/protocol/overlay/origin-rates.ts';
import { anna } from '../../../support/protocol-fixtures.ts';

/** Makes as many offers as may be made, up to `count`. @returns how many */
function offer(pace: OfferPace, cause: OfferCause, live: number, count: number, ms = 0): number {
  let made = 0;
  while (made < count && pace.allows(cause, live, ms)) {
    pace.spend();
    made += 1;
  }
  return made;
}

test('changes leave to each of the most jobs a refresh and a closed offer', () => {
  const pace = new OfferPace();
  expect(offer(pace, 'change', 64, 1_000)).toBe(256 - 2 * 64);
  expect(offer(pace, 'again', 64, 1_000)).toBe(64);
  expect(offer(pace, 'change', 64, 1_000, 8_000)).toBe(0);
  expect(offer(pace, 'again', 64, 1_000, 8_000)).toBe(64);
});

test('a new job is offered only if it can be closed, and all others as well', () => {
  const pace = new OfferPace();
  offer(pace, 'again', 10, 1_000);
  expect([pace.allows('first', 10, 0), pace.allows('first', 10, 249)]).toEqual([false, false]);
  expect(pace.allows('first', 10, 250)).toBe(true);
});

test('others take every offer that is made at this pace', () => {
  const pace = new OfferPace();
  const rates = new OriginRates();
  let live = 0;
  let made = 0;
  for (let ms = 0; ms < 300_000; ms += 10) {
    const starts = live < 64 && offer(pace, 'first', live, 1, ms) === 1;
    if (starts) live += 1;
    const ends = !starts && live > 0;
    if (ends) pace.spend();
    if (ends) live -= 1;
    if (!starts && !ends) continue;
    made += 1;
    expect(rates.allows(anna, ms)).toBe(true);
    rates.spend(anna, ms);
  }
  expect(made).toBeGreaterThan(256 + 290 * 8);
});
