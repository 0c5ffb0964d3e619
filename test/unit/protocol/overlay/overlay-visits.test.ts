/** Visits from end to end of one peer: membership, offers and life. */

import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import type { OverlayMessage } from '../../../../src/model/messages.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import { Overlay } from '../../../../src/protocol/overlay/overlay.ts';
import {
  asking,
  gossip,
  have,
  offerNumbered,
  prune,
  send,
} from '../../../support/broadcast-fixtures.ts';
import {
  addressNumbered,
  ipNumbered,
  knownNumbered,
  neighbour,
  optionsOf,
  overlayParts,
  ownRecord,
  recordOf,
} from '../../../support/membership-fixtures.ts';
import { at, offerOf, ofType, peerNumbered, self } from '../../../support/protocol-fixtures.ts';

const nine = peerNumbered(9);
const hangUp: Effect = { type: 'hang-up', peer: nine };
const own = offerOf({ requester: self, expiresAtMs: at(600_000).unixMs });
const pong: OverlayMessage = { type: 'pong', id: 1 };

const visit: OverlayMessage = { type: 'visit', record: recordOf(9) };
const neighbours = [1, 2, 3, 4, 5];
/** Peers of earlier days, to visit. */
const met = Array.from({ length: 20 }, (_, index) => 20 + index);

/** A peer with a full view, the peers 1 to 5, and an offer of its own. */
class World {
  readonly book = new OfferBook();
  readonly overlay: Overlay;

  constructor() {
    const known = met.map((number) => knownNumbered(number));
    this.overlay = new Overlay(optionsOf({ known }), overlayParts(this.book));
    const effects = this.overlay.tick(at(0));
    effects.push(...this.overlay.handle({ type: 'record-signed', record: ownRecord }, at(0)));
    for (const number of neighbours) {
      this.knock(number);
      this.say(number, neighbour(number));
    }
    for (const { address } of ofType(effects, 'dial')) this.fail(address, 0);
    this.overlay.publish(own, at(0));
  }

  knock(number: number, ms = 0): Effect[] {
    const link = { type: 'link-up', direction: 'incoming', remote: ipNumbered(number) } as const;
    return this.overlay.handle({ ...link, peer: peerNumbered(number) }, at(ms));
  }

  say(number: number, message: OverlayMessage, ms = 0): Effect[] {
    const from = peerNumbered(number);
    return this.overlay.handle({ type: 'overlay-message', from, message }, at(ms));
  }

  fail(address: string, ms: number): Effect[] {
    return this.overlay.handle({ type: 'dial-failed', address, reason: 'refused' }, at(ms));
  }

  /** The peer 9 visits. */
  receive(ms = 0): Effect[] {
    return [...this.knock(9, ms), ...this.say(9, visit, ms)];
  }

  /** Lets time pass; whoever is dialled or is a neighbour is there. @returns what came of it */
  pass(untilMs: number): Effect[] {
    const effects: Effect[] = [];
    for (let { dueAtMs } = this.overlay; dueAtMs <= untilMs; { dueAtMs } = this.overlay) {
      const ticked = this.overlay.tick(at(dueAtMs));
      effects.push(...ticked);
      for (const { address } of ofType(ticked, 'dial')) {
        effects.push(...this.reach(address, dueAtMs));
      }
      for (const number of neighbours) effects.push(...this.say(number, pong, dueAtMs));
    }
    return effects;
  }

  reach(dialled: string, ms: number): Effect[] {
    const number = [9, ...met].find((other) => addressNumbered(other) === dialled) ?? 0;
    const link = { peer: peerNumbered(number), remote: ipNumbered(number), dialled };
    return this.overlay.handle({ type: 'link-up', direction: 'outgoing', ...link }, at(ms));
  }

  /** Lets time pass. @returns whom it visits */
  visits(untilMs: number): PeerId[] {
    const sent = ofType(this.pass(untilMs), 'send-overlay');
    return sent.filter(({ message }) => message.type === 'visit').map(({ to }) => to);
  }
}

describe('on a visit', () => {
  test('the visitor is told the offers, and five seconds later both part', () => {
    const world = new World();
    expect(world.receive(100)).toEqual([send(nine, have(0, own))]);
    expect(world.pass(5_099)).not.toContainEqual(hangUp);
    expect(world.pass(5_100)).toContainEqual(hangUp);
    expect(world.say(9, asking('want', own), 5_101)).toEqual([]);
    expect([...world.overlay.neighbours.keys()]).toEqual(neighbours.map(peerNumbered));
  });

  test('the one visited is told both who visits and the offers', () => {
    const effects = new World().pass(6_300);
    const [dial] = ofType(effects, 'dial');
    const to = peerNumbered(met.find((number) => addressNumbered(number) === dial?.address) ?? 0);
    const message = { type: 'visit', record: ownRecord } as const;
    expect(ofType(effects, 'send-overlay').filter((effect) => effect.to === to)).toEqual([
      { type: 'send-overlay', to, message },
      send(to, have(0, own)),
    ]);
  });

  test('who visits gets the offers that it asks for, and is told of no new ones', () => {
    const world = new World();
    world.receive();
    expect(world.say(9, asking('want', own))).toEqual([send(nine, gossip(own, 1))]);
    const next = offerOf({ requester: self, sequence: 2 });
    const effects = [...world.overlay.publish(next, at(1)), ...world.pass(1_000)];
    const sent = ofType(effects, 'send-overlay').filter(({ to }) => to === nine);
    expect([sent, effects.length > 0]).toEqual([[], true]);
  });

  test('who has gone is not asked for what it named', () => {
    const world = new World();
    world.receive();
    world.say(9, have(2, offerNumbered(2)), 4_900);
    const sent = ofType(world.pass(6_000), 'send-overlay');
    expect(sent.filter(({ to }) => to === nine)).toEqual([]);
  });

  test('a ping is answered, and all else about life is passed over', () => {
    const world = new World();
    world.receive();
    expect(world.say(9, { type: 'ping', id: 7 })).toEqual([
      { type: 'send-overlay', to: nine, message: { type: 'pong', id: 7 } },
    ]);
    expect(world.say(9, { type: 'pong', id: 7 })).toEqual([]);
    expect(world.say(9, { type: 'probe', id: 3, record: recordOf(8) })).toEqual([]);
    expect(world.say(9, { type: 'probe-result', id: 3, reached: true })).toEqual([]);
    expect(world.overlay.failureCounts.misbehaved).toBe(0);
  });

  test('whoever names more offers than may be told of is parted with, and not let in again', () => {
    const world = new World();
    world.receive();
    for (let times = 0; times < 512; times++) expect(world.say(9, have(1, own))).toEqual([]);
    expect(world.say(9, have(1, own))).toEqual([hangUp]);
    expect(world.overlay.failureCounts.misbehaved).toBe(1);
    expect(world.knock(9, 1_000)).toEqual([hangUp]);
  });

  test('there is room for all that may be said, one name to a frame, and then no more', () => {
    const world = new World();
    world.receive();
    for (let times = 0; times < 1_024; times++) expect(world.say(9, prune)).toEqual([]);
    expect(world.say(9, prune)).toEqual([hangUp]);
  });
});

describe('a visit that finds', () => {
  const lacking = offerNumbered(2, { expiresAtMs: at(300_000).unixMs });

  test('that this peer missed an offer is followed by others', () => {
    const [world, quiet] = [new World(), new World()];
    for (const each of [world, quiet]) each.pass(90_000);
    world.receive(90_000);
    world.say(9, have(2, lacking), 90_100);
    expect(world.pass(90_600)).toContainEqual(send(nine, asking('want', lacking)));
    const passedOn = world.say(9, gossip(lacking), 90_700);
    expect(passedOn).toEqual(
      neighbours.map((number) => send(peerNumbered(number), gossip(lacking, 4))),
    );
    expect(world.book.size).toBe(2);
    expect(world.visits(110_700).length).toBeGreaterThanOrEqual(6);
    expect(quiet.visits(110_700).length).toBeLessThanOrEqual(1);
  });

  test('that the visitor missed one is not', () => {
    const world = new World();
    world.pass(90_000);
    world.receive(90_000);
    expect(world.say(9, asking('want', own), 90_100)).toHaveLength(1);
    expect(world.visits(110_000).length).toBeLessThanOrEqual(1);
  });
});

test('an own offer is looked after two seconds later', () => {
  const [world, quiet] = [new World(), new World()];
  for (const each of [world, quiet]) each.pass(90_000);
  const { expiresAtMs } = own.offer;
  world.overlay.publish(offerOf({ requester: self, sequence: 2, expiresAtMs }), at(90_000));
  expect([world, quiet].map((each) => each.visits(91_999))).toEqual([[], []]);
  expect([world, quiet].map((each) => each.visits(92_000).length)).toEqual([1, 0]);
});

test('when the news of a neighbour stop, somebody is visited sooner', () => {
  /** They come each second until then. */
  const visitsWithNewsUntil = (newsUntilMs: number) => {
    const world = new World();
    for (let ms = 1_000; ms <= newsUntilMs; ms += 1_000) {
      world.pass(ms);
      const offer = offerNumbered(1, { sequence: ms, expiresAtMs: at(ms + 60_000).unixMs });
      world.say(1, gossip(offer), ms);
    }
    world.pass(110_000);
    return world.visits(130_000).length;
  };
  expect(visitsWithNewsUntil(80_000)).toBeGreaterThanOrEqual(2);
  expect(visitsWithNewsUntil(110_000)).toBeLessThanOrEqual(1);
});
