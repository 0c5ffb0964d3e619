import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { PeerId } from '../../../src/model/ids.ts';
import type { SignedOffer } from '../../../src/model/offer.ts';
import { Broadcast } from '../../../src/protocol/broadcast.ts';
import { OfferBook } from '../../../src/protocol/offer-book.ts';
import {
  anna,
  bert,
  cora,
  jobNumbered,
  offerOf,
  peerNumbered,
  startUnixMs,
} from '../../support/protocol-fixtures.ts';

const nowMs = startUnixMs;
const gossip = (to: PeerId, offer: SignedOffer) => ({
  type: 'send-overlay',
  to,
  message: { type: 'gossip', offer },
});

test('a new offer goes to every neighbour but the one it came from', () => {
  const broadcast = new Broadcast(new OfferBook());
  const offer = offerOf();
  const effects = broadcast.receive(offer, bert, [anna, bert, cora], nowMs);
  expect(effects).toEqual([gossip(anna, offer), gossip(cora, offer)]);
});

test('an own offer goes to every neighbour and is not counted as seen', () => {
  const broadcast = new Broadcast(new OfferBook());
  const offer = offerOf();
  const effects = broadcast.receive(offer, undefined, [anna, bert], nowMs);
  expect(effects).toEqual([gossip(anna, offer), gossip(bert, offer)]);
  expect(broadcast.counts).toEqual({ seen: 0, sent: 2, duplicate: 0, refused: 0 });
});

test('what is not new stops here and is counted', () => {
  const broadcast = new Broadcast(new OfferBook());
  const receive = (offer: SignedOffer) => broadcast.receive(offer, anna, [anna, bert], nowMs);
  receive(offerOf({ sequence: 5 }));
  expect(receive(offerOf({ sequence: 5 }))).toEqual([]);
  expect(receive(offerOf({ sequence: 4 }))).toEqual([]);
  expect(receive(offerOf({ job: jobNumbered(2), expiresAtMs: nowMs }))).toEqual([]);
  expect(receive(offerOf({ job: jobNumbered(2), expiresAtMs: nowMs + 1e9 }))).toEqual([]);
  expect(broadcast.counts).toEqual({ seen: 5, sent: 1, duplicate: 2, refused: 2 });
});

test('that a job is closed is passed on, once', () => {
  const broadcast = new Broadcast(new OfferBook());
  broadcast.receive(offerOf(), anna, [anna, bert], nowMs);
  const closed = offerOf({ sequence: 2, closed: true });
  expect(broadcast.receive(closed, anna, [anna, bert], nowMs)).toEqual([gossip(bert, closed)]);
  expect(broadcast.receive(closed, bert, [anna, bert], nowMs)).toEqual([]);
});

test('a new neighbour is told the open offers', () => {
  const broadcast = new Broadcast(new OfferBook());
  const offers = [1, 2, 3].map((number) =>
    offerOf({ job: jobNumbered(number), closed: number === 2 }),
  );
  for (const offer of offers) broadcast.receive(offer, anna, [], nowMs);
  const open = offers.filter(({ offer }) => !offer.closed);
  expect(broadcast.greet(bert)).toEqual(open.map((offer) => gossip(bert, offer)));
});

test('a greeting fits into the queue of a new stream, however many offers there are', () => {
  const broadcast = new Broadcast(new OfferBook());
  for (let number = 0; number < limits.offersMax; number++) {
    broadcast.receive(offerOf({ requester: peerNumbered(number) }), anna, [], nowMs);
  }
  const effects = broadcast.greet(bert);
  expect(effects.length).toBeLessThanOrEqual(limits.streamQueueFramesMax / 2);
  const newest = offerOf({ requester: peerNumbered(limits.offersMax - 1) });
  expect(effects.at(-1)).toEqual(gossip(bert, newest));
});
