/** What is told on visits, and what of it counts as news. */

import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { Broadcast } from '../../../../src/protocol/overlay/broadcast.ts';
import { GRAFT_AFTER_MS } from '../../../../src/protocol/overlay/missing-offers.ts';
import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import type { OverlayStep } from '../../../../src/protocol/overlay/overlay.ts';
import {
  asking,
  gossip,
  have,
  offerNumbered,
  part,
  prune,
  send,
} from '../../../support/broadcast-fixtures.ts';
import {
  anna,
  at,
  bert,
  cora,
  offerOf,
  peerNumbered,
  self,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';

const news = (isOwn: boolean): OverlayStep => ({ type: 'news', isOwn });
const differed = (peer: PeerId, missedBy: 'self' | 'other'): OverlayStep => ({
  type: 'differed',
  peer,
  missedBy,
});

/** A peer with these neighbours, fed by the first of them, and with cora on a visit since 0. */
function visitedPeer(...neighbours: PeerId[]) {
  const book = new OfferBook();
  const broadcast = new Broadcast(self, book);
  for (const peer of neighbours) broadcast.neighbourUp(peer, at(-10_000));
  for (const peer of neighbours) broadcast.handle(peer, gossip(offerNumbered(1)), at(-9_000));
  broadcast.tick(at(-8_000));
  const told = broadcast.visitBegun(cora, at(0));
  return { book, broadcast, told };
}

describe('on a visit', () => {
  test('the names of the offers that are known are told', () => {
    const { told } = visitedPeer(anna);
    expect(told).toEqual([send(cora, have(3, offerNumbered(1)))]);
    expect(visitedPeer().told).toEqual([]);
  });

  test('these are the last 512', () => {
    const { book, broadcast } = visitedPeer(anna);
    const offers = Array.from({ length: 600 }, (_, number) =>
      offerOf({ requester: peerNumbered(number) }),
    );
    for (const offer of offers) book.receive(offer, startUnixMs, 2);
    expect(broadcast.visitBegun(bert, at(0))).toEqual([send(bert, have(2, ...offers.slice(-512)))]);
  });

  test('what expires within 35 seconds is left out', () => {
    const { book, broadcast } = visitedPeer(anna);
    const lasting = (number: number, leftMs: number) =>
      offerNumbered(number, { expiresAtMs: startUnixMs + leftMs });
    book.receive(lasting(2, 35_000), startUnixMs, 3);
    book.receive(lasting(3, 35_001), startUnixMs, 3);
    expect(broadcast.visitBegun(bert, at(0))).toEqual([
      send(bert, have(3, offerNumbered(1), lasting(3, 35_001))),
    ]);
  });

  test('what the other one names is asked for if the tree has not brought it', () => {
    const { broadcast } = visitedPeer(anna);
    const [comes, lacking] = [offerNumbered(2), offerNumbered(3)];
    expect(broadcast.handle(cora, have(2, offerNumbered(1), comes, lacking), at(100))).toEqual([]);
    expect(broadcast.dueAtMs).toBe(100 + GRAFT_AFTER_MS);
    expect(broadcast.handle(anna, gossip(comes), at(300))).toEqual([news(false)]);
    expect(broadcast.tick(at(99 + GRAFT_AFTER_MS))).toEqual([]);
    expect(broadcast.tick(at(100 + GRAFT_AFTER_MS))).toEqual([send(cora, asking('want', lacking))]);
  });

  test('it is never asked to join the tree, even for what a neighbour named first', () => {
    const { broadcast } = visitedPeer(anna, bert);
    const lacking = offerNumbered(2);
    broadcast.handle(bert, have(2, lacking), at(100));
    broadcast.handle(cora, have(2, lacking), at(200));
    broadcast.neighbourDown(bert);
    expect(broadcast.tick(at(100 + GRAFT_AFTER_MS))).toEqual([send(cora, asking('want', lacking))]);
    expect(broadcast.counts.grafts).toBe(2);
  });

  test('an answer to the other one says that it missed something', () => {
    const { broadcast } = visitedPeer(anna);
    const wants = asking('want', offerNumbered(1), offerNumbered(2));
    expect(broadcast.handle(cora, wants, at(100))).toEqual([
      differed(cora, 'other'),
      send(cora, gossip(offerNumbered(1), 4)),
    ]);
    expect(broadcast.handle(cora, wants, at(200))).toEqual([]);
    expect(broadcast.handle(anna, wants, at(200))).toEqual([
      send(anna, gossip(offerNumbered(1), 4)),
    ]);
  });

  test('its answer says that this peer missed something, and goes on along the tree', () => {
    const { broadcast } = visitedPeer(anna, bert);
    broadcast.handle(bert, asking('graft'), at(0));
    const lacking = offerNumbered(2);
    broadcast.handle(cora, have(2, lacking), at(0));
    broadcast.tick(at(GRAFT_AFTER_MS));
    // The parent is told the name only: it may be about to send it.
    expect(broadcast.handle(cora, gossip(lacking, 3), at(600))).toEqual([
      differed(cora, 'self'),
      send(bert, gossip(lacking, 4)),
    ]);
    expect(broadcast.tick(at(700))).toEqual([send(anna, have(3, lacking))]);
  });

  test('its answer that was slower than the tree says nothing', () => {
    const { broadcast } = visitedPeer(anna);
    const lacking = offerNumbered(2);
    broadcast.handle(cora, have(2, lacking), at(0));
    broadcast.tick(at(GRAFT_AFTER_MS));
    broadcast.handle(anna, gossip(lacking), at(600));
    expect(broadcast.handle(cora, gossip(lacking), at(700))).toEqual([]);
    expect(broadcast.counts).toMatchObject({ duplicate: 1, prunes: 0 });
  });
});

describe('a visitor is no part of the tree', () => {
  test('new offers are neither sent to it nor named', () => {
    const { broadcast } = visitedPeer(anna);
    const [own, other] = [offerOf({ requester: self }), offerNumbered(2)];
    expect(broadcast.publish(own, at(100))).toEqual([news(true), send(anna, gossip(own, 1))]);
    expect(broadcast.handle(anna, gossip(other), at(100))).toEqual([news(false)]);
    expect(broadcast.tick(at(1_000))).toEqual([]);
  });

  test('and does not take the place of a parent that has gone', () => {
    const { broadcast } = visitedPeer(anna);
    expect(broadcast.neighbourDown(anna)).toEqual([]);
    expect(broadcast.neighbourUp(bert, at(100))[0]).toEqual(send(bert, asking('graft')));
  });

  test('nor is it a better parent, however short its path is', () => {
    const { broadcast } = visitedPeer(anna);
    const offer = offerNumbered(2);
    broadcast.handle(cora, have(0, offer), at(0));
    expect(broadcast.handle(anna, gossip(offer, 9), at(100))).toEqual([news(false)]);
  });

  test('a graft is answered, and makes it no part of the tree; a prune says nothing', () => {
    const { broadcast } = visitedPeer(anna);
    broadcast.visitBegun(bert, at(0));
    const asked = broadcast.handle(bert, asking('graft', offerNumbered(1)), at(1));
    expect(asked.filter(({ type }) => type === 'send-overlay')).toHaveLength(1);
    expect(broadcast.handle(bert, prune, at(2))).toEqual([]);
    const fresh = offerNumbered(7);
    const passedOn = broadcast.handle(anna, gossip(fresh), at(3));
    expect(passedOn).not.toContainEqual(expect.objectContaining({ to: bert }));
  });

  test('once it has gone it is not asked for what it named', () => {
    const { broadcast } = visitedPeer(anna);
    broadcast.handle(cora, have(2, offerNumbered(2)), at(0));
    expect(broadcast.neighbourDown(cora)).toEqual([]);
    expect(broadcast.tick(at(GRAFT_AFTER_MS))).toEqual([]);
    expect(broadcast.dueAtMs).toBe(Infinity);
    expect(broadcast.handle(cora, asking('want', offerNumbered(1)), at(600))).toEqual([]);
  });
});

test('offers that a visitor was not asked for are dropped, and too many of them end it', () => {
  const { book, broadcast } = visitedPeer(anna);
  for (let number = 0; number < 2_048; number++) {
    const offer = offerOf({ requester: peerNumbered(number) });
    expect(broadcast.handle(cora, gossip(offer), at(100))).toEqual([]);
  }
  expect(book.size).toBe(1);
  expect(broadcast.handle(cora, gossip(offerNumbered(9)), at(100))).toEqual([part(cora)]);
  expect(broadcast.tick(at(200))).toEqual([]);
});

describe('news', () => {
  test('are offers of somebody else that a neighbour brings, once', () => {
    const { broadcast } = visitedPeer(anna);
    const offer = offerNumbered(2);
    expect(broadcast.handle(anna, gossip(offer), at(0))).toEqual([news(false)]);
    expect(broadcast.handle(anna, gossip(offer), at(0))).toEqual([]);
  });

  test('are they as well when a new neighbour was asked for them', () => {
    const { broadcast } = visitedPeer(anna);
    broadcast.neighbourUp(bert, at(0));
    const offer = offerNumbered(2);
    broadcast.handle(bert, have(1, offer), at(10));
    expect(broadcast.handle(bert, gossip(offer, 2), at(20))).toEqual([news(false)]);
  });

  test('are none of a neighbour’s own offers, which any neighbour tells', () => {
    const { broadcast } = visitedPeer(anna);
    expect(broadcast.handle(anna, gossip(offerOf({ requester: anna })), at(0))).toEqual([]);
  });

  test('are none that this peer does not take', () => {
    const { broadcast } = visitedPeer(anna);
    const expired = offerNumbered(2, { expiresAtMs: startUnixMs - 1 });
    expect(broadcast.handle(anna, gossip(expired), at(0))).toEqual([]);
  });
});
