import { expect, test } from 'vitest';

import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import { OfferedAddresses } from '../../../../src/protocol/volunteer/offered-addresses.ts';
import {
  anna,
  bert,
  jobNumbered,
  offerOf,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';

const known = { requester: anna, addresses: ['anna:1'], job: jobNumbered(1) };

test('the newest offer says where a requester is, whatever job it is of', () => {
  const book = new OfferBook();
  const addresses = new OfferedAddresses(book);
  expect(addresses.of(known)).toEqual(['anna:1']);
  book.receive(offerOf({ job: jobNumbered(2), addresses: ['anna:2'] }), startUnixMs);
  const later = { expiresAtMs: startUnixMs + 80_000, addresses: ['anna:3'] };
  book.receive(offerOf({ job: jobNumbered(3), ...later }), startUnixMs);
  book.receive(offerOf({ job: jobNumbered(4), addresses: ['anna:4'] }), startUnixMs);
  expect(addresses.of(known)).toEqual(['anna:3']);
  expect(addresses.of({ ...known, requester: bert })).toEqual(['anna:1']);
});

test('news of a requester is what it has offered since it was lost', () => {
  const book = new OfferBook();
  book.receive(offerOf(), startUnixMs);
  const addresses = new OfferedAddresses(book);
  expect(addresses.hasNews(anna)).toBe(false);
  addresses.failed(anna);
  expect(addresses.hasNews(anna)).toBe(false);
  book.receive(offerOf({ sequence: 2, expiresAtMs: startUnixMs + 70_000 }), startUnixMs);
  expect(addresses.hasNews(anna)).toBe(true);
  addresses.failed(anna);
  expect(addresses.hasNews(anna)).toBe(false);
});
