import { expect, test } from 'vitest';

import type { Offer } from '../../../../src/model/offer.ts';
import { limits } from '../../../../src/model/limits.ts';
import { Declines } from '../../../../src/protocol/volunteer/declines.ts';
import { OfferBook, offerKey } from '../../../../src/protocol/overlay/offer-book.ts';
import {
  anna,
  jobNumbered,
  offerOf,
  peerNumbered,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';

const key = offerKey(anna, jobNumbered(1));

function declinesWith(...offers: Partial<Offer>[]) {
  const book = new OfferBook();
  for (const offer of offers) book.receive(offerOf(offer), startUnixMs);
  return { book, declines: new Declines(book) };
}

test('what can’t be computed is declined while it is offered', () => {
  const { book, declines } = declinesWith({});
  declines.forGood(offerOf().offer, 'too large');
  expect([declines.stands(key, 1e12), declines.dueAtMs]).toEqual([true, Infinity]);
  const { requester, job, name } = offerOf().offer;
  expect(declines.list()).toEqual([{ requester, job, name, reason: 'too large' }]);
  book.close(anna, jobNumbered(1));
  expect(declines.list()).toEqual([]);
  declines.sweep(1);
  expect(declines.stands(key, 2)).toBe(false);
});

test('an expired offer takes its decline with it', () => {
  const { book, declines } = declinesWith({});
  declines.forGood(offerOf().offer, 'too large');
  book.expire(startUnixMs + 60_000);
  declines.sweep(1);
  expect([declines.list(), declines.stands(key, 2)]).toEqual([[], false]);
});

test('what can’t be computed now is left alone, longer each time, until it works', () => {
  const { declines } = declinesWith({});
  const { offer } = offerOf();
  declines.forNow(offer, 'gone', 10);
  expect([declines.stands(key, 1_009), declines.stands(key, 1_010)]).toEqual([true, false]);
  expect(declines.dueAtMs).toBe(1_010);
  declines.sweep(1_010);
  expect([declines.dueAtMs, declines.list()]).toEqual([Infinity, []]);
  declines.forNow(offer, 'gone', 2_000);
  expect(declines.dueAtMs).toBe(4_000);
  declines.recovered(key);
  declines.forNow(offer, 'gone', 5_000);
  expect(declines.dueAtMs).toBe(6_000);
});

test('the newest are told first', () => {
  const jobs = [1, 2, 3].map((number) => ({ job: jobNumbered(number) }));
  const { declines } = declinesWith(...jobs);
  for (const job of jobs) declines.forGood(offerOf(job).offer, 'no');
  expect(declines.list().map(({ job }) => job)).toEqual([3, 2, 1].map(jobNumbered));
});

test('declines are bounded: the oldest goes', () => {
  const { declines } = declinesWith();
  for (let number = 0; number <= limits.offersMax; number++) {
    declines.forGood(offerOf({ requester: peerNumbered(number) }).offer, 'no');
  }
  const stands = (number: number): boolean =>
    declines.stands(offerKey(peerNumbered(number), jobNumbered(1)), 1);
  expect([stands(0), stands(1), stands(limits.offersMax)]).toEqual([false, true, true]);
});
