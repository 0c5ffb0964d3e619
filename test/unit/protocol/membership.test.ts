import { describe, expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { PeerId } from '../../../src/model/ids.ts';
import type { PeerRecord } from '../../../src/model/messages.ts';
import type { Effect } from '../../../src/protocol/events.ts';
import { Membership } from '../../../src/protocol/membership.ts';
import { createRandom } from '../../../src/protocol/random.ts';
import { anna, bert, cora, ofType, peerNumbered, self } from '../../support/protocol-fixtures.ts';

const recordOf = (number: number): PeerRecord => ({
  peer: peerNumbered(number),
  addresses: [`host${number}:1`],
});
const records = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => recordOf(from + index));

function membershipOf(...entrances: string[]): Membership {
  return new Membership(self, entrances, createRandom(1));
}

/** A neighbour that came by itself. */
function accept(membership: Membership, peer: PeerId, nowMs = 0): Effect[] {
  const addresses = [`${peer.slice(0, 4)}:1`];
  return membership.neighbourUp(
    { type: 'neighbour-up', peer, addresses, direction: 'incoming' },
    nowMs,
  );
}

/** A neighbour that was dialled. */
function reach(membership: Membership, peer: PeerId, dialled: string, nowMs = 0): Effect[] {
  const direction = 'outgoing';
  const up = { type: 'neighbour-up', peer, addresses: [dialled], direction, dialled } as const;
  return membership.neighbourUp(up, nowMs);
}

function tell(membership: Membership, peers: readonly PeerRecord[], nowMs = 0): Effect[] {
  return membership.handle(anna, { type: 'peers', peers }, nowMs);
}

const dials = (effects: readonly Effect[]) => ofType(effects, 'dial').map(({ address }) => address);

describe('dialling', () => {
  test('the first tick dials every entrance, at once', () => {
    const membership = membershipOf('one:1', 'two:2');
    expect(membership.dueAtMs).toBe(0);
    expect(membership.tick(0)).toEqual([
      { type: 'dial', address: 'one:1' },
      { type: 'dial', address: 'two:2' },
    ]);
  });

  test('peers that a neighbour names are dialled until there are neighbours enough', () => {
    const membership = membershipOf();
    accept(membership, anna);
    const effects = tell(membership, records(20));
    expect(effects).toHaveLength(4);
    const named = new Map(records(20).map(({ peer, addresses }) => [addresses[0], peer]));
    for (const { address, expected } of ofType(effects, 'dial')) {
      expect(expected).toBe(named.get(address));
    }
    expect(tell(membership, records(20))).toEqual([]);
  });

  test('a lost neighbour is replaced from the known peers', () => {
    const membership = membershipOf();
    for (const { peer } of records(5, 100)) accept(membership, peer);
    expect(tell(membership, [recordOf(1)])).toEqual([]);
    expect(dials(membership.neighbourDown(peerNumbered(100), 5))).toHaveLength(1);
    expect(membership.neighbours.size).toBe(4);
  });

  test('an entrance that is a neighbour is not dialled, and is again when it is lost', () => {
    const membership = membershipOf('one:1');
    membership.tick(0);
    expect(dials(reach(membership, anna, 'one:1', 10))).toEqual([]);
    expect(dials(membership.neighbourDown(anna, 20))).toContain('one:1');
  });

  test('this peer itself is never learnt, nor is one without an address', () => {
    const membership = membershipOf();
    const useless = { peer: bert, addresses: [] };
    expect(tell(membership, [{ peer: self, addresses: ['me:1'] }, useless])).toEqual([]);
    expect(membership.known.size).toBe(0);
  });

  test('after a failure an address is left alone, twice as long each time, up to a minute', () => {
    const membership = membershipOf('one:1');
    membership.tick(0);
    let nowMs = 5;
    const waits: number[] = [];
    for (let times = 0; times < 9; times++) {
      expect(membership.dialFailed('one:1', nowMs)).toEqual([]);
      const dueAtMs = membership.dueAtMs;
      expect(dials(membership.tick(dueAtMs - 0.001))).toEqual([]);
      expect(membership.dueAtMs).toBe(dueAtMs);
      expect(dials(membership.tick(dueAtMs))).toEqual(['one:1']);
      waits.push(dueAtMs - nowMs);
      nowMs = dueAtMs + 1;
    }
    for (const [failures, wait] of waits.entries()) {
      const backoff = Math.min(1_000 * 2 ** failures, 60_000);
      expect(wait).toBeGreaterThanOrEqual(backoff * 0.75);
      expect(wait).toBeLessThan(backoff * 1.25);
    }
  });

  test('a dial that never ends counts as failed', () => {
    const membership = membershipOf('one:1');
    membership.tick(0);
    expect(dials(membership.tick(19_999))).toEqual([]);
    expect(dials(membership.tick(20_000))).toEqual(['one:1']);
  });

  test('a dead address is forgotten, an entrance never', () => {
    const membership = membershipOf('one:1');
    tell(membership, [recordOf(7)]);
    let nowMs = 0;
    for (let failures = 0; failures < 4; failures++) {
      nowMs += 100_000;
      membership.tick(nowMs);
      membership.dialFailed('host7:1', nowMs);
      membership.dialFailed('one:1', nowMs);
    }
    expect(membership.known.size).toBe(0);
    expect(dials(membership.tick(nowMs + 100_000))).toEqual(['one:1']);
  });

  test('of a peer with several addresses only the dead one is forgotten', () => {
    const membership = membershipOf();
    tell(membership, [{ peer: bert, addresses: ['dead:1', 'alive:1'] }]);
    for (let failures = 0; failures < 4; failures++) membership.dialFailed('dead:1', failures);
    expect(membership.known).toEqual(new Map([[bert, ['alive:1']]]));
  });

  test('addresses that a neighbour makes up are dialled seldom, however many it names', () => {
    const membership = membershipOf();
    accept(membership, anna);
    let dialled = 0;
    let named = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 50) {
      const records = Array.from({ length: 32 }, () => recordOf((named += 1)));
      let todo = dials([...tell(membership, records, nowMs), ...membership.tick(nowMs)]);
      while (todo.length > 0) {
        dialled += todo.length;
        todo = todo.flatMap((address) => dials(membership.dialFailed(address, nowMs)));
      }
    }
    expect(dialled).toBeGreaterThan(50);
    expect(dialled).toBeLessThan(60);
    expect(membership.dueAtMs).toBeGreaterThan(9_950);
  });

  test('a dead address that others keep naming is dialled ever more seldom', () => {
    const membership = membershipOf();
    accept(membership, anna);
    let dialled = 0;
    for (let nowMs = 0; nowMs < 600_000; nowMs += 500) {
      const told = nowMs % 10_000 === 0 ? tell(membership, [recordOf(1)], nowMs) : [];
      for (const address of dials([...told, ...membership.tick(nowMs)])) {
        dialled += 1;
        membership.dialFailed(address, nowMs);
      }
    }
    expect(dialled).toBeGreaterThan(8);
    expect(dialled).toBeLessThan(20);
  });
});

describe('neighbours', () => {
  test('a new neighbour is told the others', () => {
    const membership = membershipOf();
    accept(membership, anna);
    const told = ofType(accept(membership, bert), 'send-overlay');
    const peers = [{ peer: anna, addresses: ['anna:1'] }];
    expect(told).toEqual([{ type: 'send-overlay', to: bert, message: { type: 'peers', peers } }]);
  });

  test('who comes to a full peer is told others and sent away', () => {
    const membership = membershipOf();
    for (const { peer } of records(10)) accept(membership, peer);
    const effects = accept(membership, anna);
    expect(effects).toMatchObject([
      { type: 'send-overlay', to: anna, message: { type: 'peers' } },
      { type: 'send-overlay', to: anna, message: { type: 'refuse' } },
      { type: 'hang-up', peer: anna },
    ]);
    expect(membership.neighbours.has(anna)).toBe(false);
    const [told] = ofType(effects, 'send-overlay');
    expect(told?.message.type === 'peers' ? told.message.peers : []).toHaveLength(10);
  });

  test('a full peer that sent its own entrance away dials it again when it has room', () => {
    const membership = membershipOf('one:1');
    for (const { peer } of records(10)) accept(membership, peer);
    // Both had dialled at the same moment; the other's stream was kept.
    const up = { type: 'neighbour-up', peer: anna, addresses: ['one:1'] } as const;
    membership.neighbourUp({ ...up, direction: 'incoming', dialled: 'one:1' }, 0);
    const effects = records(10).flatMap(({ peer }) => membership.neighbourDown(peer, 1));
    expect(dials(effects)).toContain('one:1');
  });

  test('who was refused tries others first, and the refuser a minute later', () => {
    const membership = membershipOf('one:1');
    membership.tick(0);
    reach(membership, anna, 'one:1', 1);
    expect(membership.handle(anna, { type: 'refuse' }, 2)).toEqual([]);
    expect(dials(membership.neighbourDown(anna, 3))).toEqual([]);
    expect(membership.dueAtMs).toBeGreaterThan(3);
    expect(dials(membership.tick(60_001))).toEqual([]);
    expect(dials(membership.tick(60_002))).toContain('one:1');
  });

  test('a stranger that came by itself can’t have an address left alone', () => {
    const membership = membershipOf('one:1');
    const hostile = { type: 'neighbour-up', peer: bert, addresses: ['one:1'] } as const;
    membership.neighbourUp({ ...hostile, direction: 'incoming' }, 0);
    membership.dialFailed('one:1', 0);
    membership.handle(bert, { type: 'refuse' }, 0);
    expect(dials(membership.tick(2_000))).toEqual(['one:1']);
  });

  test('one neighbour at a time is sent a sample of known peers, every ten seconds', () => {
    const membership = membershipOf();
    accept(membership, anna, 100);
    accept(membership, bert, 200);
    tell(membership, records(100), 300);
    expect(ofType(membership.tick(10_099), 'send-overlay')).toEqual([]);
    const [sent, ...others] = ofType(membership.tick(10_100), 'send-overlay');
    expect(others).toEqual([]);
    expect([anna, bert]).toContain(sent?.to);
    const peers = sent?.message.type === 'peers' ? sent.message.peers : [];
    expect(peers).toHaveLength(limits.peersPerFrameMax);
    expect(peers.map(({ peer }) => peer)).not.toContain(sent?.to);
    expect(membership.dueAtMs).toBeLessThanOrEqual(20_100);
  });

  test('without neighbours or addresses there is nothing to wake up for', () => {
    const membership = membershipOf();
    accept(membership, cora, 0);
    membership.neighbourDown(cora, 1);
    membership.dialFailed('cora:1', 1);
    for (let times = 0; times < 4; times++) membership.dialFailed('cora:1', 2);
    membership.tick(10_000);
    expect(membership.dueAtMs).toBe(Infinity);
  });
});

describe('bounds', () => {
  test('past the most known peers the one named longest ago is forgotten', () => {
    const membership = membershipOf();
    tell(membership, records(limits.knownPeersMax));
    tell(membership, [recordOf(1), recordOf(5_000)]);
    expect(membership.known.size).toBe(limits.knownPeersMax);
    expect(membership.known.has(peerNumbered(1))).toBe(true);
    expect(membership.known.has(peerNumbered(2))).toBe(false);
  });

  test('after a tick the next is never due in the past, whatever happens', () => {
    for (const seed of [1, 2, 3]) {
      const random = createRandom(seed);
      const membership = new Membership(self, ['one:1', 'two:1'], createRandom(seed));
      const below = (bound: number) => Math.floor(random.next() * bound);
      let nowMs = 1e9 + 0.1;
      const dialling: string[] = [];
      for (let steps = 0; steps < 3_000; steps++) {
        nowMs += random.next() * 2_000;
        const known = recordOf(below(40));
        const [neighbour] = [...membership.neighbours.keys()];
        const dialled = dialling.shift();
        const effects: Effect[] = [];
        const dice = below(6);
        if (dialled !== undefined && dice < 2) {
          effects.push(...reach(membership, known.peer, dialled, nowMs));
        } else if (dialled !== undefined) effects.push(...membership.dialFailed(dialled, nowMs));
        if (dice === 2) effects.push(...accept(membership, known.peer, nowMs));
        if (dice === 3) effects.push(...tell(membership, [known, recordOf(below(40))], nowMs));
        if (neighbour !== undefined && dice === 4) {
          membership.handle(neighbour, { type: 'refuse' }, nowMs);
          effects.push(...membership.neighbourDown(neighbour, nowMs));
        }
        effects.push(...membership.tick(nowMs));
        dialling.push(...dials(effects));
        expect(membership.dueAtMs, `seed ${seed}, step ${steps}`).toBeGreaterThan(nowMs);
      }
    }
  });
});
