/** What a peer of ill will can do to another's views, and what it can't. */

import { describe, expect, test } from 'vitest';

import type { MembershipMessage } from '../../../../src/model/messages.ts';
import type { OverlayStep } from '../../../../src/protocol/overlay/overlay.ts';
import {
  accept,
  addressNumbered,
  choose,
  dialsOf,
  knock,
  memberOf,
  neighbour,
  ownRecord,
  reach,
  recordOf,
  recordsOf,
  say,
} from '../../../support/membership-fixtures.ts';
import { at, peerNumbered, self, startUnixMs } from '../../../support/protocol-fixtures.ts';

const one = peerNumbered(1);
const parted = [{ type: 'part', peer: one, because: 'misbehaved' }];

const join: MembershipMessage = { type: 'join', record: recordOf(1) };
const shuffle: MembershipMessage = { type: 'shuffle', id: 1, ttl: 3, path: [one], records: [] };
const reply: MembershipMessage = { type: 'shuffle-reply', id: 1, path: [self], records: [] };
const forwardJoin: MembershipMessage = { type: 'forward-join', record: recordOf(9), ttl: 3 };
const disconnect: MembershipMessage = { type: 'disconnect' };
const refuse: MembershipMessage = { type: 'refuse', peers: [] };
const accepted: MembershipMessage = { type: 'accept', record: recordOf(1), peers: [] };

describe('out of turn', () => {
  test.each([
    [accepted],
    [refuse],
    [disconnect],
    [forwardJoin],
    [shuffle],
    [reply],
    [{ type: 'join', record: recordOf(2) } as const],
    [neighbour(2)],
  ])('from who should say what it wants: %o', (message) => {
    const member = memberOf();
    knock(member, 1);
    expect(say(member, 1, message)).toEqual(parted);
  });

  test.each([
    [join],
    [neighbour(1)],
    [disconnect],
    [forwardJoin],
    [shuffle],
    [reply],
    [{ type: 'accept', record: recordOf(2), peers: [] } as const],
  ])('from who should answer: %o', (message) => {
    const member = memberOf();
    reach(member, 1);
    expect(say(member, 1, message)).toEqual(parted);
  });

  test.each([
    [join],
    [neighbour(1)],
    [accepted],
    [refuse],
    [{ type: 'forward-join', record: recordOf(9), ttl: 9 } as const],
  ])('from a neighbour: %o', (message) => {
    const member = memberOf();
    choose(member, [1]);
    expect(say(member, 1, message)).toEqual(parted);
  });

  test.each([[join], [accepted], [shuffle], [disconnect], [forwardJoin]])(
    'from who has no link it does nothing: %o',
    (message) => {
      const member = memberOf();
      expect(say(member, 1, message)).toEqual([]);
    },
  );
});

describe('floods', () => {
  test('of newcomers are cut off', () => {
    const member = memberOf();
    choose(member, [1, 2]);
    const steps: OverlayStep[][] = [];
    for (let number = 100; number < 400; number++) {
      steps.push(say(member, 1, { type: 'forward-join', record: recordOf(number), ttl: 6 }));
    }
    expect(steps.slice(0, 64).flat()).toHaveLength(64);
    expect(
      steps
        .slice(64, 128 + 64)
        .flat()
        .filter(({ type }) => type !== 'dial'),
    ).toEqual([]);
    expect(steps.at(-1)).toEqual(parted);
  });

  test('of links from one network take two places of five', () => {
    const member = memberOf();
    for (let number = 100; number < 200; number++) {
      const remote = `8.8.0.${number}`;
      const direction = 'incoming';
      member.linkUp({ type: 'link-up', peer: peerNumbered(number), direction, remote }, at(0));
      say(member, number, { type: 'join', record: recordOf(number) });
    }
    expect(member.neighbours.size).toBe(2);
  });

  test('of records from one network take a tenth of the passive view', () => {
    const member = memberOf();
    for (let number = 100; number < 200; number += 10) {
      const records = recordsOf(10, number).map(({ record }) =>
        recordOf(0, { peer: record.peer, addresses: [`8.8.0.${number}:1`] }),
      );
      reach(member, 1);
      accept(member, 1, 0, records);
      member.linkDown(one, false, at(0));
    }
    expect(member.passive.size).toBe(6);
  });

  test('of records from a hundred networks don’t grow it', () => {
    const member = memberOf();
    for (let number = 0; number < 1_000; number += 10) {
      reach(member, 60_000);
      accept(member, 60_000, 0, recordsOf(10, number));
      member.linkDown(peerNumbered(60_000), false, at(0));
    }
    expect(member.passive.size).toBe(60);
  });

  test('of the same neighbour coming and going have nobody dialled all the time', () => {
    const member = memberOf({ entrances: [addressNumbered(1)] });
    let dials = 1;
    for (let ms = 0; ms < 600_000; ms += 100) {
      for (const _ of dialsOf(member.tick(at(ms)))) {
        dials += 1;
        reach(member, 1, ms);
        accept(member, 1, ms);
        member.linkDown(one, false, at(ms));
      }
    }
    expect(dials).toBeLessThan(25);
  });
});

describe('nobody is made to believe', () => {
  test('anything of itself', () => {
    const member = memberOf();
    const impostor = { ...ownRecord, record: { ...ownRecord.record, sequence: startUnixMs + 9 } };
    reach(member, 1);
    accept(member, 1, 0, [impostor]);
    say(member, 1, { type: 'shuffle', id: 1, ttl: 0, path: [one], records: [impostor] });
    say(member, 1, { type: 'forward-join', record: impostor, ttl: 0 });
    expect(member.passive.size).toBe(0);
    expect([...member.neighbours.keys()]).toEqual([one]);
  });

  test('an old record in the place of a newer one', () => {
    const member = memberOf();
    const newer = recordOf(5, { sequence: startUnixMs + 1, addresses: ['5.5.5.5:5'] });
    reach(member, 1);
    accept(member, 1, 0, [newer]);
    say(member, 1, { type: 'shuffle', id: 1, ttl: 0, path: [one], records: [recordOf(5)] });
    expect(member.passive.get(peerNumbered(5))).toBe(newer);
  });
});
