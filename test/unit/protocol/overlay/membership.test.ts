import { describe, expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { MembershipMessage } from '../../../../src/model/messages.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import {
  addressNumbered,
  accept,
  admit,
  choose,
  dialsOf,
  knock,
  knownNumbered,
  memberOf,
  neighbour,
  ownRecord,
  reach,
  recordOf,
  recordsOf,
  saidOf,
  say,
} from '../../../support/membership-fixtures.ts';
import { at, ofType, peerNumbered, self, startUnixMs } from '../../../support/protocol-fixtures.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import type { OverlayStep } from '../../../../src/protocol/overlay/overlay.ts';

const one = peerNumbered(1);

function keptIn(steps: readonly OverlayStep[]) {
  const isEffect = (step: OverlayStep): step is Effect => step.type === 'keep-peers';
  return ofType(steps.filter(isEffect), 'keep-peers').map(({ peers }) => peers);
}

describe('a newcomer’s walk', () => {
  const walk = (ttl: number, number = 50): MembershipMessage => ({
    type: 'forward-join',
    record: recordOf(number),
    ttl,
  });

  test('goes on to another neighbour', () => {
    const member = memberOf();
    choose(member, [1, 2]);
    expect(say(member, 1, walk(6))).toEqual([
      { type: 'send-overlay', to: peerNumbered(2), message: walk(5) },
    ]);
    expect(member.passive.size).toBe(0);
  });

  test('leaves its record when three links are left', () => {
    const member = memberOf();
    choose(member, [1, 2, 3, 4, 5]);
    expect(saidOf(say(member, 1, walk(3))).map(([, message]) => message)).toEqual([walk(2)]);
    expect([...member.passive.keys()]).toEqual([peerNumbered(50)]);
  });

  test.each([
    ['when no links are left', [1, 2], 0],
    ['with who has no other neighbour', [1], 6],
  ])('ends %s: the newcomer is dialled, and asked', (_, neighbours, ttl) => {
    const member = memberOf();
    choose(member, neighbours);
    const address = addressNumbered(50);
    const dial = { type: 'dial', address, expected: peerNumbered(50) };
    expect(say(member, 1, walk(ttl))).toEqual([dial]);
    const question = { type: 'neighbour', record: ownRecord, priority: 'low' };
    expect(saidOf(reach(member, 50))).toEqual([[peerNumbered(50), question]]);
    expect(accept(member, 50)).toContainEqual({ type: 'neighbour-up', peer: peerNumbered(50) });
  });

  test('that ends at a full view costs none of the two that were chosen', () => {
    const member = memberOf();
    choose(member, [1, 2]);
    admit(member, [3, 4, 5]);
    for (let number = 50; number < 60; number++) {
      say(member, 1, walk(0, number));
      reach(member, number);
      accept(member, number);
    }
    expect([...member.neighbours.keys()]).toEqual([1, 2, 3, 4, 59].map(peerNumbered));
  });

  test('of this peer itself, of a neighbour, or of who has expired, ends in nothing', () => {
    const member = memberOf();
    choose(member, [1, 2]);
    expect(say(member, 1, { type: 'forward-join', record: ownRecord, ttl: 0 })).toEqual([]);
    expect(say(member, 1, walk(0, 2))).toEqual([]);
    const expired = recordOf(50, { expiresAtMs: startUnixMs });
    expect(say(member, 1, { type: 'forward-join', record: expired, ttl: 6 })).toEqual([]);
    expect(member.passive.size).toBe(0);
  });

  test('can have full views dial 32 newcomers at once, then one in two seconds', () => {
    const member = memberOf();
    choose(member, [1, 2, 3, 4, 5]);
    const steps = Array.from({ length: 100 }, (_, index) => say(member, 1, walk(0, 50 + index)));
    expect(dialsOf(steps.flat())).toHaveLength(32);
    expect(dialsOf(say(member, 1, walk(0, 500), 2_000))).toHaveLength(1);
    expect(dialsOf(say(member, 1, walk(0, 501), 2_001))).toEqual([]);
  });
});

describe('parting', () => {
  test('with who misbehaved: it is hung up on, not dialled, not listened to', () => {
    const member = memberOf({ entrances: [addressNumbered(1)] });
    choose(member, [1]);
    expect(member.part(one, 'misbehaved', at(1))).toEqual([
      { type: 'hang-up', peer: one },
      { type: 'neighbour-down', peer: one },
    ]);
    expect(say(member, 1, neighbour(1), 2)).toEqual([]);
    expect(knock(member, 1, 3)).toEqual([{ type: 'hang-up', peer: one }]);
    choose(member, [2], 4);
    reach(member, 3, 5);
    accept(member, 3, 5, [recordOf(1)]);
    expect(member.passive.size).toBe(0);
    expect(dialsOf(member.tick(at(500_000)))).toEqual([]);
    expect(knock(member, 1, 600_001)).toEqual([]);
  });

  test('with who broke a bound of the wire, which has no link any more', () => {
    const member = memberOf();
    choose(member, [1]);
    expect(member.linkDown(one, true, at(1))).toEqual([{ type: 'neighbour-down', peer: one }]);
    expect(knock(member, 1, 2)).toEqual([{ type: 'hang-up', peer: one }]);
  });

  test('with the dead: hearsay does not bring them back', () => {
    const member = memberOf();
    choose(member, [1, 2]);
    expect(member.part(one, 'dead', at(1))).toEqual([
      { type: 'hang-up', peer: one },
      { type: 'neighbour-down', peer: one },
    ]);
    reach(member, 3, 2);
    accept(member, 3, 2, [recordOf(1)]);
    expect(member.passive.size).toBe(0);
    // It was wrong: there it is.
    knock(member, 1, 3);
    say(member, 1, neighbour(1), 3);
    expect(member.neighbours.has(one)).toBe(true);
  });

  test('with who can’t be reached from here: it may be again some time', () => {
    const member = memberOf();
    choose(member, [1]);
    member.part(one, 'unreachable', at(1));
    expect([...member.passive.keys()]).toEqual([one]);
    expect(dialsOf(member.tick(at(40_000)))).toEqual([]);
    expect(dialsOf(member.tick(at(80_000)))).toEqual([addressNumbered(1)]);
  });

  test('with a peer that has no link costs nothing', () => {
    const member = memberOf();
    expect(member.part(one, 'dead', at(1))).toEqual([]);
    expect(member.linkDown(one, false, at(1))).toEqual([]);
  });
});

describe('the next start', () => {
  test('is written down for some seconds after the first neighbour', () => {
    const member = memberOf({ known: [knownNumbered(9, startUnixMs - 1)] });
    expect(keptIn(member.tick(at(60_000)))).toEqual([]);
    reach(member, 1, 60_000);
    accept(member, 1, 60_000, [recordOf(2)]);
    expect(keptIn(member.tick(at(64_999)))).toEqual([]);
    const kept = [knownNumbered(1, startUnixMs + 65_000), knownNumbered(2)];
    expect(keptIn(member.tick(at(65_000)))).toEqual([[...kept, knownNumbered(9, startUnixMs - 1)]]);
    expect(keptIn(member.tick(at(600_000)))).toEqual([]);
  });

  test('is written down again when neighbours have changed, once a minute', () => {
    const member = memberOf();
    choose(member, [1], 0);
    expect(keptIn(member.tick(at(5_000)))).toHaveLength(1);
    choose(member, [2], 6_000);
    choose(member, [3], 7_000);
    expect(keptIn(member.tick(at(64_999)))).toEqual([]);
    expect(keptIn(member.tick(at(65_000)))).toHaveLength(1);
    member.linkDown(one, false, at(66_000));
    expect(keptIn(member.tick(at(125_000)))).toHaveLength(1);
  });

  test('is written down when the peer stops, if there is anything new', () => {
    const member = memberOf();
    expect(keptIn(member.stop(at(0)))).toEqual([]);
    reach(member, 1, 1_000);
    accept(member, 1, 1_000, [recordOf(2)]);
    const kept = [knownNumbered(1, startUnixMs + 2_000), knownNumbered(2)];
    expect(keptIn(member.stop(at(2_000)))).toEqual([kept]);
    expect(keptIn(member.stop(at(2_000)))).toEqual([]);
  });

  test('is of as many as the bound says', () => {
    const known = Array.from({ length: 300 }, (_, index) => knownNumbered(1_000 + index));
    const member = memberOf({ known });
    reach(member, 1);
    accept(member, 1, 0, recordsOf(16, 100));
    const [kept] = keptIn(member.tick(at(5_000)));
    expect(kept).toHaveLength(limits.knownPeersMax);
    expect(kept?.[0]).toEqual(knownNumbered(1, startUnixMs + 5_000));
  });
});

test('the own record is signed anew after half an hour, and told from then on', () => {
  const member = memberOf();
  choose(member, [1]);
  const steps = member.tick(at(1_800_000));
  const sequence = startUnixMs + 1_800_000;
  const record = { ...ownRecord.record, sequence, expiresAtMs: sequence + 3_600_000 };
  expect(steps).toContainEqual({ type: 'sign-record', record });
  const signed = { ...ownRecord, record };
  member.recordSigned(signed, at(1_800_000));
  expect(saidOf(reach(member, 2, 1_800_001))).toEqual([
    [peerNumbered(2), { type: 'neighbour', record: signed, priority: 'low' }],
  ]);
});

test('alone and without addresses there is next to nothing to wake up for', () => {
  const member = memberOf();
  for (let ms = 0, ticks = 0; ms < 3_600_000; ms = member.dueAtMs, ticks++) {
    expect(ticks).toBeLessThan(200);
    for (const step of member.tick(at(ms))) expect(step.type).toBe('sign-record');
  }
});

test('after a tick the next is never due in the past, whatever happens', () => {
  for (const seed of [1, 2, 3, 4]) {
    const random = createRandom(seed);
    const below = (bound: number) => Math.floor(random.next() * bound);
    const known = [1, 2, 3].map((number) => knownNumbered(number));
    const member = memberOf({ entrances: ['a:1', 'b:1'], known }, seed);
    let ms = 0.1;
    for (let steps = 0; steps < 4_000; steps++) {
      ms += random.next() * 2_000;
      const number = 1 + below(60);
      const done: OverlayStep[] = [];
      const dice = below(9);
      const peers = recordsOf(4, 1 + below(56));
      if (dice === 0) done.push(...knock(member, number, ms));
      if (dice === 1) done.push(...say(member, number, neighbour(number, 'high'), ms));
      if (dice === 2) done.push(...reach(member, number, ms));
      if (dice === 3) done.push(...accept(member, number, ms, peers));
      if (dice === 4) done.push(...say(member, number, { type: 'refuse', peers }, ms));
      if (dice === 5) done.push(...member.dialFailed(addressNumbered(number), at(ms)));
      if (dice === 6) done.push(...say(member, number, { type: 'disconnect' }, ms));
      if (dice === 7) done.push(...member.linkDown(peerNumbered(number), false, at(ms)));
      if (dice === 8) done.push(...member.part(peerNumbered(number), 'dead', at(ms)));
      done.push(...member.tick(at(ms)));
      expect(member.dueAtMs, `seed ${seed}, step ${steps}`).toBeGreaterThan(ms);
      expect(member.neighbours.size).toBeLessThanOrEqual(5);
      expect(member.passive.size).toBeLessThanOrEqual(60);
      expect(member.passive.has(self) || member.neighbours.has(self)).toBe(false);
      for (const peer of member.neighbours.keys()) expect(member.passive.has(peer)).toBe(false);
      expect(dialsOf(done).length).toBeLessThanOrEqual(10);
    }
  }
});
