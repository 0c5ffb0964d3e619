import { describe, expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { PeerId } from '../../../src/model/ids.ts';
import type { Offer } from '../../../src/model/offer.ts';
import { OfferBook } from '../../../src/protocol/offer-book.ts';
import {
  anna,
  bert,
  jobNumbered,
  offerOf,
  peerNumbered,
  startUnixMs,
} from '../../support/protocol-fixtures.ts';

const nowMs = startUnixMs;

/** A book that has received these offers, each at the start. */
function bookOf(...offers: Partial<Offer>[]): OfferBook {
  const book = new OfferBook();
  for (const offer of offers) book.receive(offerOf(offer), nowMs);
  return book;
}

const openIn = (book: OfferBook) =>
  book.open().map(({ offer }) => [offer.requester, offer.job, offer.sequence]);

describe('what is news', () => {
  test('an offer is new once, and an older one of the same job is a duplicate', () => {
    const book = new OfferBook();
    expect(book.receive(offerOf({ sequence: 2 }), nowMs)).toBe('new');
    expect(book.receive(offerOf({ sequence: 2 }), nowMs)).toBe('duplicate');
    expect(book.receive(offerOf({ sequence: 1 }), nowMs)).toBe('duplicate');
    expect(book.receive(offerOf({ sequence: 3 }), nowMs)).toBe('new');
    expect(openIn(book)).toEqual([[anna, jobNumbered(1), 3]]);
  });

  test.each([
    ['expired', 0],
    ['expired', -1],
    ['new', 1],
    ['new', 15 * 60_000],
    ['refused', 15 * 60_000 + 1],
  ] as const)('an offer is %s when %d ms of its life are left', (reception, leftMs) => {
    const offer = offerOf({ expiresAtMs: nowMs + leftMs });
    expect(new OfferBook().receive(offer, nowMs)).toBe(reception);
  });

  test('a closed job is remembered: a late copy of its open offer does not bring it back', () => {
    const book = bookOf({ sequence: 1 }, { sequence: 2, closed: true });
    expect(openIn(book)).toEqual([]);
    expect(book.receive(offerOf({ sequence: 1 }), nowMs)).toBe('duplicate');
    expect(book.size).toBe(1);
  });

  test('nobody can close somebody else’s job', () => {
    const book = bookOf({ requester: anna }, { requester: bert, sequence: 9, closed: true });
    book.close(bert, jobNumbered(1));
    expect(openIn(book)).toEqual([[anna, jobNumbered(1), 1]]);
  });

  test('a requester that says its job has ended closes it at once, and may open it anew', () => {
    const book = bookOf({ sequence: 5 });
    book.close(anna, jobNumbered(1));
    book.close(anna, jobNumbered(2));
    expect(openIn(book)).toEqual([]);
    expect(book.receive(offerOf({ sequence: 5 }), nowMs)).toBe('duplicate');
    expect(book.receive(offerOf({ sequence: 6, closed: true }), nowMs)).toBe('new');
  });

  test('offers are forgotten when they expire', () => {
    const book = bookOf(
      { job: jobNumbered(1), expiresAtMs: nowMs + 10 },
      { job: jobNumbered(2), expiresAtMs: nowMs + 20, closed: true },
      { job: jobNumbered(3), expiresAtMs: nowMs + 30 },
    );
    book.expire(nowMs + 20);
    expect(openIn(book)).toEqual([[anna, jobNumbered(3), 1]]);
    expect(book.size).toBe(1);
  });

  test('open offers stand in the order of their news', () => {
    const book = bookOf(
      { job: jobNumbered(1) },
      { job: jobNumbered(2) },
      { job: jobNumbered(1), sequence: 2 },
    );
    expect(openIn(book)).toEqual([
      [anna, jobNumbered(2), 1],
      [anna, jobNumbered(1), 2],
    ]);
  });
});

describe('bounds', () => {
  const jobs = (requester: PeerId, count: number, changes: Partial<Offer> = {}) =>
    Array.from({ length: count }, (_, number) => ({
      requester,
      job: jobNumbered(number),
      ...changes,
    }));

  test('a requester with many live jobs is heard no further, others are', () => {
    const book = bookOf(...jobs(anna, limits.offersPerRequesterMax));
    expect(book.receive(offerOf({ job: jobNumbered(1000) }), nowMs)).toBe('refused');
    expect(book.receive(offerOf({ job: jobNumbered(1), sequence: 2 }), nowMs)).toBe('new');
    expect(book.receive(offerOf({ requester: bert }), nowMs)).toBe('new');
  });

  test('jobs that have ended make room for the same requester’s next ones', () => {
    const book = bookOf(...jobs(anna, limits.offersPerRequesterMax), {
      job: jobNumbered(0),
      sequence: 2,
      closed: true,
    });
    expect(book.receive(offerOf({ job: jobNumbered(1000) }), nowMs)).toBe('new');
    expect(book.receive(offerOf({ job: jobNumbered(1001) }), nowMs)).toBe('refused');
    expect(book.size).toBe(limits.offersPerRequesterMax);
    const short = bookOf(...jobs(anna, 1000, { closed: true }));
    expect(short.size).toBe(limits.offersPerRequesterMax);
  });

  test('room is made when offers expire', () => {
    const book = bookOf(...jobs(anna, limits.offersPerRequesterMax));
    book.expire(nowMs + 60_000);
    const later = offerOf({ job: jobNumbered(1000), expiresAtMs: nowMs + 70_000 });
    expect(book.receive(later, nowMs + 60_000)).toBe('new');
  });

  test('past the most offers the oldest news is dropped', () => {
    const book = new OfferBook();
    for (let number = 0; number <= limits.offersMax; number++) {
      book.receive(offerOf({ requester: peerNumbered(number) }), nowMs);
    }
    expect(book.size).toBe(limits.offersMax);
    expect(openIn(book)[0]).toEqual([peerNumbered(1), jobNumbered(1), 1]);
  });
});
