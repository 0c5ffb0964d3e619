/** Links of visits: how they begin and end, and what they leave alone. */

import { describe, expect, test } from 'vitest';

import type { MembershipMessage } from '../../../../src/model/messages.ts';
import type { Membership } from '../../../../src/protocol/overlay/membership.ts';
import type { OverlayStep } from '../../../../src/protocol/overlay/overlay.ts';
import {
  addressNumbered,
  admit,
  choose,
  dialsOf,
  ipNumbered,
  knock,
  knownNumbered,
  memberOf,
  neighbour,
  ownRecord,
  reach,
  recordOf,
  say,
} from '../../../support/membership-fixtures.ts';
import { at, peerNumbered } from '../../../support/protocol-fixtures.ts';

const nine = peerNumbered(9);
const begun: OverlayStep = { type: 'visit-begun', peer: nine };
const over: OverlayStep = { type: 'visit-over', peer: nine };
const hangUp: OverlayStep = { type: 'hang-up', peer: nine };
const offence: OverlayStep = { type: 'part', peer: nine, because: 'misbehaved' };
const visit = (number: number): MembershipMessage => ({ type: 'visit', record: recordOf(number) });

/** Lets time pass. @returns when, and whom it dials */
function dialsUntil(member: Membership, untilMs: number): [number, string][] {
  const dials: [number, string][] = [];
  for (let ms = member.dueAtMs; ms <= untilMs; ms = member.dueAtMs) {
    for (const address of dialsOf(member.tick(at(ms)))) dials.push([ms, address]);
  }
  return dials;
}

/** A full member that dials the peer 9, which it knows from earlier, for a visit. */
function visitorOf9(seed = 1) {
  const member = memberOf({ known: [knownNumbered(9)] }, seed);
  member.dialFailed(addressNumbered(9), at(0));
  choose(member, [1, 2, 3, 4, 5]);
  const [[ms, address] = [0, '']] = dialsUntil(member, 7_000);
  return { member, ms, address };
}

/** A member with one neighbour, which is visited by the peer 9. */
function visitedBy9(): Membership {
  const member = memberOf();
  choose(member, [1]);
  knock(member, 9, 100);
  say(member, 9, visit(9), 200);
  return member;
}

describe('who visits', () => {
  test('says so, and that it has begun', () => {
    const { member, ms, address } = visitorOf9();
    expect(address).toBe(addressNumbered(9));
    expect(ms).toBeGreaterThanOrEqual(3_750);
    expect(ms).toBeLessThanOrEqual(6_250);
    const message = { type: 'visit', record: ownRecord } as const;
    expect(reach(member, 9, ms)).toEqual([{ type: 'send-overlay', to: nine, message }, begun]);
    expect(member.isVisit(nine)).toBe(true);
    expect(member.neighbours.has(nine)).toBe(false);
  });

  test('hangs up after five seconds', () => {
    const { member, ms } = visitorOf9();
    reach(member, 9, ms);
    expect(member.tick(at(ms + 4_999))).not.toContainEqual(hangUp);
    expect(member.tick(at(ms + 5_000))).toEqual(expect.arrayContaining([hangUp, over]));
    expect(member.isVisit(nine)).toBe(false);
  });

  test('tries another one soon when the dial fails, or never comes to its end', () => {
    const member = memberOf({ known: [20, 21, 22].map((number) => knownNumbered(number)) });
    for (const number of [20, 21, 22]) member.dialFailed(addressNumbered(number), at(0));
    choose(member, [1, 2, 3, 4, 5]);
    const [[ms, first] = [0, '']] = dialsUntil(member, 7_000);
    member.dialFailed(first, at(ms + 100));
    const [[secondMs] = [0]] = dialsUntil(member, ms + 600);
    expect(secondMs).toBe(ms + 600);
    expect(dialsUntil(member, secondMs + 20_500).map(([ms]) => ms - secondMs)).toContain(20_500);
  });

  test('sets no pause: who was visited is dialled at once when a neighbour is missing', () => {
    const { member, ms } = visitorOf9();
    reach(member, 9, ms);
    member.linkDown(nine, false, at(ms + 100));
    const lost = member.linkDown(peerNumbered(1), false, at(ms + 200));
    expect(dialsOf(lost)).toEqual([addressNumbered(9)]);
  });

  test.each(['dials', 'is linked'])('while it %s looks for a neighbour that is missing', (how) => {
    const { member, ms } = visitorOf9();
    if (how === 'is linked') reach(member, 9, ms);
    say(member, 2, { type: 'forward-join', record: recordOf(20), ttl: 3 }, ms);
    const lost = member.linkDown(peerNumbered(1), false, at(ms + 1));
    expect(dialsOf(lost)).toEqual([addressNumbered(20)]);
  });
});

describe('who is visited', () => {
  test('does not answer, and hangs up five seconds after it was told', () => {
    const member = memberOf();
    choose(member, [1]);
    expect(knock(member, 9, 100)).toEqual([]);
    expect(member.isVisit(nine)).toBe(false);
    expect(say(member, 9, visit(9), 200)).toEqual([begun]);
    expect(member.isVisit(nine)).toBe(true);
    expect(member.tick(at(5_199))).not.toContainEqual(hangUp);
    expect(member.tick(at(5_200))).toEqual(expect.arrayContaining([hangUp, over]));
    expect([...member.neighbours.keys()]).toEqual([peerNumbered(1)]);
  });

  test('forgets about no other link meanwhile', () => {
    const member = memberOf();
    choose(member, [1]);
    for (const number of [9, 8]) knock(member, number, 100);
    say(member, 9, visit(9), 4_000);
    expect(member.dueAtMs).toBeLessThanOrEqual(5_100);
    expect(member.tick(at(5_100))).toContainEqual({ type: 'hang-up', peer: peerNumbered(8) });
    expect(member.isVisit(nine)).toBe(true);
  });

  test('sees the visit end when the link does', () => {
    const member = visitedBy9();
    expect(member.linkDown(nine, false, at(300))).toEqual([over]);
    expect(member.linkDown(nine, false, at(300))).toEqual([]);
  });

  test('sees it end when another link comes up in its place', () => {
    const member = visitedBy9();
    expect(knock(member, 9, 300)).toEqual([over]);
    expect(say(member, 9, neighbour(9), 400)).toContainEqual({ type: 'neighbour-up', peer: nine });
  });

  test('is visited by who comes first where both have dialled', () => {
    const { member, ms, address } = visitorOf9();
    const up = { type: 'link-up', direction: 'incoming', peer: nine } as const;
    expect(member.linkUp({ ...up, remote: ipNumbered(9), dialled: address }, at(ms + 10))).toEqual(
      [],
    );
    expect(say(member, 9, visit(9), ms + 20)).toEqual([begun]);
  });

  test('has who was to be visited and wants to be a neighbour as one that was imposed', () => {
    const member = memberOf({ known: [knownNumbered(9)] });
    member.dialFailed(addressNumbered(9), at(0));
    choose(member, [1, 2]);
    admit(member, [3, 4, 5]);
    const [[ms, dialled] = [0, '']] = dialsUntil(member, 7_000);
    member.linkDown(peerNumbered(5), false, at(ms));
    const up = { type: 'link-up', direction: 'incoming', peer: nine } as const;
    member.linkUp({ ...up, remote: ipNumbered(9), dialled }, at(ms));
    say(member, 9, neighbour(9), ms);
    knock(member, 6, ms);
    say(member, 6, { type: 'join', record: recordOf(6) }, ms);
    expect([...member.neighbours.keys()]).toEqual([1, 2, 3, 4, 6].map(peerNumbered));
  });

  test('hangs up on visitors of one network that come too often', () => {
    const member = memberOf();
    choose(member, [1]);
    const steps = [10, 11, 12, 13, 14].map((number) => {
      const peer = peerNumbered(number);
      const link = { type: 'link-up', direction: 'incoming', peer } as const;
      member.linkUp({ ...link, remote: '8.8.8.8' }, at(0));
      return say(member, number, visit(number));
    });
    expect(steps.flat().map(({ type }) => type)).toEqual([
      ...Array.from({ length: 4 }, () => 'visit-begun'),
      'hang-up',
    ]);
    expect(knock(member, 14, 1_250)).toEqual([]);
  });
});

describe('it is an offence', () => {
  test('to say that one visits twice, or for somebody else', () => {
    expect(say(visitedBy9(), 9, visit(9), 300)).toEqual([offence]);
    const member = memberOf();
    knock(member, 9);
    expect(say(member, 9, visit(8))).toEqual([offence]);
  });

  test('to visit who has asked whether one will be a neighbour', () => {
    const member = memberOf();
    reach(member, 9);
    expect(say(member, 9, visit(9), 100)).toEqual([offence]);
  });

  test('to visit a neighbour', () => {
    const member = memberOf();
    admit(member, [9]);
    expect(say(member, 9, visit(9), 100)).toEqual([offence]);
  });

  test.each<{ message: MembershipMessage }>([
    { message: { type: 'join', record: recordOf(9) } },
    { message: neighbour(9) },
    { message: { type: 'accept', record: recordOf(9), peers: [] } },
    { message: { type: 'refuse', peers: [] } },
    { message: { type: 'disconnect' } },
    { message: { type: 'forward-join', record: recordOf(8), ttl: 1 } },
    { message: { type: 'shuffle', id: 1, ttl: 1, path: [nine], records: [] } },
    { message: { type: 'shuffle-reply', id: 1, path: [], records: [] } },
  ])('to say $message.type on a visit', ({ message }) => {
    expect(say(visitedBy9(), 9, message, 300)).toEqual([offence]);
    const { member, ms } = visitorOf9();
    reach(member, 9, ms);
    expect(say(member, 9, message, ms + 100)).toEqual([offence]);
  });
});

test.each<[string, MembershipMessage]>([
  ['visited', visit(9)],
  ['asked to be a neighbour', neighbour(9)],
])('whoever has %s is visited itself some time', (_, message) => {
  const member = memberOf();
  choose(member, [1, 2, 3, 4, 5]);
  knock(member, 9);
  say(member, 9, message);
  member.linkDown(nine, false, at(1));
  expect(dialsUntil(member, 7_000)).toMatchObject([[expect.any(Number), addressNumbered(9)]]);
});
