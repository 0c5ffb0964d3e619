/**
 * What `ports.ts` promises of every `Transport`, whatever it is made of. The simulated one is worth
 * as much as it keeps these promises like the real one: a machine that holds in simulations would
 * otherwise prove nothing about real peers.
 */

import { describe, expect, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import type { OverlayMessage } from '../../src/model/messages.ts';
import type { SignedOffer } from '../../src/model/offer.ts';
import type { Signed } from '../../src/model/signed.ts';
import { offerOf, peerNamed, recordOf } from '../support/protocol-fixtures.ts';
import {
  eventsOf,
  isTold,
  overlayMessagesTo,
  type TransportWorld,
  typesOf,
  type WorldPeer,
} from '../support/transport-world.ts';
import { largeMessage, someJob } from '../support/wire-samples.ts';
import { holdsCrossingPromises } from './crossing-promises.ts';
import { holdsWorkPromises } from './work-promises.ts';

export function holdsTransportPromises(begin: () => TransportWorld): void {
  describe('links', () => {
    holdsLinkPromises(begin);
  });
  describe('dials', () => {
    holdsDialPromises(begin);
  });
  describe('dials that cross', () => {
    holdsCrossingPromises(begin);
  });
  describe('hanging up', () => {
    holdsHangUpPromises(begin);
  });
  describe('offences', () => {
    holdsOffencePromises(begin);
  });
  describe('work', () => {
    holdsWorkPromises(begin);
  });
  describe('ends', () => {
    holdsEndPromises(begin);
  });
}

type Linked = { readonly world: TransportWorld; readonly a: WorldPeer; readonly b: WorldPeer };

/** Two peers with a link, the first of which dialled. */
async function linked(begin: () => TransportWorld): Promise<Linked> {
  const world = begin();
  const [a, b] = await Promise.all([world.join(), world.join()]);
  a.transport.dial(b.address, b.peer);
  await world.until(() => isTold(a, 'link-up') && isTold(b, 'link-up'));
  return { world, a, b };
}

function pings(count: number): readonly OverlayMessage[] {
  return Array.from({ length: count }, (_, id) => ({ type: 'ping', id }) as const);
}

function ownOffer({ peer, transport }: WorldPeer, sequence = 1): SignedOffer {
  return transport.signOffer({ ...offerOf().offer, requester: peer, sequence });
}

function holdsLinkPromises(begin: () => TransportWorld): void {
  test('both sides learn who the other is, where it is, and who dialled', async () => {
    const { a, b } = await linked(begin);
    const [ipOfA, ipOfB] = [a, b].map(({ address }) => address.split(':')[0]);
    const up = { type: 'link-up' };
    expect(a.events).toEqual([
      { ...up, peer: b.peer, direction: 'outgoing', dialled: b.address, remote: ipOfB },
    ]);
    expect(b.events).toEqual([{ ...up, peer: a.peer, direction: 'incoming', remote: ipOfA }]);
  });

  test('messages arrive once and in order, both ways', async () => {
    const { world, a, b } = await linked(begin);
    const sent = pings(500);
    for (const message of sent) {
      a.transport.sendOverlay(b.peer, message);
      b.transport.sendOverlay(a.peer, message);
    }
    for (const peer of [a, b]) {
      await world.until(() => overlayMessagesTo(peer).length >= sent.length);
      expect(overlayMessagesTo(peer)).toEqual(sent);
    }
  });

  test('what a peer has signed arrives as it said it', async () => {
    const { world, a, b } = await linked(begin);
    const offer = ownOffer(a);
    const record = a.transport.signRecord(recordOf(a.peer, { features: ['computes'] }).record);
    a.transport.sendOverlay(b.peer, { type: 'gossip', offer, hops: 1 });
    a.transport.sendOverlay(b.peer, { type: 'join', record });
    await world.until(() => overlayMessagesTo(b).length === 2);
    expect(overlayMessagesTo(b)).toMatchObject([
      { type: 'gossip', offer: { offer: offer.offer }, hops: 1 },
      { type: 'join', record: { record: record.record } },
    ]);
  });

  test('a record says no more of its peer than others would take', async () => {
    const { world, a, b } = await linked(begin);
    const { record } = recordOf(a.peer, {
      addresses: Array.from({ length: 20 }, (_, number) => `h${number}:1`),
      features: Array.from({ length: 50 }, (_, number) => `f${number}`),
    });
    const signed = a.transport.signRecord(record);
    expect(signed.record).toEqual({
      ...record,
      addresses: record.addresses.slice(0, limits.peerAddressesMax),
      features: record.features.slice(0, limits.featuresMax),
    });
    a.transport.sendOverlay(b.peer, { type: 'join', record: signed });
    await world.until(() => overlayMessagesTo(b).length === 1);
    expect(overlayMessagesTo(b)).toMatchObject([{ record: { record: signed.record } }]);
  });

  test('a queue may become as full as its bound', async () => {
    const { world, a, b } = await linked(begin);
    const sent = pings(limits.streamQueueFramesMax);
    for (const message of sent) a.transport.sendOverlay(b.peer, message);
    await world.until(() => overlayMessagesTo(b).length >= sent.length);
    expect(overlayMessagesTo(b)).toEqual(sent);
  });

  test.each(['dialler', 'dialled'])('a fuller queue closes the stream of the %s', async (who) => {
    const { world, a, b } = await linked(begin);
    const [from, to] = who === 'dialler' ? [a, b] : [b, a];
    const sent = pings(limits.streamQueueFramesMax + 1);
    for (const message of sent) from.transport.sendOverlay(to.peer, message);
    await world.until(() => isTold(from, 'link-down') && isTold(to, 'link-down'));
    const down = { type: 'link-down', offence: false };
    expect(from.events.slice(1)).toMatchObject([
      { ...down, peer: to.peer, reason: expect.stringContaining('its reader is stuck') },
    ]);
    // Some of it may have arrived, but nothing out of its order.
    const arrived = overlayMessagesTo(to);
    expect(arrived).toEqual(sent.slice(0, arrived.length));
    expect(to.events.slice(1 + arrived.length)).toMatchObject([{ ...down, peer: from.peer }]);
  });

  test('nothing is sent to peers that are not there, and that is no error', async () => {
    const world = begin();
    const { transport, address, events } = await world.join();
    const nobody = peerNamed('nobody');
    transport.sendOverlay(nobody, { type: 'prune' });
    transport.sendToRequester(nobody, { type: 'ask', job: someJob, count: 1 });
    transport.sendToVolunteer(nobody, { type: 'job-ended', job: someJob });
    transport.hangUp(nobody);
    transport.closeWork(nobody);
    transport.closeVolunteer(nobody);
    transport.dial(address);
    await world.until(() => events.length > 0);
    expect(events).toMatchObject([{ type: 'dial-failed' }]);
  });
}

function holdsDialPromises(begin: () => TransportWorld): void {
  test('of a linked peer fail and change nothing', async () => {
    const { world, a, b } = await linked(begin);
    a.transport.dial(b.address);
    await world.until(() => a.events.length === 2);
    expect(a.events.slice(1)).toEqual([
      { type: 'dial-failed', address: b.address, reason: 'there is a link to it already' },
    ]);
    b.transport.sendOverlay(a.peer, { type: 'prune' });
    await world.until(() => overlayMessagesTo(a).length === 1);
    expect(typesOf(b)).toEqual(['link-up']);
  });

  test('twice at once end in one stream and one failure', async () => {
    const world = begin();
    const [a, b] = await Promise.all([world.join(), world.join()]);
    a.transport.dial(b.address);
    a.transport.dial(b.address, b.peer);
    await world.until(() => a.events.length === 2 && b.events.length === 1);
    expect([...typesOf(a)].sort()).toEqual(['dial-failed', 'link-up']);
    a.transport.sendOverlay(b.peer, { type: 'prune' });
    await world.until(() => overlayMessagesTo(b).length === 1);
    expect(typesOf(b)).toEqual(['link-up', 'overlay-message']);
  });

  test('fail where nobody listens, at oneself, at another peer, and at no address', async () => {
    const world = begin();
    const [a, b, gone] = await Promise.all([world.join(), world.join(), world.join()]);
    await gone.transport.close();
    const reasons = [
      [gone.address, undefined, 'connection refused: nothing listens there'],
      [a.address, undefined, 'it is this peer itself'],
      [a.address, b.peer, 'it is this peer itself'],
      [b.address, gone.peer, `it is another peer: ${start(b)}, not ${start(gone)}`],
      ['unix:/run/socket', undefined, 'it is not "host:port"'],
    ] as const;
    for (const [dialled, [address, expected, reason]] of reasons.entries()) {
      a.transport.dial(address, expected);
      await world.until(() => a.events.length > dialled);
      expect(a.events[dialled]).toEqual({ type: 'dial-failed', address, reason });
    }
    expect(b.events).toEqual([]);
  });
}

function start({ peer }: WorldPeer): string {
  return peer.slice(0, 8);
}

function holdsHangUpPromises(begin: () => TransportWorld): void {
  test.each(['dialler', 'dialled'])(
    'all that the %s sent before arrives, and only the other side is told',
    async (who) => {
      const { world, a, b } = await linked(begin);
      const [from, to] = who === 'dialler' ? [a, b] : [b, a];
      // Twice what HTTP/2 takes before the reader has read.
      const sent = Array.from({ length: 20 }, (_, hops) => largeMessage(from.peer, hops));
      for (const message of sent) from.transport.sendOverlay(to.peer, message);
      from.transport.hangUp(to.peer);
      from.transport.sendOverlay(to.peer, { type: 'prune' });
      await world.until(() => isTold(to, 'link-down'));
      expect(overlayMessagesTo(to)).toEqual(sent);
      expect(to.events.at(-1)).toEqual({
        type: 'link-down',
        peer: from.peer,
        reason: 'it closed the stream',
        offence: false,
      });
      expect(typesOf(from)).toEqual(['link-up']);
    },
  );

  test.each(['dialler', 'dialled'])(
    'the %s may dial at once again, while what it sent before is still on its way',
    async (who) => {
      const { world, a, b } = await linked(begin);
      const [from, to] = who === 'dialler' ? [a, b] : [b, a];
      for (let n = 0; n < 20; n++) from.transport.sendOverlay(to.peer, largeMessage(from.peer, n));
      from.transport.hangUp(to.peer);
      from.transport.dial(to.address, to.peer);
      await world.until(() => isTold(from, 'link-up', 2) && isTold(to, 'link-up', 2));
      from.transport.sendOverlay(to.peer, { type: 'prune' });
      await world.until(() => overlayMessagesTo(to).at(-1)?.type === 'prune');
      expect(typesOf(from)).toEqual(['link-up', 'link-up']);
      expect(eventsOf(to, 'link-down')).toHaveLength(1);
    },
  );
}

/** A signature of the same peer, but of something else. */
function swapped(one: Signed, other: Signed): Signed {
  return { ...one, signature: other.signature };
}

function forgedOffer(peer: WorldPeer): SignedOffer {
  const [one, other] = [ownOffer(peer, 1), ownOffer(peer, 2)];
  return { ...one, signed: swapped(one.signed, other.signed) };
}

const offences: readonly (readonly [string, (from: WorldPeer) => OverlayMessage])[] = [
  ['a forged offer', (from) => ({ type: 'gossip', offer: forgedOffer(from), hops: 1 })],
  [
    'a forged record among good ones',
    (from) => {
      const good = from.transport.signRecord(recordOf(from.peer).record);
      const forged = { ...good, signed: swapped(good.signed, ownOffer(from).signed) };
      return { type: 'refuse', peers: [good, forged] };
    },
  ],
  ['a broken bound', () => ({ type: 'ping', id: 2 ** 53 })],
];

function holdsOffencePromises(begin: () => TransportWorld): void {
  describe.each(offences)('%s', (_what, messageOf) => {
    test.each(['dialler', 'dialled'])('of the %s ends the stream unheard', async (who) => {
      const { world, a, b } = await linked(begin);
      const [from, to] = who === 'dialler' ? [a, b] : [b, a];
      from.transport.sendOverlay(to.peer, { type: 'prune' });
      from.transport.sendOverlay(to.peer, messageOf(from));
      from.transport.sendOverlay(to.peer, { type: 'prune' });
      await world.until(() => isTold(from, 'link-down') && isTold(to, 'link-down'));
      const down = { type: 'link-down' };
      expect(to.events.slice(1)).toMatchObject([
        { type: 'overlay-message', message: { type: 'prune' } },
        { ...down, peer: from.peer, offence: true },
      ]);
      expect(from.events.slice(1)).toMatchObject([{ ...down, peer: to.peer, offence: false }]);
    });
  });
}

function holdsEndPromises(begin: () => TransportWorld): void {
  test('a peer that closes hears nothing more, and all others that it is gone', async () => {
    const { world, a, b } = await linked(begin);
    const c = await world.join();
    a.transport.openWork(b.peer, [b.address]);
    b.transport.openWork(a.peer, [a.address]);
    c.transport.dial(a.address, a.peer);
    await world.until(() => a.events.length === 4 && b.events.length === 3 && isTold(c, 'link-up'));
    // A dial is under way, which ends in nothing.
    const d = await world.join();
    a.transport.dial(d.address);
    await Promise.all([a.transport.close(), a.transport.close()]);
    await a.transport.close();
    a.transport.dial(b.address);
    a.transport.openWork(c.peer, [c.address]);
    a.transport.sendOverlay(b.peer, { type: 'prune' });
    await world.until(() => b.events.length === 6 && isTold(c, 'link-down'));
    expect(typesOf(b).slice(3).sort()).toEqual(['link-down', 'requester-down', 'volunteer-down']);
    expect(eventsOf(b, 'link-down')).toMatchObject([{ peer: a.peer, offence: false }]);
    c.transport.dial(a.address);
    await world.until(() => eventsOf(c, 'dial-failed').length === 1);
    expect(typesOf(c)).toEqual(['link-up', 'link-down', 'dial-failed']);
    expect(a.events).toHaveLength(4);
  });

  test('of a process that is killed all streams go down at the others', async () => {
    const world = begin();
    const [a, b] = await Promise.all([world.join(), world.join()]);
    const mortal = await world.joinMortal(a);
    b.transport.dial(mortal.address, mortal.peer);
    b.transport.openWork(mortal.peer, [mortal.address]);
    await world.until(() => a.events.length === 2 && b.events.length === 2);
    mortal.kill();
    await world.until(() => a.events.length === 4 && b.events.length === 4);
    expect(typesOf(a).slice(2).sort()).toEqual(['link-down', 'volunteer-down']);
    expect(typesOf(b).slice(2).sort()).toEqual(['link-down', 'requester-down']);
    for (const peer of [a, b]) {
      expect(eventsOf(peer, 'link-down')).toMatchObject([{ peer: mortal.peer, offence: false }]);
    }
    b.transport.dial(mortal.address);
    await world.until(() => eventsOf(b, 'dial-failed').length === 1);
  });
}
