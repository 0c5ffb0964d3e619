import { expect, test } from 'vitest';

import type { Evidence } from '../../../../src/model/evidence.ts';
import type { PeerId } from '../../../../src/model/ids.ts';
import {
  EVIDENCE_LIVES_MS,
  EvidenceBook,
  OWN_EVIDENCE_MAX,
} from '../../../../src/protocol/accusations/evidence-book.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import { evidenceOf } from '../../../support/protocol-accusations.ts';
import {
  anna,
  at,
  bert,
  cora,
  digestNumbered,
  dora,
  peerNumbered,
  self,
} from '../../../support/protocol-fixtures.ts';

function bookWith() {
  const standings = new Standings();
  const book = new EvidenceBook(self, standings);
  /** @returns whether it was news */
  const take = (number: number, changes: Partial<Evidence> = {}, from: PeerId = dora, ms = 0) =>
    book.receive(from, evidenceOf(number, changes), at(ms));
  const due = (ms = 0) => book.due(ms).map(({ signed }) => signed.id);
  const settled = () => book.lastSettled(1_000, at(0)).map(({ id }) => id);
  return { book, standings, take, due, settled };
}

const ids = (...numbers: number[]) => numbers.map((number) => digestNumbered(number));
const numbers = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => from + index);

test('a piece is news once', () => {
  const { book, take, due } = bookWith();
  expect([book.hasUnchecked, take(1), take(1), take(1, {}, anna)]).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect([book.hasUnchecked, due()]).toEqual([true, ids(1)]);
});

test('what is old, or from a time to come, is not taken, and what gets old goes', () => {
  const { book, take, due, settled } = bookWith();
  const issuedAtMs = at(0).unixMs;
  expect(take(1, { issuedAtMs: issuedAtMs - EVIDENCE_LIVES_MS })).toBe(false);
  expect(take(2, { issuedAtMs: issuedAtMs + 3_600_000 })).toBe(false);
  expect([take(3), take(4)]).toEqual([true, true]);
  book.settle(digestNumbered(4));
  expect(settled()).toEqual(ids(4));
  const late = { issuedAtMs: issuedAtMs + EVIDENCE_LIVES_MS };
  expect(take(5, late, dora, EVIDENCE_LIVES_MS)).toBe(true);
  expect([due(), settled()]).toEqual([ids(5), []]);
});

test('nobody is told of what has got old', () => {
  const { book, take } = bookWith();
  take(1);
  book.settle(digestNumbered(1));
  expect(book.lastSettled(9, at(EVIDENCE_LIVES_MS - 1))).toHaveLength(1);
  expect(book.lastSettled(9, at(EVIDENCE_LIVES_MS))).toEqual([]);
});

test('of each accuser the newest is told of first, whoever has the most to tell', () => {
  const { book, take } = bookWith();
  const settle = (number: number, accuser: PeerId): void => {
    take(number, { accuser, culprit: peerNumbered(number) });
    book.settle(digestNumbered(number));
  };
  settle(1, anna);
  for (const number of numbers(2, 5)) settle(number, cora);
  const told = (countMax: number) => book.lastSettled(countMax, at(0)).map(({ id }) => id);
  expect([told(1), told(2), told(4)]).toEqual([ids(6), ids(1, 6), ids(1, 4, 5, 6)]);
});

test('what there is nothing to find out about is not taken', () => {
  const { take, standings } = bookWith();
  standings.catch(cora, 'lied');
  const vain = [{ accuser: self }, { culprit: self }, { accuser: cora }, { culprit: cora }];
  expect(vain.map((changes, number) => take(number, changes))).toEqual(vain.map(() => false));
});

test('who is refused meanwhile leaves nothing to find out', () => {
  const { take, standings, due } = bookWith();
  take(1, { accuser: cora, culprit: bert });
  take(2, { accuser: dora, culprit: anna });
  take(3, { accuser: cora, culprit: anna });
  standings.catch(bert, 'lied');
  standings.catch(dora, 'lied');
  expect(due()).toEqual(ids(3));
});

test('what is settled is not checked again, and what is dropped does not come back', () => {
  const { book, take, due, settled } = bookWith();
  take(1);
  take(2);
  book.settle(digestNumbered(1));
  book.drop(digestNumbered(2));
  expect([due(), settled()]).toEqual([[], ids(1)]);
  expect([take(1), take(2)]).toEqual([false, false]);
  expect(book.settled(digestNumbered(1))).toEqual(evidenceOf(1));
});

test('what could not be told is tried later, and given up after some times', () => {
  const { book, take, due } = bookWith();
  take(1);
  book.postpone(digestNumbered(1), 100, 2);
  expect([due(99), due(100)]).toEqual([[], ids(1)]);
  book.postpone(digestNumbered(1), 200, 2);
  expect([due(200), take(1)]).toEqual([[], false]);
});

test('who brings much pushes out only what it alone has brought', () => {
  const { take, due } = bookWith();
  take(1, {}, anna);
  take(2, {}, bert);
  take(2, {}, anna);
  for (const number of numbers(10, 20)) take(number, {}, anna);
  expect(due()).toEqual(ids(2, ...numbers(14, 16)));
  // What was pushed out is news again.
  expect(take(1, {}, cora)).toBe(true);
});

test('what neighbours that are gone have brought is held to the same bound', () => {
  const { book, take, due } = bookWith();
  for (const number of numbers(0, 40)) take(number, {}, peerNumbered(number));
  take(50, {}, anna);
  for (const number of numbers(0, 40)) book.neighbourDown(peerNumbered(number));
  expect(due()).toEqual(ids(...numbers(24, 16), 50));
});

test('what is settled is bounded, and so is what this peer has found out itself', () => {
  const { book, take, settled } = bookWith();
  for (const number of numbers(0, 200)) {
    take(number);
    book.settle(digestNumbered(number));
  }
  expect(settled()).toEqual(ids(...numbers(72, 128)));
  for (const number of numbers(500, OWN_EVIDENCE_MAX + 1)) {
    book.publish(evidenceOf(number, { accuser: self }));
  }
  expect(settled()).toHaveLength(128);
  expect(settled().slice(-OWN_EVIDENCE_MAX)).toEqual(ids(...numbers(501, OWN_EVIDENCE_MAX)));
  expect(book.settled(digestNumbered(500))).toBeUndefined();
});
