import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { EvidenceBook } from '../../../../src/protocol/accusations/evidence-book.ts';
import { EvidenceGossip } from '../../../../src/protocol/accusations/evidence-gossip.ts';
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

const piece = (number: number) => evidenceOf(number, { culprit: peerNumbered(number) });
const sent = (to: PeerId, number: number) =>
  ({
    type: 'send-overlay',
    to,
    message: { type: 'evidence', evidence: piece(number) },
  }) as const;

function gossipTo(...neighbours: PeerId[]) {
  const book = new EvidenceBook(self, new Standings());
  const gossip = new EvidenceGossip(book);
  for (const peer of neighbours) gossip.neighbourUp(peer, at(0));
  /** It comes from a neighbour, and this peer finds out whether it is true. */
  const settle = (number: number, ms = 0, verdict: 'true' | 'false' = 'true', from = anna) => {
    book.receive(from, piece(number), at(ms));
    book.settle(digestNumbered(number));
    return gossip.settled(digestNumbered(number), verdict, at(ms));
  };
  return { book, gossip, settle };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('what was not checked is not passed on', () => {
  const { gossip } = gossipTo(anna, bert, cora);
  expect(gossip.handle(bert, piece(1), at(1))).toEqual([]);
  expect(gossip.neighbourUp(dora, at(2))).toEqual([]);
  expect(gossip.counts).toEqual({ received: 1, sent: 0, published: 0 });
});

test('what was found to be true goes on, but not to who has it', () => {
  const { gossip, settle } = gossipTo(anna, bert, cora);
  gossip.handle(bert, piece(1), at(1));
  gossip.handle(cora, piece(1), at(2));
  expect(settle(1)).toEqual([sent(anna, 1)]);
  expect(gossip.counts).toEqual({ received: 1, sent: 1, published: 0 });
});

test('what this peer has found out itself goes to all', () => {
  const { gossip } = gossipTo(anna, bert);
  const own = evidenceOf(1, { accuser: self });
  const message = { type: 'evidence', evidence: own };
  expect(gossip.publish(own, at(1))).toEqual(
    [anna, bert].map((to) => ({ type: 'send-overlay', to, message })),
  );
  expect(gossip.counts.published).toBe(1);
});

test('what was found to be false goes on, too, but seldom', () => {
  const { gossip, settle, book } = gossipTo(anna, bert);
  const steps = upTo(6).flatMap((number) => settle(number, 0, 'false'));
  expect(steps).toEqual(upTo(4).flatMap((number) => [sent(anna, number), sent(bert, number)]));
  expect(book.settled(digestNumbered(5))).toBeUndefined();
  expect(gossip.neighbourUp(cora, at(1))).toEqual([4, 3, 2, 1].map((number) => sent(cora, number)));
  expect(settle(7, 599_999, 'false')).toEqual([]);
  expect(settle(8, 600_000, 'false')).toHaveLength(3);
});

test('a new neighbour is told of the last few, and only of those', () => {
  const { gossip, settle } = gossipTo(anna);
  for (const number of upTo(6)) settle(number);
  expect(gossip.neighbourUp(bert, at(10))).toEqual(
    [6, 5, 4, 3].map((number) => sent(bert, number)),
  );
});

test('who sends some on a visit misbehaves', () => {
  const { gossip } = gossipTo(anna);
  const parted = [{ type: 'part', peer: dora, because: 'misbehaved' }];
  expect(gossip.handle(dora, piece(1), at(1))).toEqual(parted);
  expect(gossip.counts.received).toBe(0);
});

test('more than eight at once wait, the newest first, and 20 s for each', () => {
  const { gossip, settle, book } = gossipTo(bert);
  expect(upTo(12).flatMap((number) => settle(number))).toEqual(
    upTo(8).map((number) => sent(bert, number)),
  );
  expect(gossip.dueAtMs).toBe(20_000);
  book.drop(digestNumbered(12));
  expect(gossip.tick(at(20_000))).toEqual([sent(bert, 11)]);
  // It has come from there meanwhile.
  gossip.handle(bert, piece(10), at(20_001));
  expect(gossip.tick(at(40_000))).toEqual([sent(bert, 9)]);
  expect(gossip.dueAtMs).toBe(Infinity);
});

test('who sends twice of what a correct peer sends misbehaves', () => {
  const { gossip } = gossipTo(anna);
  for (const number of upTo(16)) expect(gossip.handle(anna, piece(number), at(0))).toEqual([]);
  const parted = [{ type: 'part', peer: anna, because: 'misbehaved' }];
  expect(gossip.handle(anna, piece(17), at(9_999))).toEqual(parted);
  expect(gossip.handle(anna, piece(17), at(10_000))).toEqual([]);
});

test('a correct peer never does, however much it has to tell', () => {
  const { settle } = gossipTo(bert);
  const { gossip: other } = gossipTo(self);
  for (const number of upTo(1_000)) {
    for (const step of settle(number, number * 1_000)) {
      if (step.type !== 'send-overlay' || step.message.type !== 'evidence') continue;
      const evidence = { ...step.message.evidence, id: digestNumbered(number) };
      expect(other.handle(self, evidence, at(number * 1_000))).toEqual([]);
    }
  }
  expect(other.counts.received).toBeGreaterThan(50);
});
