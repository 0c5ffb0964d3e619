import { describe, expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { PeerId } from '../../../../src/model/ids.ts';
import type { Offer } from '../../../../src/model/offer.ts';
import { OfferBook, offerKey } from '../../../../src/protocol/overlay/offer-book.ts';
import {
  anna,
  bert,
  cora,
  jobNumbered,
  offerOf,
  peerNumbered,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';

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

  test('past the most offers, of requesters with one each the oldest news is dropped', () => {
    const book = new OfferBook();
    for (let number = 0; number <= limits.offersMax; number++) {
      book.receive(offerOf({ requester: peerNumbered(number) }), nowMs);
    }
    expect(book.size).toBe(limits.offersMax);
    expect(openIn(book)[0]).toEqual([peerNumbered(1), jobNumbered(1), 1]);
  });

  test('two thousand flooding requesters do not push out those with one or two jobs', () => {
    const book = new OfferBook();
    const honest = Array.from({ length: 50 }, (_, number) => peerNumbered(10_000 + number));
    for (const requester of honest) {
      for (const offer of jobs(requester, 2)) book.receive(offerOf(offer), nowMs);
    }
    for (let job = 0; job < limits.offersPerRequesterMax; job++) {
      for (let number = 0; number < 2_000; number++) {
        book.receive(offerOf({ requester: peerNumbered(number), job: jobNumbered(job) }), nowMs);
      }
    }
    expect(book.size).toBe(limits.offersMax);
    for (const requester of honest) {
      for (const { job } of jobs(requester, 2)) {
        expect(book.isOpen(offerKey(requester, job))).toBe(true);
      }
    }
  });

  test('a full book drops the oldest offer of who has the most', () => {
    const book = bookOf(...jobs(anna, 3), ...jobs(bert, 2));
    for (let number = 0; book.size < limits.offersMax; number++) {
      book.receive(offerOf({ requester: peerNumbered(number) }), nowMs);
    }
    book.receive(offerOf({ requester: anna, job: jobNumbered(0), sequence: 2 }), nowMs);
    book.receive(offerOf({ requester: cora }), nowMs);
    const isOpen = [0, 1, 2].map((number) => book.isOpen(offerKey(anna, jobNumbered(number))));
    expect(isOpen).toEqual([true, false, true]);
    expect(book.isOpen(offerKey(bert, jobNumbered(0)))).toBe(true);
  });
});

describe('what is open', () => {
  test('the revision rises with every change of it, and with nothing else', () => {
    const book = new OfferBook();
    const revisions = [
      () => book.receive(offerOf(), nowMs),
      () => book.receive(offerOf(), nowMs),
      () => book.receive(offerOf({ sequence: 2 }), nowMs),
      () => book.receive(offerOf({ requester: bert, closed: true }), nowMs),
      () => book.receive(offerOf({ sequence: 3, closed: true }), nowMs),
      () => book.receive(offerOf({ sequence: 4, closed: true }), nowMs),
      () => book.receive(offerOf({ requester: cora }), nowMs),
      () => book.close(bert, jobNumbered(1)),
      () => book.close(cora, jobNumbered(1)),
      () => book.receive(offerOf({ requester: cora, sequence: 2 }), nowMs),
      () => book.expire(nowMs + 59_999),
      () => book.expire(nowMs + 60_000),
    ].map((step) => {
      step();
      return book.revision;
    });
    expect(revisions).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 6, 7]);
  });

  test('the list is the same until something changes', () => {
    const book = bookOf({ job: jobNumbered(1) });
    const before = book.open();
    book.receive(offerOf({ requester: bert, closed: true }), nowMs);
    expect(book.open()).toBe(before);
    book.receive(offerOf({ job: jobNumbered(2) }), nowMs);
    expect(book.open()).toHaveLength(2);
    expect(before).toHaveLength(1);
  });
});

describe('what can be passed on', () => {
  test('an offer is found with the links that it has come over', () => {
    const book = new OfferBook();
    const offer = offerOf();
    book.receive(offer, nowMs, 3);
    expect(book.find(anna, jobNumbered(1))).toMatchObject({ signed: offer, hops: 3 });
    expect(book.find(bert, jobNumbered(1))).toBe(undefined);
  });

  test('a job closed by its requester’s word is passed on as it was signed', () => {
    const offer = offerOf();
    const book = new OfferBook();
    book.receive(offer, nowMs);
    book.close(anna, jobNumbered(1));
    expect(book.find(anna, jobNumbered(1))?.signed).toBe(offer);
    expect(book.names(nowMs)).toHaveLength(1);
  });

  test('names are of offers that live for longer, closed ones too, the last news last', () => {
    const book = new OfferBook();
    const live = (job: number, leftMs: number, changes: Partial<Offer> = {}) =>
      offerOf({ job: jobNumbered(job), expiresAtMs: nowMs + leftMs, ...changes });
    book.receive(live(1, 30_000), nowMs, 4);
    book.receive(live(2, 15_000), nowMs, 2);
    book.receive(live(3, 15_001, { closed: true }), nowMs, 3);
    book.receive(live(1, 30_000, { sequence: 2 }), nowMs, 5);
    expect(book.names(nowMs + 15_000)).toEqual([
      { name: { requester: anna, job: jobNumbered(3), sequence: 1 }, hops: 3 },
      { name: { requester: anna, job: jobNumbered(1), sequence: 2 }, hops: 5 },
    ]);
    expect(book.names(nowMs)).toHaveLength(3);
  });

  test.each([
    ['old', 4, false],
    ['old', 5, false],
    ['news', 6, true],
  ])('%s is a name with sequence %d of a job known with 5', (_, sequence, isNews) => {
    const book = bookOf({ sequence: 5 });
    expect(book.isNews({ requester: anna, job: jobNumbered(1), sequence })).toBe(isNews);
    expect(book.isNews({ requester: bert, job: jobNumbered(1), sequence })).toBe(true);
  });
});
