/**
 * What the simulated network adds to the promises of `ports.ts`, which are held to it in
 * `test/contract/`: how long things take, and what becomes of streams when it breaks.
 */

import { describe, expect, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import type { PeerId } from '../../src/model/ids.ts';
import type { OverlayMessage } from '../../src/model/messages.ts';
import type { TransportEvent } from '../../src/ports.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { anna, bert, jobNumbered, offerOf } from '../support/protocol-fixtures.ts';
import { Host } from '../support/simulator/host.ts';
import { calmNetwork, Network, type NetworkOptions } from '../support/simulator/network.ts';
import { Timeline } from '../support/simulator/timeline.ts';

type Heard = { readonly host: Host; readonly events: TransportEvent[] };

function networkOf(options: Partial<NetworkOptions> = {}, seed = 1) {
  const timeline = new Timeline();
  const network = new Network(timeline, createRandom(seed), { ...calmNetwork, ...options });
  const join = (self: PeerId): Heard => listening(new Host(network, self, network.place()));
  return { timeline, network, join };
}

function listening(host: Host): Heard {
  const events: TransportEvent[] = [];
  void host.listen((event) => events.push(event));
  return { host, events };
}

/** Anna and Bert, of whom Anna has dialled. */
function linked(options: Partial<NetworkOptions> = {}) {
  const world = networkOf(options);
  const [a, b] = [world.join(anna), world.join(bert)];
  a.host.dial(b.host.address, bert);
  world.timeline.runFor(5_000);
  a.events.length = 0;
  b.events.length = 0;
  return { ...world, a, b };
}

function ping(id: number): OverlayMessage {
  return { type: 'ping', id };
}

function pings({ events }: Heard): number[] {
  return events.flatMap((event) =>
    event.type === 'overlay-message' && event.message.type === 'ping' ? [event.message.id] : [],
  );
}

const types = ({ events }: Heard): string[] => events.map(({ type }) => type);

describe('overlay streams', () => {
  test('both sides learn who the other is and who dialled, after three round trips', () => {
    const { timeline, join } = networkOf({ jitter: 0 });
    const [a, b] = [join(anna), join(bert)];
    a.host.dial(b.host.address);
    timeline.runFor(249);
    expect([a.events, b.events]).toEqual([[], []]);
    timeline.runFor(51.1);
    expect(a.events).toEqual([
      {
        type: 'link-up',
        peer: bert,
        direction: 'outgoing',
        dialled: b.host.address,
        remote: b.host.place.ip,
      },
    ]);
    expect(b.events).toEqual([
      { type: 'link-up', peer: anna, direction: 'incoming', remote: a.host.place.ip },
    ]);
  });

  test('messages arrive once and in order, however much their delays differ', () => {
    const { timeline, a, b } = linked({ jitter: 3, lossRate: 0.2 });
    const ids = Array.from({ length: 200 }, (_, index) => index);
    for (const id of ids) {
      a.host.sendOverlay(bert, ping(id));
      timeline.runFor(1);
    }
    timeline.runFor(10_000);
    expect(pings(b)).toEqual(ids);
  });

  test.each([
    [anna, bert],
    [bert, anna],
  ])('of two dialled at once, the one of the smaller id is left: %s', (first, second) => {
    const { timeline, join } = networkOf();
    const [one, other] = [join(first), join(second)];
    one.host.dial(other.host.address);
    other.host.dial(one.host.address);
    timeline.runFor(10_000);
    const [smaller, larger] = first < second ? [one, other] : [other, one];
    expect(smaller.events).toMatchObject([{ type: 'link-up', direction: 'outgoing' }]);
    const { address } = smaller.host;
    const expected = { type: 'link-up', direction: 'incoming', dialled: address };
    expect(larger.events).toMatchObject([expected]);
    one.host.sendOverlay(second, ping(1));
    other.host.sendOverlay(first, ping(2));
    timeline.runFor(1_000);
    expect([pings(one), pings(other)]).toEqual([[2], [1]]);
  });

  test('dials that cross at any moment end in one event each, and leave one stream', () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= 300; seed++) {
      const { timeline, join } = networkOf({ jitter: 2, lossRate: 0.1 }, seed);
      const [a, b] = [join(anna), join(bert)];
      a.host.dial(b.host.address, bert);
      timeline.runFor(4 * seed);
      b.host.dial(a.host.address, anna);
      timeline.runFor(20_000);
      a.host.sendOverlay(bert, ping(1));
      b.host.sendOverlay(anna, ping(2));
      timeline.runFor(5_000);
      expect([pings(a), pings(b)]).toEqual([[2], [1]]);
      for (const { events, host } of [a, b]) {
        const other = host === a.host ? b.host.address : a.host.address;
        const ends = events.filter((event) =>
          event.type === 'link-up' ? event.dialled === other : event.type === 'dial-failed',
        );
        expect(ends).toHaveLength(1);
      }
      outcomes.add(`${types(a).join()} ${types(b).join()}`);
    }
    expect(outcomes.size).toBeGreaterThan(1);
    expect([...outcomes].filter((outcome) => outcome.includes('link-down'))).toEqual([]);
  });

  test('a dial of nobody times out', () => {
    const { timeline, join } = networkOf();
    const a = join(anna);
    a.host.dial('1.2.3.4:5');
    timeline.runFor(4_999);
    expect(a.events).toEqual([]);
    timeline.runFor(2);
    const reason = 'timed out: no answer within 5 s';
    expect(a.events).toEqual([{ type: 'dial-failed', address: '1.2.3.4:5', reason }]);
  });

  test('a lost dial times out', () => {
    const { timeline, join } = networkOf({ dialLossRate: 1 });
    const [a, b] = [join(anna), join(bert)];
    a.host.dial(b.host.address);
    timeline.runFor(5_001);
    expect([types(a), types(b)]).toEqual([['dial-failed'], []]);
  });
});

describe('signatures', () => {
  test.each([
    ['made up', (host: Host) => ({ ...offerOf(), offer: host.signOffer(offerOf().offer).offer })],
    ['signed by another', (host: Host) => host.signOffer({ ...offerOf().offer, requester: bert })],
    [
      'put under another offer',
      (host: Host) => {
        const { offer, signed } = host.signOffer({ ...offerOf().offer, requester: anna });
        return { signed, offer: { ...offer, job: jobNumbered(2) } };
      },
    ],
  ])('an offer that is %s ends the stream, and is an offence', (_how, forge) => {
    const { timeline, a, b } = linked();
    a.host.sendOverlay(bert, { type: 'gossip', offer: forge(a.host), hops: 1 });
    timeline.runFor(1_000);
    expect(b.events).toMatchObject([{ type: 'link-down', peer: anna, offence: true }]);
    expect(a.events).toMatchObject([{ type: 'link-down', peer: bert, offence: false }]);
  });
});

describe('what breaks', () => {
  test('a killed process closes its streams after what it sent, and refuses dials', () => {
    const { timeline, a, b } = linked();
    a.host.sendOverlay(bert, ping(1));
    a.host.crash('killed');
    timeline.runFor(100);
    expect(types(b)).toEqual(['overlay-message', 'link-down']);
    b.host.dial(a.host.address);
    timeline.runFor(200);
    expect(b.events.slice(2)).toMatchObject([{ type: 'dial-failed', reason: /refused/ }]);
    expect(a.events).toEqual([]);
  });

  test('one that lost its power is silent until the keepalive gives it up', () => {
    const { timeline, a, b } = linked();
    a.host.crash('silent');
    b.host.sendOverlay(anna, ping(1));
    b.host.dial(a.host.address);
    timeline.runFor(9_000);
    expect(types(b)).toEqual(['dial-failed']);
    timeline.runFor(12_000);
    expect(types(b)).toEqual(['dial-failed', 'link-down']);
  });

  test('one that starts again does not know its old streams', () => {
    const { timeline, network, a, b } = linked();
    a.host.crash('silent');
    timeline.runFor(1_000);
    const again = listening(new Host(network, anna, a.host.place));
    b.host.sendOverlay(anna, ping(1));
    timeline.runFor(200);
    expect([types(b), types(again), types(a)]).toEqual([['link-down'], [], []]);
  });

  test.each(['both ways', 'one way'])(
    'over a cut (%s) nothing arrives until it is healed',
    (ways) => {
      const { timeline, network, a, b } = linked();
      network.cut([a.host.place], [b.host.place]);
      if (ways === 'both ways') network.cut([b.host.place], [a.host.place]);
      a.host.sendOverlay(bert, ping(1));
      a.host.sendOverlay(bert, ping(2));
      b.host.sendOverlay(anna, ping(3));
      timeline.runFor(5_000);
      expect([pings(a), pings(b)]).toEqual([ways === 'one way' ? [3] : [], []]);
      network.heal();
      timeline.runFor(5_200);
      expect([pings(a), pings(b)]).toEqual([[3], [1, 2]]);
    },
  );

  test('a long cut ends the streams at both sides, and what waited is lost', () => {
    const { timeline, network, a, b } = linked();
    network.cut([a.host.place], [b.host.place]);
    a.host.sendOverlay(bert, ping(1));
    timeline.runFor(20_200);
    expect([types(a), types(b)]).toEqual([['link-down'], ['link-down']]);
    network.heal();
    timeline.runFor(60_000);
    expect([types(a), types(b)]).toEqual([['link-down'], ['link-down']]);
  });

  test('a frozen process hears all in order when it thaws', () => {
    const { timeline, a, b } = linked();
    b.host.freeze();
    a.host.sendOverlay(bert, ping(1));
    a.host.sendOverlay(bert, ping(2));
    timeline.runFor(9_000);
    expect([types(a), types(b)]).toEqual([[], []]);
    b.host.thaw();
    timeline.runFor(1);
    expect(pings(b)).toEqual([1, 2]);
  });

  test('one that is frozen for long has lost its links when it thaws', () => {
    const { timeline, a, b } = linked();
    b.host.freeze();
    timeline.runFor(60_000);
    expect([types(a), types(b)]).toEqual([['link-down'], []]);
    b.host.thaw();
    timeline.runFor(1_000);
    expect(types(b)).toEqual(['link-down']);
  });

  test('a clogged stream delivers late and in order', () => {
    const { timeline, network, a, b } = linked();
    network.clog(a.host.place, b.host.place, 3_000);
    a.host.sendOverlay(bert, ping(1));
    a.host.sendOverlay(bert, ping(2));
    timeline.runFor(2_900);
    expect(pings(b)).toEqual([]);
    timeline.runFor(200);
    expect(pings(b)).toEqual([1, 2]);
  });

  test('a stream with too much waiting is closed as stuck', () => {
    const { timeline, network, a, b } = linked();
    network.clog(a.host.place, b.host.place, 60_000);
    for (let id = 0; id <= limits.streamQueueFramesMax; id++) a.host.sendOverlay(bert, ping(id));
    timeline.runFor(61_000);
    expect(a.events).toMatchObject([{ type: 'link-down', reason: /its reader is stuck/ }]);
    expect(types(b)).toEqual(['link-down']);
  });

  test('everything takes longer from and to a slow machine', () => {
    const { timeline, network, a, b } = linked({ jitter: 0 });
    network.slow(b.host.place, 4);
    a.host.sendOverlay(bert, ping(1));
    timeline.runFor(199);
    expect(pings(b)).toEqual([]);
    timeline.runFor(2);
    expect(pings(b)).toEqual([1]);
  });
});
