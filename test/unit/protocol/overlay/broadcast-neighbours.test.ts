/** Plumtree while neighbours come, go, and misbehave. */

import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { limits } from '../../../../src/model/limits.ts';
import type { SignedOffer } from '../../../../src/model/offer.ts';
import type { Broadcast } from '../../../../src/protocol/overlay/broadcast.ts';
import { GRAFT_AFTER_MS, NEXT_AFTER_MS } from '../../../../src/protocol/overlay/missing-offers.ts';
import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import {
  NewslessBroadcast,
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
  dora,
  jobNumbered,
  offerOf,
  peerNumbered,
  self,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';

/** A peer with these neighbours that has its news from the first, and a copy from each other. */
function peerFedBy(parent: PeerId, ...lazy: PeerId[]) {
  const book = new OfferBook();
  const broadcast = new NewslessBroadcast(self, book);
  for (const peer of [parent, ...lazy]) broadcast.neighbourUp(peer, at(-10_000));
  for (const peer of [parent, ...lazy]) {
    broadcast.handle(peer, gossip(offerNumbered(1)), at(-9_000));
  }
  broadcast.tick(at(-8_000));
  return { book, broadcast };
}

describe('a new neighbour', () => {
  test('is told all offers that are held, closed ones too', () => {
    const { book, broadcast } = peerFedBy(anna);
    const closed = offerNumbered(2, { closed: true });
    book.receive(closed, startUnixMs, 3);
    expect(broadcast.neighbourUp(bert, at(0))).toEqual([
      send(bert, have(3, offerNumbered(1), closed)),
    ]);
  });

  test('is told as many offers as there can be, in frames of what fits', () => {
    const { book, broadcast } = peerFedBy(anna);
    for (let number = 1; number < limits.offersMax; number++) {
      book.receive(offerOf({ requester: peerNumbered(number) }), startUnixMs);
    }
    const sizes = broadcast
      .neighbourUp(bert, at(0))
      .map((step) =>
        step.type === 'send-overlay' && step.message.type === 'have'
          ? step.message.offers.length
          : 0,
      );
    expect(sizes).toEqual([1024, 1024, 1024, 1024]);
  });

  test('is asked for what it names and this peer lacks, but not to join the tree', () => {
    const { broadcast } = peerFedBy(anna);
    broadcast.neighbourUp(bert, at(0));
    const lacking = offerNumbered(2);
    expect(broadcast.handle(bert, have(9, offerNumbered(1), lacking), at(100))).toEqual([
      send(bert, asking('want', lacking)),
    ]);
    broadcast.neighbourUp(cora, at(100));
    expect(broadcast.handle(cora, have(9, lacking), at(200))).toEqual([]);
    expect(broadcast.tick(at(100 + NEXT_AFTER_MS))).toEqual([send(cora, asking('want', lacking))]);
    expect(broadcast.handle(cora, gossip(lacking), at(500))).toEqual([]);
    expect(broadcast.tick(at(600))).toEqual([send(anna, have(3, lacking))]);
    // The late answer of the other is no sign that anything is to spare.
    expect(broadcast.handle(bert, gossip(lacking), at(700))).toEqual([]);
  });

  test('is asked for no more at once than its stream can have waiting', () => {
    const { broadcast } = peerFedBy(anna);
    broadcast.neighbourUp(bert, at(0));
    const lacking = Array.from({ length: 1_000 }, (_, number) =>
      offerOf({ requester: peerNumbered(number) }),
    );
    const wanted: number[] = [];
    let steps = broadcast.handle(bert, have(3, ...lacking), at(0));
    for (let nowMs = 0; wanted.length < 40; nowMs += 100) {
      const names = steps.flatMap((step) =>
        step.type === 'send-overlay' && step.message.type === 'want' ? step.message.offers : [],
      );
      wanted.push(names.length);
      for (const { requester } of names) {
        broadcast.handle(bert, gossip(offerOf({ requester })), at(nowMs));
      }
      steps = broadcast.tick(at(nowMs + 100));
    }
    expect(Math.max(...wanted)).toBe(limits.streamQueueFramesMax / 4);
    expect(wanted.reduce((sum, count) => sum + count)).toBe(1_000);
  });

  test('is pushed to from the start where nobody brings this peer its news', () => {
    const broadcast = new NewslessBroadcast(self, new OfferBook());
    expect(broadcast.neighbourUp(anna, at(0))).toEqual([send(anna, asking('graft'))]);
    expect(broadcast.neighbourUp(bert, at(0))).toEqual([send(bert, asking('graft'))]);
    broadcast.handle(anna, gossip(offerNumbered(1)), at(0));
    expect(broadcast.neighbourUp(cora, at(0))).toEqual([send(cora, have(3, offerNumbered(1)))]);
    const own = offerOf({ requester: self });
    broadcast.publish(own, at(0));
    expect(broadcast.neighbourUp(dora, at(0))[0]).toEqual(send(dora, asking('graft')));
  });
});

describe('a neighbour that is gone', () => {
  test('and brought the news is replaced at once by the one with the shortest path', () => {
    const { broadcast } = peerFedBy(anna, bert, cora);
    const offer = offerNumbered(2);
    broadcast.handle(anna, gossip(offer, 3), at(0));
    broadcast.handle(bert, have(4, offer), at(0));
    broadcast.handle(cora, have(3, offer), at(0));
    expect(broadcast.neighbourDown(anna)).toEqual([send(cora, asking('graft'))]);
    const next = offerNumbered(3);
    expect(broadcast.handle(cora, gossip(next), at(100))).toEqual([]);
    expect(broadcast.neighbourDown(bert)).toEqual([]);
  });

  test('and was the only one leaves the next to be pushed to', () => {
    const { broadcast } = peerFedBy(anna);
    expect(broadcast.neighbourDown(anna)).toEqual([]);
    expect(broadcast.neighbourUp(bert, at(0))[0]).toEqual(send(bert, asking('graft')));
  });

  test('is not asked and not told any more', () => {
    const { broadcast } = peerFedBy(anna, bert);
    broadcast.handle(bert, have(3, offerNumbered(2)), at(0));
    broadcast.handle(anna, gossip(offerNumbered(3)), at(0));
    broadcast.neighbourDown(bert);
    expect(broadcast.tick(at(GRAFT_AFTER_MS))).toEqual([]);
    expect(broadcast.dueAtMs).toBe(Infinity);
  });
});

describe('strangers’ doings', () => {
  const gossips = (broadcast: Broadcast, from: PeerId, offers: readonly SignedOffer[]) =>
    offers.flatMap((offer) => broadcast.handle(from, gossip(offer), at(0)));
  const repeat = <Item>(count: number, item: (number: number) => Item) =>
    Array.from({ length: count }, (_, number) => item(number));

  test('offers a little past their time are ignored, long past it they end the link', () => {
    const { broadcast } = peerFedBy(anna, bert);
    const expired = (agoMs: number) => (number: number) =>
      offerNumbered(0x1000 + number, { expiresAtMs: startUnixMs - agoMs });
    expect(gossips(broadcast, anna, repeat(1_000, expired(4 * 60_000)))).toEqual([]);
    expect(gossips(broadcast, anna, repeat(33, expired(10 * 60_000)))).toEqual([part(anna)]);
    expect(broadcast.counts.refused).toBe(1_033);
    expect(broadcast.tick(at(100))).toEqual([]);
  });

  test('copies in gross numbers on a link that was taken off the tree end it', () => {
    const { broadcast } = peerFedBy(anna, bert);
    const copies = repeat(2_048, () => offerNumbered(1));
    expect(gossips(broadcast, bert, copies)).toEqual([]);
    expect(gossips(broadcast, bert, copies.slice(0, 1))).toEqual([part(bert)]);
  });

  test('a flood of one requester stops here, and blames nobody who passed it on', () => {
    const { book, broadcast } = peerFedBy(anna, bert);
    const flood = repeat(2_000, (number) => offerOf({ requester: cora, sequence: number + 1 }));
    expect(gossips(broadcast, anna, flood)).toEqual([]);
    expect(broadcast.counts.overRate).toBe(2_000 - 256);
    expect(book.find(cora, jobNumbered(1))?.signed.offer.sequence).toBe(256);
    expect(gossips(broadcast, anna, [offerNumbered(2)])).toEqual([]);
    expect(book.find(dora, jobNumbered(2))).toBeDefined();
  });

  test('a neighbour that floods with offers of its own is parted with', () => {
    const { broadcast } = peerFedBy(anna, bert);
    const flood = repeat(1_025, (number) => offerOf({ requester: anna, sequence: number + 1 }));
    expect(gossips(broadcast, anna, flood)).toEqual([part(anna)]);
  });

  test('a neighbour that names more offers than there can be is parted with', () => {
    const { broadcast } = peerFedBy(anna, bert);
    const names = have(1, ...repeat(1_000, (number) => offerNumbered(number)));
    const steps = repeat(13, () => broadcast.handle(bert, names, at(0))).flat();
    expect(steps).toEqual([part(bert)]);
  });

  test('so is one that asks for more than that', () => {
    const { broadcast } = peerFedBy(anna, bert);
    const names = asking('want', ...repeat(1_000, (number) => offerNumbered(0x1000 + number)));
    const steps = repeat(13, () => broadcast.handle(bert, names, at(0))).flat();
    expect(steps).toEqual([part(bert)]);
  });

  test('own offers of an earlier run are neither kept nor passed on', () => {
    const { book, broadcast } = peerFedBy(anna, bert);
    const old = offerOf({ requester: self, sequence: 99 });
    expect(gossips(broadcast, anna, [old])).toEqual([]);
    expect([book.find(self, jobNumbered(1)), broadcast.tick(at(100))]).toEqual([undefined, []]);
    expect(broadcast.counts.refused).toBe(1);
  });
});

test('a greeting that was faster than the tree costs the parent nothing', () => {
  const { broadcast } = peerFedBy(anna);
  broadcast.neighbourUp(bert, at(0));
  const offer = offerNumbered(2);
  broadcast.handle(bert, have(1, offer), at(10));
  // The parent is told the name only: a copy would make it take the link off the tree.
  expect(broadcast.handle(bert, gossip(offer, 2), at(20))).toEqual([]);
  expect(broadcast.tick(at(30))).toEqual([send(anna, have(2, offer))]);
  expect(broadcast.handle(anna, gossip(offer), at(40))).toEqual([]);
  expect(broadcast.counts.prunes).toBe(0);
  expect(broadcast.handle(bert, gossip(offer, 2), at(50))).toEqual([send(bert, prune)]);
});
