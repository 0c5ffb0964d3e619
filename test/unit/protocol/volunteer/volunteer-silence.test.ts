/** A volunteer whose requester falls silent, and comes back. */

import { describe, expect, test } from 'vitest';

import type { Effect } from '../../../../src/protocol/events.ts';
import type { Volunteer } from '../../../../src/protocol/volunteer/volunteer.ts';
import { anna, bert, leasedChunks, ofType, self } from '../../../support/protocol-fixtures.ts';
import {
  job,
  leases,
  program,
  stopped,
  volunteerWith,
  working,
} from '../../../support/protocol-volunteer.ts';

const ping = (id: number, to = anna): Effect => ({
  type: 'send-to-requester',
  to,
  message: { type: 'ping', id },
});

/** Nothing of it was heard since 1 ms. */
function computing() {
  const { volunteer } = working(1);
  const [first] = volunteer.handle(anna, leases(leasedChunks(1, 3), job, 60_000), 1);
  return { volunteer, first };
}

/** Whenever something is due. */
function untilMs(volunteer: Volunteer, toMs: number) {
  const seen: { ms: number; effects: Effect[] }[] = [];
  for (let ms = volunteer.dueAtMs; ms <= toMs; ms = volunteer.dueAtMs) {
    const effects = volunteer.tick(ms);
    if (effects.length > 0) seen.push({ ms, effects });
  }
  return seen;
}

describe('a requester that falls silent', () => {
  test('is pinged, and then left, while what runs goes on', () => {
    const { volunteer, first } = computing();
    expect(untilMs(volunteer, 22_001)).toEqual([
      { ms: 10_001, effects: [ping(1)] },
      {
        ms: 22_001,
        effects: [{ type: 'close-work', requester: anna }],
      },
    ]);
    expect([volunteer.requesters, volunteer.leasesHeld, volunteer.chunksRunning]).toEqual([
      [],
      3,
      1,
    ]);
    expect(stopped(volunteer, first, 22_010)).toEqual([]);
  });

  test('is tried again after a while, and hears what is still held', () => {
    const { volunteer } = computing();
    untilMs(volunteer, 22_001);
    expect(volunteer.dueAtMs).toBe(23_001);
    expect(volunteer.tick(23_001).map(({ type }) => type)).toEqual(['open-work']);
    const message = { type: 'hold', job, leases: [2, 3, 1] } as const;
    expect(volunteer.requesterUp(anna, 23_100)).toEqual([
      { type: 'send-to-requester', to: anna, message },
    ]);
  });

  test('is not watched while it is down', () => {
    const { volunteer } = computing();
    volunteer.requesterDown(anna, 5_000);
    volunteer.tick(6_000);
    // Until then its leases wait for it.
    expect(volunteer.dueAtMs).toBe(35_000);
  });

  test.each([
    ['a pong', { type: 'pong', id: 1 }],
    ['a ping', { type: 'ping', id: 1 }],
    ['any word', { type: 'acknowledge', job, leases: [1] }],
  ] as const)('is kept for %s', (_what, message) => {
    const { volunteer } = computing();
    volunteer.tick(10_001);
    volunteer.handle(anna, message, 20_000);
    expect(untilMs(volunteer, 30_000)).toEqual([{ ms: 30_000, effects: [ping(2)] }]);
  });

  test('before its program was there is left as well', () => {
    const { volunteer } = volunteerWith(1, {});
    volunteer.advance(0);
    volunteer.requesterUp(anna, 0);
    expect(untilMs(volunteer, 22_000)).toEqual([
      { ms: 10_000, effects: [ping(1)] },
      { ms: 22_000, effects: [{ type: 'close-work', requester: anna }] },
    ]);
  });

  test('during a pause is left by then', () => {
    const { volunteer, first } = computing();
    volunteer.pause(Infinity);
    stopped(volunteer, first);
    expect(volunteer.dueAtMs).toBe(Infinity);
  });
});

describe('pings', () => {
  test('are answered at once, while chunks compute', () => {
    const { volunteer } = computing();
    expect(volunteer.handle(anna, { type: 'ping', id: 9 }, 50_000)).toEqual([
      { type: 'send-to-requester', to: anna, message: { type: 'pong', id: 9 } },
    ]);
    expect(volunteer.chunksRunning).toBe(1);
  });

  test('go to each requester that this peer computes for', () => {
    const { volunteer } = working(1, { requester: bert });
    volunteer.requesterUp(bert, 1_000);
    expect(untilMs(volunteer, 11_000)).toEqual([
      { ms: 10_000, effects: [ping(1)] },
      { ms: 11_000, effects: [ping(2, bert)] },
    ]);
  });

  test('don’t go to this very peer', () => {
    const { volunteer } = volunteerWith(1, { requester: self });
    expect(ofType(volunteer.advance(0), 'open-work')).toHaveLength(1);
    volunteer.requesterUp(self, 0);
    volunteer.programReady(program, 0);
    volunteer.handle(self, leases(leasedChunks(1, 1)), 1);
    expect(volunteer.dueAtMs).toBe(Infinity);
  });
});
