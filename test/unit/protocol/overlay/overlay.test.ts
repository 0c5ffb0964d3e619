/** What lies between the parts: each of them has its own tests. */

import { describe, expect, test } from 'vitest';

import type { OverlayMessage } from '../../../../src/model/messages.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import { Overlay } from '../../../../src/protocol/overlay/overlay.ts';
import {
  addressNumbered,
  ipNumbered,
  neighbour,
  optionsOf,
  overlayParts,
  ownRecord,
  recordOf,
} from '../../../support/membership-fixtures.ts';
import { at, offerOf, peerNumbered, self } from '../../../support/protocol-fixtures.ts';

const one = peerNumbered(1);
const ping: OverlayMessage = { type: 'ping', id: 7 };
const pong: Effect = { type: 'send-overlay', to: one, message: { type: 'pong', id: 7 } };
const hangUp: Effect = { type: 'hang-up', peer: one };
const probe: OverlayMessage = { type: 'probe', id: 3, record: recordOf(9) };
const told = (reached: boolean): Effect => ({
  type: 'send-overlay',
  to: one,
  message: { type: 'probe-result', id: 3, reached },
});

class World {
  readonly book = new OfferBook();
  readonly overlay = new Overlay(optionsOf(), overlayParts(this.book));

  constructor() {
    this.overlay.tick(at(0));
    this.overlay.handle({ type: 'record-signed', record: ownRecord }, at(0));
  }

  knock(number: number, ms = 0): Effect[] {
    const link = { type: 'link-up', direction: 'incoming', remote: ipNumbered(number) } as const;
    return this.overlay.handle({ ...link, peer: peerNumbered(number) }, at(ms));
  }

  say(number: number, message: OverlayMessage, ms = 0): Effect[] {
    const from = peerNumbered(number);
    return this.overlay.handle({ type: 'overlay-message', from, message }, at(ms));
  }

  admit(number: number): Effect[] {
    this.knock(number);
    return this.say(number, neighbour(number));
  }

  lose(number: number, offence = false): Effect[] {
    const peer = peerNumbered(number);
    return this.overlay.handle({ type: 'link-down', peer, reason: 'it went', offence }, at(0));
  }

  /** @returns how many times it may say this before it is hung up on */
  borne(number: number, message: OverlayMessage, triesMax: number, ms = 0): number {
    for (let times = 0; times < triesMax; times++) {
      if (this.say(number, message, ms).some(({ type }) => type === 'hang-up')) return times;
    }
    return triesMax;
  }

  /** Lets time pass. @returns what came of it */
  pass(untilMs: number): Effect[] {
    const effects: Effect[] = [];
    for (let { dueAtMs } = this.overlay; dueAtMs <= untilMs; { dueAtMs } = this.overlay) {
      effects.push(...this.overlay.tick(at(dueAtMs)));
    }
    return effects;
  }
}

describe('a new neighbour', () => {
  test('is told of the offers that live', () => {
    const world = new World();
    const { offer, signed } = offerOf({ requester: self });
    world.overlay.publish({ offer, signed }, at(0));
    const { requester, job, sequence } = offer;
    const offers = [{ name: { requester, job, sequence }, hops: 0 }];
    expect(world.admit(1)).toContainEqual({
      type: 'send-overlay',
      to: one,
      message: { type: 'have', offers },
    });
  });

  test('is watched: one that falls silent is asked, and parted with as dead', () => {
    const world = new World();
    world.admit(1);
    const effects = world.pass(60_000);
    const asked = { type: 'send-overlay', to: one, message: { type: 'ping', id: 1 } };
    expect(effects).toContainEqual(asked);
    expect(effects).toContainEqual(hangUp);
    expect(world.overlay.failureCounts).toMatchObject({ suspected: 1, dead: 1 });
    expect([world.overlay.neighbours.size, world.overlay.known.size]).toEqual([0, 0]);
  });

  test('that says anything at all is not asked whether it is there', () => {
    const world = new World();
    world.admit(1);
    const effects: Effect[] = [];
    for (let ms = 0; ms < 60_000; ms += 5_000) {
      effects.push(...world.pass(ms));
      world.say(1, { type: 'prune' }, ms);
    }
    const pings = effects.filter(
      (effect) => effect.type === 'send-overlay' && effect.message.type === 'ping',
    );
    expect(pings).toEqual([]);
  });

  test('that goes is watched no more', () => {
    const world = new World();
    world.admit(1);
    world.lose(1);
    world.pass(60_000);
    expect(world.overlay.failureCounts).toMatchObject({ suspected: 0, dead: 0 });
  });

  test('is written down when the peer stops', () => {
    const world = new World();
    world.admit(1);
    expect(world.overlay.stop(at(1))).toMatchObject([
      { type: 'keep-peers', peers: [{ peer: one }] },
    ]);
  });
});

describe('who has a link and is no neighbour', () => {
  test('is answered when it pings', () => {
    const world = new World();
    world.knock(1);
    expect(world.say(1, ping)).toEqual([pong]);
  });

  test('brings no offers, and has nobody looked for', () => {
    const world = new World();
    world.knock(1);
    expect(world.say(1, { type: 'gossip', offer: offerOf(), hops: 1 })).toEqual([]);
    expect(world.say(1, probe)).toEqual([]);
    expect(world.book.size).toBe(0);
  });
});

describe('whoever sends too much', () => {
  test('is parted with, and not let in again', () => {
    const world = new World();
    world.admit(1);
    const times = world.borne(1, ping, 20_000);
    expect(times).toBeGreaterThan(8_000);
    expect(times).toBeLessThan(9_000);
    expect(world.overlay.neighbours.size).toBe(0);
    expect(world.overlay.failureCounts.misbehaved).toBe(1);
    expect(world.knock(1)).toEqual([hangUp]);
  });

  test('is not meant where it passes on what others flood the grid with', () => {
    const world = new World();
    world.admit(1);
    const passedOn = (count: number, ms: number) =>
      expect(world.borne(1, { type: 'prune' }, count, ms)).toBe(count);
    passedOn(4096, 0);
    // 200 offers of new requesters, as many of old ones, and 64 of its own in each second.
    for (let ms = 1_000; ms <= 60_000; ms += 1_000) passedOn(200 + 200 + 64, ms);
  });

  test('is borne with for less when it is no neighbour', () => {
    const world = new World();
    world.knock(1);
    expect(world.borne(1, ping, 100)).toBe(16);
  });

  test('is counted anew on another link', () => {
    const world = new World();
    for (let times = 0; times < 2; times++) {
      world.knock(1);
      expect(world.borne(1, ping, 10)).toBe(10);
      world.lose(1);
    }
  });

  test('is counted anew when this peer has hung up', () => {
    const world = new World();
    world.knock(1);
    expect(world.borne(1, ping, 16)).toBe(16);
    expect(world.pass(5_000)).toContainEqual(hangUp);
    world.knock(1, 5_001);
    expect(world.borne(1, ping, 16, 5_001)).toBe(16);
  });
});

test('a link that ended for what no correct peer sends is not taken up again', () => {
  const world = new World();
  world.admit(1);
  world.lose(1, true);
  expect(world.overlay.failureCounts.misbehaved).toBe(1);
  expect(world.knock(1)).toEqual([hangUp]);
});

describe('whom a neighbour wants to be looked for', () => {
  const dial: Effect = { type: 'dial', address: addressNumbered(9), expected: peerNumbered(9) };

  test('is dialled, told of, and hung up on without a word', () => {
    const world = new World();
    world.admit(1);
    expect(world.say(1, probe)).toEqual([dial]);
    const link = { type: 'link-up', peer: peerNumbered(9), remote: ipNumbered(9) } as const;
    const dialled = addressNumbered(9);
    expect(world.overlay.handle({ ...link, direction: 'outgoing', dialled }, at(1))).toEqual([
      told(true),
      { type: 'hang-up', peer: peerNumbered(9) },
    ]);
  });

  test('is told of when it was found where this peer dialled it for itself', () => {
    const world = new World();
    world.admit(1);
    world.say(1, probe);
    const link = { type: 'link-up', peer: peerNumbered(9), remote: ipNumbered(9) } as const;
    const up = { ...link, direction: 'outgoing', dialled: 'elsewhere:1' } as const;
    const [first, second] = world.overlay.handle(up, at(1));
    expect(first).toEqual(told(true));
    expect(second).toMatchObject({ to: peerNumbered(9), message: { type: 'neighbour' } });
  });

  test('is told of when the dial fails', () => {
    const world = new World();
    world.admit(1);
    world.say(1, probe);
    const failed = { type: 'dial-failed', address: addressNumbered(9), reason: 'refused' } as const;
    expect(world.overlay.handle(failed, at(1))).toEqual([told(false)]);
  });
});
