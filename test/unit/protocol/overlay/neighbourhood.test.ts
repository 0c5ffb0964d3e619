import { describe, expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import {
  addressNumbered,
  admit,
  accept,
  choose,
  dialsOf,
  ipNumbered,
  knock,
  memberOf,
  neighbour,
  ownRecord,
  reach,
  recordOf,
  recordsOf,
  saidOf,
  say,
  tell,
} from '../../../support/membership-fixtures.ts';
import { at, peerNumbered, startUnixMs } from '../../../support/protocol-fixtures.ts';

const one = peerNumbered(1);
const entrance = addressNumbered(1);

/** Has all the neighbours that there is room for, three of them imposed, the newest peer 5. */
function fullMember() {
  const member = memberOf();
  choose(member, [1, 2]);
  admit(member, [3, 4, 5]);
  return member;
}

describe('whoever dials says first what it wants', () => {
  test('at an entrance, without neighbours: to join', () => {
    const member = memberOf({ entrances: [entrance] });
    expect(reach(member, 1)).toEqual([
      { type: 'send-overlay', to: one, message: { type: 'join', record: ownRecord } },
    ]);
  });

  test('at a second entrance, while the first has not answered: only to be a neighbour', () => {
    const member = memberOf({ entrances: [entrance, addressNumbered(2)] });
    reach(member, 1);
    const message = { type: 'neighbour', record: ownRecord, priority: 'high' } as const;
    expect(reach(member, 2)).toEqual([{ type: 'send-overlay', to: peerNumbered(2), message }]);
  });

  test('at a peer of hearsay, without neighbours: to be a neighbour, urgently', () => {
    const member = memberOf();
    tell(member, [recordOf(1)]);
    const message = { type: 'neighbour', record: ownRecord, priority: 'high' } as const;
    expect(reach(member, 1)).toEqual([{ type: 'send-overlay', to: one, message }]);
  });

  test('with neighbours: to be one more', () => {
    const member = memberOf({ entrances: [entrance] });
    choose(member, [2]);
    const message = { type: 'neighbour', record: ownRecord, priority: 'low' } as const;
    expect(reach(member, 1)).toEqual([{ type: 'send-overlay', to: one, message }]);
  });

  test('nothing, when others were faster: it hangs up', () => {
    const member = fullMember();
    expect(reach(member, 6)).toEqual([{ type: 'hang-up', peer: peerNumbered(6) }]);
  });

  test('the answer makes it a neighbour, and the peers that it names are known', () => {
    const member = memberOf();
    reach(member, 1);
    expect(accept(member, 1, 1, [recordOf(2)])).toEqual([
      { type: 'neighbour-up', peer: one },
      { type: 'dial', address: addressNumbered(2), expected: peerNumbered(2) },
    ]);
    expect(member.neighbours).toEqual(new Map([[one, recordOf(1)]]));
    expect([...member.passive.keys()]).toEqual([peerNumbered(2)]);
  });

  test('refused it hangs up, tries those named soon, and the refuser a minute later', () => {
    const member = memberOf({ entrances: [entrance] });
    reach(member, 1);
    const refusal = { type: 'refuse', peers: [recordOf(2)] } as const;
    expect(say(member, 1, refusal)).toEqual([{ type: 'hang-up', peer: one }]);
    expect(dialsOf(member.tick(at(1_000)))).toEqual([addressNumbered(2)]);
    member.dialFailed(addressNumbered(2), at(1_001));
    expect(dialsOf(member.tick(at(44_000)))).toEqual([]);
    expect(dialsOf(member.tick(at(76_000)))).toEqual([entrance]);
  });

  test('without an answer it hangs up after five seconds', () => {
    const member = memberOf();
    reach(member, 1, 100);
    expect(member.dueAtMs).toBe(5_100);
    expect(member.tick(at(5_099))).toEqual([]);
    expect(member.tick(at(5_100))).toEqual([{ type: 'hang-up', peer: one }]);
  });
});

describe('who is dialled', () => {
  test('waits for what the other wants, and hangs up after five seconds', () => {
    const member = memberOf();
    expect(knock(member, 1, 100)).toEqual([]);
    expect(member.tick(at(5_100))).toEqual([{ type: 'hang-up', peer: one }]);
    expect(say(member, 1, neighbour(1), 5_101)).toEqual([]);
  });

  test('forgets who only looked whether it is there', () => {
    const member = memberOf();
    knock(member, 1);
    expect(member.linkDown(one, false, at(1))).toEqual([]);
    expect(member.tick(at(6_000))).toEqual([]);
  });

  test('accepts while it has room, and names others', () => {
    const member = memberOf();
    choose(member, [2]);
    tell(member, recordsOf(30, 10));
    knock(member, 1);
    const [accepted, up] = say(member, 1, neighbour(1));
    const message = { type: 'accept', record: ownRecord, peers: expect.anything() };
    expect(accepted).toEqual({ type: 'send-overlay', to: one, message });
    expect(up).toEqual({ type: 'neighbour-up', peer: one });
    const [said] = saidOf([accepted].flatMap((step) => step ?? []));
    const named = said?.[1].type === 'accept' ? said[1].peers : [];
    expect(named).toHaveLength(8);
    expect(named[0]).toEqual(recordOf(2));
  });

  test('both dialled: what the other says on its link counts, and the own dial is over', () => {
    const member = memberOf({ entrances: [entrance] });
    const link = { type: 'link-up', peer: one, direction: 'incoming', remote: '7.7.7.7' } as const;
    expect(member.linkUp({ ...link, dialled: entrance }, at(10))).toEqual([]);
    say(member, 1, neighbour(1), 20);
    expect([...member.neighbours.keys()]).toEqual([one]);
    expect(dialsOf(member.tick(at(29_000)))).toEqual([]);
  });

  test('a link that comes up in the place of one that was not seen to break is a new one', () => {
    const member = memberOf();
    choose(member, [1]);
    expect(knock(member, 1, 10)).toEqual([{ type: 'neighbour-down', peer: one }]);
    say(member, 1, neighbour(1), 20);
    expect([...member.neighbours.keys()]).toEqual([one]);
  });
});

describe('a full view', () => {
  test('makes room for who is new, by the newest of those that were imposed', () => {
    const member = fullMember();
    knock(member, 6, 1);
    const steps = say(member, 6, { type: 'join', record: recordOf(6) }, 1);
    const walk = { type: 'forward-join', record: recordOf(6), ttl: 6 } as const;
    const accepted = { type: 'accept', record: ownRecord, peers: recordsOf(5) } as const;
    expect(steps).toEqual([
      { type: 'send-overlay', to: peerNumbered(5), message: { type: 'disconnect' } },
      { type: 'hang-up', peer: peerNumbered(5) },
      { type: 'neighbour-down', peer: peerNumbered(5) },
      { type: 'send-overlay', to: peerNumbered(6), message: accepted },
      { type: 'neighbour-up', peer: peerNumbered(6) },
      ...[1, 2, 3, 4].map((number) => ({
        type: 'send-overlay',
        to: peerNumbered(number),
        message: walk,
      })),
    ]);
    expect([...member.passive.keys()]).toEqual([peerNumbered(5)]);
  });

  test('makes room for who has no other neighbour', () => {
    const member = fullMember();
    knock(member, 6);
    say(member, 6, neighbour(6, 'high'));
    expect([...member.neighbours.keys()]).toEqual([1, 2, 3, 4, 6].map(peerNumbered));
  });

  test('changes one for who only wants one more, once in five minutes', () => {
    const member = fullMember();
    const came: number[] = [];
    for (let second = 0; second < 600; second += 10) {
      const number = 10 + second;
      knock(member, number, second * 1_000);
      const steps = say(member, number, neighbour(number), second * 1_000);
      if (steps.some((step) => step.type === 'neighbour-up')) came.push(second);
    }
    expect(came).toHaveLength(2);
    expect(came[1]).toBeGreaterThanOrEqual(300);
  });

  test('keeps what it chose, however many strangers force their way in', () => {
    const member = fullMember();
    for (let number = 100; number < 200; number++) {
      knock(member, number, number * 3_000);
      say(member, number, { type: 'join', record: recordOf(number) }, number * 3_000);
    }
    const left = [1, 2, 3, 4, 199].map(peerNumbered);
    expect([...member.neighbours.keys()]).toEqual(left);
  });

  test('sends a crowd on: 32 at once, then one in two seconds', () => {
    const member = fullMember();
    const accepted: number[] = [];
    for (let number = 100; number < 200; number++) {
      const ms = number < 150 ? 0 : 2_000 * (number - 149);
      knock(member, number, ms);
      say(member, number, { type: 'join', record: recordOf(number) }, ms);
      if (member.neighbours.has(peerNumbered(number))) accepted.push(number);
    }
    const first = accepted.filter((number) => number < 150);
    expect([first.length, accepted.length]).toEqual([32, 32 + 50]);
    knock(member, 500, 100_000);
    expect(say(member, 500, { type: 'join', record: recordOf(500) }, 100_000)).toEqual([
      {
        type: 'send-overlay',
        to: peerNumbered(500),
        message: { type: 'refuse', peers: expect.anything() },
      },
      { type: 'hang-up', peer: peerNumbered(500) },
    ]);
  });

  test('a chosen one more than there is room for is thought better of', () => {
    const member = memberOf();
    for (const number of [1, 2, 3, 4, 5, 6]) reach(member, number);
    for (const number of [1, 2, 3, 4, 5]) accept(member, number);
    expect(accept(member, 6)).toEqual([
      { type: 'send-overlay', to: peerNumbered(6), message: { type: 'disconnect' } },
      { type: 'hang-up', peer: peerNumbered(6) },
    ]);
  });

  test('a chosen one takes the place of one imposed, while too many are', () => {
    const member = memberOf();
    reach(member, 6);
    admit(member, [1, 2, 3, 4, 5]);
    expect(accept(member, 6)).toEqual([
      { type: 'send-overlay', to: peerNumbered(5), message: { type: 'disconnect' } },
      { type: 'hang-up', peer: peerNumbered(5) },
      { type: 'neighbour-down', peer: peerNumbered(5) },
      { type: 'neighbour-up', peer: peerNumbered(6) },
    ]);
  });
});

describe('a newcomer', () => {
  test('is always accepted by who has no neighbour, even in a crowd', () => {
    const member = memberOf();
    for (let number = 100; number < 200; number++) {
      knock(member, number);
      const steps = say(member, number, { type: 'join', record: recordOf(number) });
      expect(steps).toContainEqual({ type: 'neighbour-up', peer: peerNumbered(number) });
      member.linkDown(peerNumbered(number), false, at(0));
    }
  });

  test('that nobody can dial is sent on no walk, but is named as many as go into a frame', () => {
    const member = memberOf();
    choose(member, [1, 2]);
    tell(member, recordsOf(40, 10));
    knock(member, 6);
    const record = recordOf(6, { addresses: [] });
    const steps = say(member, 6, { type: 'join', record });
    const [[, message] = []] = saidOf(steps);
    expect(message?.type === 'accept' && message.peers).toHaveLength(limits.recordsPerFrameMax);
    expect(saidOf(steps).map(([, { type }]) => type)).toEqual(['accept']);
  });

  test('whose clock is far off is a neighbour, but nobody is told of it', () => {
    const member = memberOf();
    choose(member, [1]);
    knock(member, 6);
    const record = recordOf(6, { expiresAtMs: startUnixMs - 1 });
    const steps = say(member, 6, { type: 'join', record });
    expect(saidOf(steps).map(([, { type }]) => type)).toEqual(['accept']);
    expect(member.neighbours.has(peerNumbered(6))).toBe(true);
    knock(member, 7);
    const [[, told] = []] = saidOf(say(member, 7, neighbour(7)));
    expect(told?.type === 'accept' && told.peers).toEqual([recordOf(1)]);
  });
});

test('a third neighbour of one network is refused, whatever it wants', () => {
  const member = memberOf();
  for (const number of [1, 2, 3]) {
    const link = { type: 'link-up', direction: 'incoming', remote: `8.8.0.${number}` } as const;
    member.linkUp({ ...link, peer: peerNumbered(number) }, at(0));
  }
  expect(say(member, 1, neighbour(1, 'high'))).toHaveLength(2);
  expect(say(member, 2, neighbour(2, 'high'))).toHaveLength(2);
  expect(say(member, 3, { type: 'join', record: recordOf(3) })).toEqual([
    {
      type: 'send-overlay',
      to: peerNumbered(3),
      message: { type: 'refuse', peers: [recordOf(1), recordOf(2)] },
    },
    { type: 'hang-up', peer: peerNumbered(3) },
  ]);
});

test('a third one of a network, found out by what it accepts with, is thought better of', () => {
  const member = memberOf();
  const last = [1, 2, 3].map((number) => {
    const link = { direction: 'outgoing', remote: '10.0.0.1' } as const;
    member.linkUp({ type: 'link-up', peer: peerNumbered(number), ...link }, at(0));
    const record = recordOf(number, { addresses: [`8.8.0.${number}:1`] });
    return say(member, number, { type: 'accept', record, peers: [] });
  })[2];
  expect(last).toEqual([
    { type: 'send-overlay', to: peerNumbered(3), message: { type: 'disconnect' } },
    { type: 'hang-up', peer: peerNumbered(3) },
  ]);
});

test('a link that is lost before anything was agreed on is dialled again after a pause', () => {
  const member = memberOf({ entrances: [entrance] });
  reach(member, 1, 100);
  expect(member.linkDown(one, false, at(4_000))).toEqual([]);
  expect(dialsOf(member.tick(at(4_700)))).toEqual([]);
  expect(dialsOf(member.tick(at(6_500)))).toEqual([entrance]);
});

test('a newcomer that can not be dialled again yet is remembered', () => {
  const member = memberOf();
  choose(member, [1]);
  const walk = { type: 'forward-join', record: recordOf(50), ttl: 0 } as const;
  expect(dialsOf(say(member, 1, walk))).toEqual([addressNumbered(50)]);
  member.dialFailed(addressNumbered(50), at(10));
  expect(say(member, 1, walk, 20)).toEqual([]);
  expect([...member.passive.keys()]).toEqual([peerNumbered(50)]);
});

test.each([
  ['that was dialled is the way back', 'dialled', 1, [addressNumbered(1)]],
  ['that came by itself is not, after less than a minute', 'came', 59_999, []],
  ['that came by itself is the way back, after a minute', 'came', 60_000, [addressNumbered(1)]],
])('a lost neighbour %s', (_, how, lastedMs, dialled) => {
  const member = memberOf();
  if (how === 'dialled') choose(member, [1]);
  else admit(member, [1]);
  const lost = dialsOf(member.linkDown(one, false, at(lastedMs)));
  expect([...lost, ...dialsOf(member.tick(at(lastedMs + 2_000)))]).toEqual(dialled);
});

test('whoever becomes a neighbour is hearsay no more', () => {
  const member = memberOf();
  tell(member, [recordOf(1)]);
  choose(member, [1]);
  expect(member.passive.size).toBe(0);
});

test('who disconnects is remembered, and not dialled for a while', () => {
  const member = memberOf();
  choose(member, [1]);
  expect(say(member, 1, { type: 'disconnect' }, 1)).toEqual([
    { type: 'hang-up', peer: one },
    { type: 'neighbour-down', peer: one },
  ]);
  expect([...member.passive.keys()]).toEqual([one]);
  expect(dialsOf(member.tick(at(44_000)))).toEqual([]);
  expect(dialsOf(member.tick(at(76_000)))).toEqual([`${ipNumbered(1)}:1`]);
});
