import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import type { MembershipMessage } from '../../../../src/model/messages.ts';
import type { SignedRecord } from '../../../../src/model/peer-record.ts';
import type { Membership } from '../../../../src/protocol/overlay/membership.ts';
import {
  accept,
  choose,
  memberOf,
  ownRecord,
  reach,
  recordOf,
  recordsOf,
  saidOf,
  say,
} from '../../../support/membership-fixtures.ts';
import { at, peerNumbered, self, startUnixMs } from '../../../support/protocol-fixtures.ts';

type Shuffle = Extract<MembershipMessage, { type: 'shuffle' }>;

const [one, two, three, four] = [1, 2, 3, 4].map(peerNumbered);

/** With four neighbours and a passive view. */
function memberWith(passive: readonly SignedRecord[] = recordsOf(10, 100)): Membership {
  const member = memberOf();
  choose(member, [1, 2, 3]);
  reach(member, 4);
  accept(member, 4, 0, passive);
  return member;
}

function shuffleOf(changes: Partial<Shuffle> = {}): Shuffle {
  const records = [recordOf(200), recordOf(1)];
  return { type: 'shuffle', id: 7, ttl: 4, path: ids(99, 1), records, ...changes };
}

const ids = (...numbers: number[]): PeerId[] => numbers.map(peerNumbered);

function firstShuffleOf(member: Membership): { to: PeerId; shuffle: Shuffle; ms: number } {
  for (let ms = member.dueAtMs; ms < 60_000; ms = member.dueAtMs) {
    for (const [to, message] of saidOf(member.tick(at(ms)))) {
      if (message.type === 'shuffle') return { to, shuffle: message, ms };
    }
  }
  throw new Error('there was no shuffle');
}

describe('a peer begins', () => {
  test('a shuffle with itself, three other neighbours and four of its passive view', () => {
    const member = memberWith();
    const { to, shuffle, ms } = firstShuffleOf(member);
    expect(ms).toBeGreaterThanOrEqual(15_000);
    expect(ms).toBeLessThanOrEqual(45_000);
    expect(shuffle).toMatchObject({ ttl: 6, path: [self] });
    expect(shuffle.records[0]).toEqual(ownRecord);
    const others = [one, two, three, four].filter((peer) => peer !== to);
    const [, ...told] = shuffle.records.map(({ record }) => record.peer);
    expect(new Set(told.slice(0, 3))).toEqual(new Set(others));
    expect(told.slice(3)).toHaveLength(4);
    expect(told.slice(3).every((peer) => member.passive.has(peer))).toBe(true);
  });

  test('the next one a minute later, more or less', () => {
    const member = memberWith();
    const first = firstShuffleOf(member);
    let shuffles = 0;
    for (let ms = first.ms; ms < first.ms + 600_000; ms = member.dueAtMs) {
      shuffles += saidOf(member.tick(at(ms))).filter(([, { type }]) => type === 'shuffle').length;
    }
    expect(shuffles).toBeGreaterThan(7);
    expect(shuffles).toBeLessThan(13);
  });

  test('and takes the answer once, from whom it had sent the shuffle to', () => {
    const member = memberWith([]);
    const { to, shuffle, ms } = firstShuffleOf(member);
    const other = [1, 2, 3, 4].find((number) => peerNumbered(number) !== to) ?? 0;
    const asked = [1, 2, 3, 4].find((number) => peerNumbered(number) === to) ?? 0;
    const answer = (from: number, id: number, records: readonly SignedRecord[]) =>
      say(member, from, { type: 'shuffle-reply', id, path: [self], records }, ms);
    answer(other, shuffle.id, [recordOf(50)]);
    answer(asked, shuffle.id + 1, [recordOf(51)]);
    expect(member.passive.size).toBe(0);
    answer(asked, shuffle.id, [recordOf(52)]);
    answer(asked, shuffle.id, [recordOf(53)]);
    expect([...member.passive.keys()]).toEqual(ids(52));
  });

  test('none that is answered after four others', () => {
    const member = memberWith([]);
    const { to, shuffle, ms } = firstShuffleOf(member);
    let later = 0;
    for (let nowMs = member.dueAtMs; later < 4; nowMs = member.dueAtMs) {
      later += saidOf(member.tick(at(nowMs))).filter(([, { type }]) => type === 'shuffle').length;
    }
    const reply = { type: 'shuffle-reply', id: shuffle.id, path: [self] } as const;
    member.handle(to, { ...reply, records: [recordOf(50)] }, at(ms + 1_000_000));
    expect(member.passive.has(peerNumbered(50))).toBe(false);
  });

  test('and gives away what it had sent, to make room for what comes back', () => {
    const member = memberOf();
    choose(member, [1]);
    for (const from of [100, 116, 132, 148]) {
      reach(member, 2);
      accept(member, 2, 0, recordsOf(16, from));
      member.linkDown(peerNumbered(2), false, at(0));
    }
    const before = new Set(member.passive.keys());
    expect(before.size).toBe(60);
    const { shuffle, ms } = firstShuffleOf(member);
    const kept = [...member.passive.keys()].filter((peer) =>
      shuffle.records.every(({ record }) => record.peer !== peer),
    );
    const records = recordsOf(4, 300);
    say(member, 1, { type: 'shuffle-reply', id: shuffle.id, path: [self], records }, ms);
    expect(records.every(({ record }) => member.passive.has(record.peer))).toBe(true);
    expect(kept.every((peer) => member.passive.has(peer))).toBe(true);
  });
});

describe('on its way', () => {
  test('a shuffle goes on to a neighbour where it was not', () => {
    const member = memberWith([]);
    const shuffle = shuffleOf({ path: ids(99, 2, 3, 1) });
    expect(say(member, 1, shuffle)).toEqual([
      {
        type: 'send-overlay',
        to: four,
        message: { ...shuffle, ttl: 3, path: [...ids(99, 2, 3, 1), self] },
      },
    ]);
    expect(member.passive.size).toBe(0);
  });

  test.each([
    ['has no links left', { ttl: 0 }],
    ['was everywhere around', { path: ids(2, 3, 4, 1) }],
  ])('a shuffle that %s ends, and is answered by as much the way it came', (_, changes) => {
    const member = memberWith([recordOf(100)]);
    const shuffle = shuffleOf(changes);
    const records = [ownRecord, recordOf(100)];
    const message = { type: 'shuffle-reply', id: 7, path: shuffle.path, records } as const;
    expect(say(member, 1, shuffle)).toEqual([{ type: 'send-overlay', to: one, message }]);
    expect([...member.passive.keys()]).toEqual(ids(100, 200));
  });

  test('an answer goes back to the neighbour before', () => {
    const member = memberWith([]);
    const reply = { type: 'shuffle-reply', id: 7, records: [recordOf(50)] } as const;
    expect(say(member, 1, { ...reply, path: [...ids(99, 2), self] })).toEqual([
      { type: 'send-overlay', to: two, message: { ...reply, path: ids(99, 2) } },
    ]);
    expect(member.passive.size).toBe(0);
  });

  test('an answer whose way back has gone is dropped', () => {
    const member = memberWith([]);
    const path = [...ids(99), self];
    expect(say(member, 1, { type: 'shuffle-reply', id: 7, path, records: [] })).toEqual([]);
  });

  test('a neighbour’s own shuffle brings its newest record', () => {
    const member = memberWith([]);
    const newer = recordOf(1, { sequence: startUnixMs + 1 });
    say(member, 1, shuffleOf({ path: ids(1), records: [newer] }));
    expect(member.neighbours.get(peerNumbered(1))).toEqual(newer);
  });
});

describe('a path that lies', () => {
  const part = [{ type: 'part', peer: one, because: 'misbehaved' }];

  test.each([
    ['comes by this peer', { path: [self, ...ids(1)] }],
    ['does not end at its sender', { path: ids(1, 2) }],
    ['is empty', { path: [] }],
    ['is longer than any', { ttl: 6, path: ids(92, 93, 1) }],
    ['comes by somebody twice', { path: ids(99, 99, 1) }],
  ])('in a shuffle: it %s', (_, changes) => {
    expect(say(memberWith(), 1, shuffleOf(changes))).toEqual(part);
  });

  test.each([
    ['does not end here', ids(2, 3)],
    ['comes by here twice', [self, ...ids(2), self]],
    ['comes by its sender', [...ids(1), self]],
    ['comes by the next one twice', [...ids(2, 2), self]],
    ['is empty', []],
    ['is longer than any', [...ids(90, 91, 92, 93, 94, 95, 96, 2), self]],
  ])('in an answer: it %s', (_, path) => {
    const reply = { type: 'shuffle-reply', id: 7, path, records: [] } as const;
    expect(say(memberWith(), 1, reply)).toEqual(part);
  });
});

describe('too many', () => {
  test('shuffles are not passed on, and very many cost the link', () => {
    const member = memberWith();
    const steps = Array.from({ length: 200 }, (_, id) => say(member, 1, shuffleOf({ id })));
    const passedOn = steps.flatMap(saidOf).filter(([, { type }]) => type === 'shuffle');
    expect(passedOn).toHaveLength(16);
    const parted = { type: 'part', peer: one, because: 'misbehaved' };
    expect(steps.findIndex((step) => step.length > 0 && step[0]?.type === 'part')).toBe(80);
    expect(steps.at(-1)).toEqual([parted]);
  });

  test('through one link, of what several neighbours send: it is answered here instead', () => {
    const member = memberOf();
    choose(member, [1, 2, 3]);
    const sent = [1, 2].flatMap((from) =>
      Array.from({ length: 10 }, (_, id) => {
        const path = from === 1 ? ids(2, 1) : ids(1, 2);
        return saidOf(say(member, from, shuffleOf({ id, path })));
      }),
    );
    const types = sent.flat().map(([to, { type }]) => `${type} ${to.slice(0, 3)}`);
    expect(types.filter((type) => type === `shuffle ${three?.slice(0, 3)}`)).toHaveLength(8);
    expect(types.filter((type) => type.startsWith('shuffle-reply'))).toHaveLength(2 + 8);
  });

  test('answers are not passed on, and very many cost the link', () => {
    const member = memberWith();
    const reply = { type: 'shuffle-reply', path: [...ids(99, 2), self], records: [] } as const;
    const steps = Array.from({ length: 200 }, (_, id) => say(member, 1, { ...reply, id }));
    expect(steps.flatMap(saidOf)).toHaveLength(8);
    expect(steps.findIndex((step) => step.length > 0 && step[0]?.type === 'part')).toBe(80);
  });

  test('answers through one link leave none for the shuffle that it brings, which is taken', () => {
    const member = memberWith([]);
    const reply = { type: 'shuffle-reply', path: [...ids(99, 1), self], records: [] } as const;
    for (let id = 0; id < 8; id++) say(member, 2, { ...reply, id });
    expect(saidOf(say(member, 1, shuffleOf({ ttl: 0 })))).toEqual([]);
    expect([...member.passive.keys()]).toEqual(ids(200));
  });

  test('records of one neighbour reach the passive view eight at a time, and that seldom', () => {
    const member = memberWith([]);
    for (let id = 0; id < 16; id++) {
      const records = recordsOf(16, 1_000 + 16 * id);
      say(member, 1, shuffleOf({ id, ttl: 0, records }));
    }
    expect(member.passive.size).toBe(60);
    // Of each sixteen the first eight, of the first eight shuffles.
    const taken = recordsOf(256, 1_000).flatMap(({ record }, index) =>
      index < 128 && index % 16 < 8 && member.passive.has(record.peer) ? [record.peer] : [],
    );
    expect(taken).toHaveLength(60);
  });
});
