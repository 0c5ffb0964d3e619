import { expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { Announcement } from '../../../../src/model/messages.ts';
import { Announcements, inFrames } from '../../../../src/protocol/overlay/announcements.ts';
import { anna, bert, cora, jobNumbered } from '../../../support/protocol-fixtures.ts';

function announcementOf(number: number): Announcement {
  return { name: { requester: cora, job: jobNumbered(number), sequence: 1 }, hops: 2 };
}

test('names wait 10 ms from the first, and leave in one frame for each neighbour', () => {
  const announcements = new Announcements();
  expect(announcements.dueAtMs).toBe(Infinity);
  announcements.add(anna, 'one', announcementOf(1), 100);
  announcements.add(bert, 'one', announcementOf(1), 100);
  announcements.add(anna, 'two', announcementOf(2), 105);
  expect(announcements.dueAtMs).toBe(110);
  expect(announcements.flush()).toEqual([
    { to: anna, offers: [announcementOf(1), announcementOf(2)] },
    { to: bert, offers: [announcementOf(1)] },
  ]);
  expect([announcements.flush(), announcements.dueAtMs]).toEqual([[], Infinity]);
});

test('who knows an offer already, or is gone, is not told', () => {
  const announcements = new Announcements();
  announcements.add(anna, 'one', announcementOf(1), 0);
  announcements.add(anna, 'two', announcementOf(2), 0);
  announcements.add(bert, 'one', announcementOf(1), 0);
  announcements.drop(anna, 'one');
  announcements.drop(cora, 'one');
  announcements.gone(bert);
  expect([anna, bert, cora].map((peer) => announcements.waitsFor(peer))).toEqual([
    true,
    false,
    false,
  ]);
  expect(announcements.flush()).toEqual([{ to: anna, offers: [announcementOf(2)] }]);
  expect(announcements.waitsFor(anna)).toBe(false);
});

test('no more names wait than there can be offers, and they leave in frames of what fits', () => {
  const announcements = new Announcements();
  for (let number = 0; number <= limits.offersMax; number++) {
    announcements.add(anna, `${number}`, announcementOf(number), 0);
  }
  const sizes = announcements.flush().map(({ offers }) => offers.length);
  expect(sizes).toEqual(Array.from({ length: 4 }, () => limits.offerNamesPerFrameMax));
});

test.each([
  [0, []],
  [1, [1]],
  [1024, [1024]],
  [1025, [1024, 1]],
])('%d names leave in frames of %j', (count, sizes) => {
  const frames = inFrames(Array.from({ length: count }, (_, number) => number));
  expect(frames.map((frame) => frame.length)).toEqual(sizes);
  expect(frames.flat()).toHaveLength(count);
});
