import { describe, expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { PeerId } from '../../../../src/model/ids.ts';
import { GRAFT_AFTER_MS, NEXT_AFTER_MS } from '../../../../src/protocol/overlay/missing-offers.ts';
import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import {
  NewslessBroadcast,
  asking,
  gossip,
  have,
  offerNumbered,
  prune,
  send,
} from '../../../support/broadcast-fixtures.ts';
import {
  anna,
  at,
  bert,
  cora,
  dora,
  offerOf,
  peerNumbered,
  self,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';

/** Long after the greetings. */
const LATER_MS = 10_000;

/** A peer with these neighbours, all of them eager: nothing has come yet. */
function coldPeer(...neighbours: PeerId[]) {
  const book = new OfferBook();
  const broadcast = new NewslessBroadcast(self, book);
  for (const peer of neighbours) broadcast.neighbourUp(peer, at(0));
  return { book, broadcast };
}

/** A peer that has its news from anna and passes it on to bert; the others are lazy. */
function warmPeer(...lazy: PeerId[]) {
  const peer = coldPeer(anna, bert, ...lazy);
  for (const lazily of lazy) peer.broadcast.handle(lazily, prune, at(0));
  peer.broadcast.handle(anna, gossip(offerNumbered(1), 3), at(LATER_MS));
  peer.broadcast.tick(at(LATER_MS + 100));
  return peer;
}

describe('new offers', () => {
  test('go on along eager links at once, and their names along lazy ones a little later', () => {
    const { broadcast } = warmPeer(cora, dora);
    const offer = offerNumbered(2);
    const now = LATER_MS + 1_000;
    expect(broadcast.handle(anna, gossip(offer, 3), at(now))).toEqual([
      send(bert, gossip(offer, 4)),
    ]);
    expect(broadcast.dueAtMs).toBe(now + 10);
    expect(broadcast.tick(at(now + 10))).toEqual([
      send(cora, have(3, offer)),
      send(dora, have(3, offer)),
    ]);
    expect(broadcast.dueAtMs).toBe(Infinity);
    expect(broadcast.counts).toMatchObject({ seen: 2, sent: 2, announced: 4, duplicate: 0 });
  });

  test('of this peer go the same ways', () => {
    const { broadcast } = warmPeer(cora);
    const offer = offerOf({ requester: self });
    expect(broadcast.publish(offer, at(LATER_MS))).toEqual([
      send(anna, gossip(offer, 1)),
      send(bert, gossip(offer, 1)),
    ]);
    expect(broadcast.tick(at(LATER_MS + 200))).toEqual([send(cora, have(0, offer))]);
    expect(broadcast.publish(offer, at(LATER_MS))).toEqual([]);
  });

  test('are not told to who has told them itself meanwhile', () => {
    const { broadcast } = warmPeer(cora, dora);
    const offer = offerNumbered(2);
    broadcast.handle(cora, have(2, offer), at(LATER_MS));
    broadcast.handle(anna, gossip(offer, 3), at(LATER_MS + 5));
    broadcast.handle(dora, have(2, offer), at(LATER_MS + 6));
    expect(broadcast.tick(at(LATER_MS + 200))).toEqual([]);
  });

  test('a copy takes its link off the tree, from both ends', () => {
    const { broadcast } = coldPeer(anna, bert, cora);
    const offer = offerNumbered(1);
    broadcast.handle(anna, gossip(offer, 3), at(0));
    expect(broadcast.handle(bert, gossip(offer, 3), at(1))).toEqual([send(bert, prune)]);
    expect(broadcast.handle(bert, gossip(offer, 3), at(2))).toEqual([]);
    expect(broadcast.handle(cora, prune, at(3))).toEqual([]);
    expect(broadcast.handle(anna, gossip(offerNumbered(2), 3), at(4))).toEqual([]);
    expect(broadcast.counts).toMatchObject({ seen: 4, duplicate: 2, prunes: 1 });
  });

  test('a later sequence is news, an earlier one a copy', () => {
    const { broadcast } = coldPeer(anna, bert);
    const [first, second] = [1, 2].map((sequence) => offerOf({ sequence, closed: sequence === 2 }));
    if (first === undefined || second === undefined) throw new Error('no offers');
    broadcast.handle(anna, gossip(second, 3), at(0));
    expect(broadcast.handle(bert, gossip(first, 3), at(1))).toEqual([send(bert, prune)]);
    const third = offerOf({ sequence: 3 });
    expect(broadcast.handle(bert, gossip(third, 1), at(2))).toEqual([send(anna, gossip(third, 2))]);
  });

  test('of who is no neighbour are ignored', () => {
    const { broadcast } = coldPeer(anna);
    expect(broadcast.handle(bert, gossip(offerNumbered(1), 1), at(0))).toEqual([]);
    expect(broadcast.counts.seen).toBe(0);
  });
});

describe('what is only announced', () => {
  test('is asked for when it has not come, of one announcer after the other', () => {
    const { broadcast } = warmPeer(cora, dora);
    const offer = offerNumbered(2);
    expect(broadcast.handle(cora, have(3, offer), at(LATER_MS))).toEqual([]);
    broadcast.handle(dora, have(3, offer), at(LATER_MS + 1));
    expect(broadcast.dueAtMs).toBe(LATER_MS + GRAFT_AFTER_MS);
    expect(broadcast.tick(at(LATER_MS + GRAFT_AFTER_MS - 1))).toEqual([]);
    let nowMs = LATER_MS + GRAFT_AFTER_MS;
    expect(broadcast.tick(at(nowMs))).toEqual([send(cora, asking('graft', offer))]);
    nowMs += NEXT_AFTER_MS;
    expect(broadcast.dueAtMs).toBe(nowMs);
    expect(broadcast.tick(at(nowMs))).toEqual([send(dora, asking('graft', offer))]);
    expect(broadcast.tick(at(nowMs + NEXT_AFTER_MS))).toEqual([]);
    expect(broadcast.dueAtMs).toBe(Infinity);
    expect(broadcast.counts).toMatchObject({ asked: 2, grafts: 6 });
  });

  test('makes the announcer’s link eager when it is asked', () => {
    const { broadcast } = warmPeer(cora);
    broadcast.handle(cora, have(3, offerNumbered(2)), at(LATER_MS));
    broadcast.tick(at(LATER_MS + GRAFT_AFTER_MS));
    const [came, next] = [offerNumbered(2), offerNumbered(3)];
    const now = at(LATER_MS + GRAFT_AFTER_MS + 100);
    expect(broadcast.handle(cora, gossip(came, 4), now)).toEqual([
      send(anna, gossip(came, 5)),
      send(bert, gossip(came, 5)),
    ]);
    expect(broadcast.handle(anna, gossip(next, 4), now)).toContainEqual(
      send(cora, gossip(next, 5)),
    );
  });

  test('is not asked for if it is known, comes, is over its rate, or its announcer is gone', () => {
    const { broadcast } = warmPeer(cora, dora);
    const [known, comes, lost] = [1, 2, 3].map((number) => offerNumbered(number));
    if (known === undefined || comes === undefined || lost === undefined) throw new Error('none');
    broadcast.handle(cora, have(2, known, comes), at(LATER_MS));
    broadcast.handle(dora, have(2, lost, offerOf({ requester: self })), at(LATER_MS));
    broadcast.handle(anna, gossip(comes, 3), at(LATER_MS));
    broadcast.neighbourDown(dora);
    expect(broadcast.tick(at(LATER_MS + 5_000))).toEqual([]);
    for (let sequence = 2; sequence < 500; sequence++) {
      const offer = offerOf({ requester: dora, sequence });
      broadcast.handle(anna, gossip(offer, 3), at(LATER_MS + 5_000));
    }
    expect(broadcast.counts.overRate).toBeGreaterThan(100);
    broadcast.handle(cora, have(2, offerNumbered(1_000)), at(LATER_MS + 5_000));
    expect(broadcast.dueAtMs).toBe(LATER_MS + 5_010);
  });

  test('several are asked for together, of as few neighbours as have them', () => {
    const { broadcast } = warmPeer(cora, dora);
    const offers = [2, 3, 4].map((number) => offerNumbered(number));
    broadcast.handle(cora, have(3, ...offers.slice(0, 1)), at(LATER_MS));
    broadcast.handle(dora, have(3, ...offers.slice(1)), at(LATER_MS));
    broadcast.handle(cora, have(3, ...offers.slice(1)), at(LATER_MS));
    expect(broadcast.tick(at(LATER_MS + GRAFT_AFTER_MS))).toEqual([
      send(cora, asking('graft', ...offers)),
    ]);
  });

  test('over a shorter path makes its announcer the parent', () => {
    const { broadcast } = warmPeer(cora, dora);
    const offer = offerNumbered(2);
    broadcast.handle(cora, have(3, offer), at(LATER_MS));
    broadcast.handle(dora, have(2, offer), at(LATER_MS));
    expect(broadcast.handle(anna, gossip(offer, 5), at(LATER_MS + 100))).toEqual([
      send(dora, asking('graft')),
      send(anna, prune),
      send(bert, gossip(offer, 6)),
    ]);
    const next = offerNumbered(3);
    expect(broadcast.handle(dora, gossip(next, 3), at(LATER_MS + 200))).toEqual([
      send(bert, gossip(next, 4)),
    ]);
  });

  test('over a path as long as the parent’s changes nothing', () => {
    const { broadcast } = warmPeer(cora);
    const offer = offerNumbered(2);
    broadcast.handle(cora, have(2, offer), at(LATER_MS));
    expect(broadcast.handle(anna, gossip(offer, 3), at(LATER_MS + 100))).toEqual([
      send(bert, gossip(offer, 4)),
    ]);
  });

  test('a neighbour that was preferred and sends nothing is not preferred again', () => {
    const { broadcast } = warmPeer(cora);
    const offers = [2, 3].map((number) => offerNumbered(number));
    const grafted = offers.map((offer) => {
      broadcast.handle(cora, have(0, offer), at(LATER_MS));
      const steps = broadcast.handle(anna, gossip(offer, 5), at(LATER_MS + 100));
      broadcast.handle(cora, prune, at(LATER_MS + 200));
      return steps.length;
    });
    expect(grafted).toEqual([3, 1]);
  });
});

describe('answers', () => {
  test('are the newest of what was asked for, once in a while', () => {
    const { book, broadcast } = warmPeer(cora);
    const newest = offerOf({ sequence: 3 });
    book.receive(newest, startUnixMs, 2);
    const wants = asking('want', offerOf({ sequence: 2 }), offerNumbered(77));
    expect(broadcast.handle(cora, wants, at(LATER_MS))).toEqual([send(cora, gossip(newest, 3))]);
    expect(broadcast.handle(cora, wants, at(LATER_MS + 1))).toEqual([]);
    expect(broadcast.handle(anna, asking('want', offerOf({ sequence: 4 })), at(0))).toEqual([]);
    expect(broadcast.handle(cora, wants, at(LATER_MS + 10_000))).toHaveLength(1);
  });

  test('to a graft come with all that follows, to a want without', () => {
    const { broadcast } = warmPeer(cora, dora);
    const known = offerNumbered(1);
    for (const [peer, type] of [
      [cora, 'graft'],
      [dora, 'want'],
    ] as const) {
      expect(broadcast.handle(peer, asking(type, known), at(LATER_MS))).toEqual([
        send(peer, gossip(known, 4)),
      ]);
    }
    const next = offerNumbered(2);
    expect(broadcast.handle(anna, gossip(next, 1), at(LATER_MS))).toEqual([
      send(bert, gossip(next, 2)),
      send(cora, gossip(next, 2)),
    ]);
  });

  test('are at most 256 to one message', () => {
    const { book, broadcast } = warmPeer();
    const offers = Array.from({ length: 300 }, (_, number) =>
      offerOf({ requester: peerNumbered(number) }),
    );
    for (const offer of offers) book.receive(offer, startUnixMs);
    const answers = broadcast.handle(bert, asking('want', ...offers), at(LATER_MS));
    expect(answers).toHaveLength(limits.streamQueueFramesMax / 4);
  });
});
