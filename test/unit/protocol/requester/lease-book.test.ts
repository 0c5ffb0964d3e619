import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import {
  type Active,
  LeaseBook,
  NUMBERS_SKIPPED,
} from '../../../../src/protocol/requester/lease-book.ts';
import { OpenChunk } from '../../../../src/protocol/requester/open-chunk.ts';
import { anna, bert, cora, resultOf } from '../../../support/protocol-fixtures.ts';

const leases = (actives: Iterable<Active>) => Array.from(actives, ({ replica }) => replica.lease);

/** The lease of a peer that is out. */
function found(book: LeaseBook, peer: PeerId, lease: number, chunk: number): Active {
  const active = book.find(peer, resultOf({ lease, chunk }));
  if (active === undefined) throw new Error(`no lease ${lease}`);
  return active;
}

test('leases are numbered from 1, whatever their chunks', () => {
  const book = new LeaseBook();
  const [first, second] = [new OpenChunk(7), new OpenChunk(3)];
  expect(book.grant(first, anna, 5, 100)).toEqual({ lease: 1, chunk: 7 });
  expect(book.grant(second, anna, 6, 100)).toEqual({ lease: 2, chunk: 3 });
  expect(book.grant(first, bert, 7, 100)).toEqual({ lease: 3, chunk: 7 });
  const times = { leasedAtMs: 7, deadlineMs: 100 };
  expect(first.replicas[1]).toEqual({ lease: 3, peer: bert, ...times, state: 'active' });
  expect([book.size, book.inFlight, first.active, second.active]).toEqual([3, 2, 2, 1]);
  expect(leases(book.releaseAll(() => true))).toEqual([1, 2, 3]);
});

test('who holds how many is known', () => {
  const book = new LeaseBook();
  for (const chunk of [0, 1]) book.grant(new OpenChunk(chunk), anna, 0, 9);
  book.grant(new OpenChunk(2), bert, 0, 9);
  expect([anna, bert, cora].map((peer) => book.held(peer))).toEqual([2, 1, 0]);
  expect([...book.heldByEach]).toEqual([
    [anna, 2],
    [bert, 1],
  ]);
  book.release(found(book, bert, 3, 2));
  expect([...book.holders()]).toEqual([anna]);
});

test('a lease is found by its peer, number and chunk together', () => {
  const book = new LeaseBook();
  const open = new OpenChunk(7);
  book.grant(open, anna, 0, 9);
  const active = found(book, anna, 1, 7);
  expect(active.open).toBe(open);
  expect(book.find(bert, resultOf({ lease: 1, chunk: 7 }))).toBeUndefined();
  expect(book.find(anna, resultOf({ lease: 1, chunk: 8 }))).toBeUndefined();
  expect(book.find(anna, resultOf({ lease: 2, chunk: 7 }))).toBeUndefined();
  book.release(active);
  expect(book.find(anna, resultOf({ lease: 1, chunk: 7 }))).toBeUndefined();
  expect([book.size, book.inFlight, open.active]).toEqual([0, 0, 0]);
});

test('leases of a decided chunk are revoked: out until they come back, and held by nobody', () => {
  const book = new LeaseBook();
  const open = new OpenChunk(7);
  for (const peer of [anna, bert]) book.grant(open, peer, 0, 9);
  book.release(found(book, anna, 1, 7));
  for (const replica of open.replicas) if (replica.peer === anna) replica.state = 'voted';
  expect(book.decide(open).map(({ lease }) => lease)).toEqual([2]);
  expect(open.replicas.map(({ state }) => state)).toEqual(['voted', 'revoked']);
  expect([open.decided, book.size, book.inFlight, book.held(bert)]).toEqual([true, 1, 0, 0]);
  book.release(found(book, bert, 2, 7));
  expect([book.size, book.inFlight, book.held(bert)]).toEqual([0, 0, 0]);
});

test('a chunk that was decided before it is leased is not in flight', () => {
  const book = new LeaseBook();
  const known = new OpenChunk(7);
  known.decided = true;
  book.grant(known, anna, 0, 9);
  expect([book.inFlight, book.held(anna)]).toEqual([0, 1]);
  book.release(found(book, anna, 1, 7));
  expect([book.inFlight, book.held(anna)]).toEqual([0, 0]);
});

test('of a chunk that an earlier process gave a peer again, the last lease is out', () => {
  const book = new LeaseBook();
  const open = new OpenChunk(7);
  const leases = [4, 6, 9].map((lease) => ({ lease, chunk: 7, peer: anna }));
  const times = { nowMs: 0, deadlineMs: 100, keptUntilMs: 50 };
  book.resume({ leases, lastLease: 9 }, () => open, times);
  expect([4, 6, 9].map((lease) => book.isOut(anna, lease))).toEqual([false, false, true]);
  expect([book.size, book.inFlight, book.held(anna), open.active]).toEqual([1, 1, 1, 1]);
  // It may have been late with one of the others.
  for (const lease of [4, 6]) expect(book.expects(anna, { lease, chunk: 7 }, open)).toBe(true);
  expect(book.grant(new OpenChunk(8), bert, 0, 9).lease).toBe(9 + NUMBERS_SKIPPED + 1);
});

describe('a straggler', () => {
  const anybody = (): boolean => true;

  test('is the chunk of the oldest lease that takes long, and that the peer may have', () => {
    const book = new LeaseBook();
    const opens = [0, 1, 2].map((chunk) => new OpenChunk(chunk));
    for (const [chunk, open] of opens.entries()) book.grant(open, anna, 10 * chunk, 999);
    expect(book.straggler(100, 99, anybody)).toBeUndefined();
    expect(book.straggler(100, 100, anybody)).toBe(opens[0]);
    const notFirst = (open: OpenChunk): boolean => open !== opens[0];
    expect(book.straggler(100, 109, notFirst)).toBeUndefined();
    expect(book.straggler(100, 110, notFirst)).toBe(opens[1]);
  });

  test('with a twin waits twice as long, from when that was leased', () => {
    const book = new LeaseBook();
    const open = new OpenChunk(0);
    book.grant(open, anna, 0, 999);
    open.twins += 1;
    book.grant(open, bert, 100, 999);
    expect(book.straggler(100, 299, anybody)).toBeUndefined();
    expect(book.straggler(100, 300, anybody)).toBe(open);
  });

  test('that was decided is none', () => {
    const book = new LeaseBook();
    const open = new OpenChunk(0);
    book.grant(open, anna, 0, 999);
    book.decide(open);
    expect(book.straggler(100, 500, anybody)).toBeUndefined();
  });
});
