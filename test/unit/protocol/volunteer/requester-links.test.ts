import { describe, expect, test } from 'vitest';

import { Awareness } from '../../../../src/protocol/awareness.ts';
import {
  RequesterLinks,
  retryAfterMs,
} from '../../../../src/protocol/volunteer/requester-links.ts';
import { anna, bert, peerNumbered, self } from '../../../support/protocol-fixtures.ts';

const nobody = new Map();
const opened = { type: 'open-work', requester: anna, addresses: ['anna:1'] };

describe('how long a requester is left alone', () => {
  test.each([
    [1, 1_000],
    [2, 2_000],
    [5, 16_000],
    [6, 32_000],
    [10, 300_000],
    [60, 300_000],
  ])('after %i failures %i ms', (failures, ms) => {
    expect(retryAfterMs(failures)).toBe(ms);
  });
});

test('a stream is opened once, and again only after it went down', () => {
  const links = new RequesterLinks(self, new Awareness());
  expect(links.open(anna, ['anna:1'])).toEqual([opened]);
  expect(links.open(anna, ['anna:1'])).toEqual([]);
  links.cameUp(anna, 0);
  expect(links.open(anna, ['anna:1'])).toEqual([]);
  expect([links.isUp(anna), links.up]).toEqual([true, [anna]]);
  links.wentDown(anna, 100);
  expect([links.isUp(anna), links.isAvoided(anna, 1_099), links.dueAtMs]).toEqual([
    false,
    true,
    1_100,
  ]);
  expect(links.isAvoided(anna, 1_100)).toBe(false);
  expect(links.open(anna, ['anna:1'])).toEqual([opened]);
  expect(links.dueAtMs).toBe(Infinity);
});

test('failures add up until something comes of a stream', () => {
  const links = new RequesterLinks(self, new Awareness());
  const waits = [0, 0, 0].map((ms) => {
    links.open(anna, []);
    links.wentDown(anna, ms);
    return links.dueAtMs;
  });
  links.cameUp(anna, 0);
  links.wentDown(anna, 0);
  waits.push(links.dueAtMs);
  links.cameUp(anna, 0);
  links.served(anna);
  links.wentDown(anna, 0);
  expect([...waits, links.dueAtMs]).toEqual([1_000, 2_000, 4_000, 8_000, 1_000]);
});

test('a stream was in vain that came up and that nothing came of', () => {
  const links = new RequesterLinks(self, new Awareness());
  links.open(anna, []);
  links.wentDown(anna, 0);
  expect(links.isVain(anna)).toBe(false);
  links.open(anna, []);
  links.cameUp(anna, 0);
  links.wentDown(anna, 0);
  expect(links.isVain(anna)).toBe(true);
  links.cameUp(anna, 0);
  links.served(anna);
  links.wentDown(anna, 0);
  expect(links.isVain(anna)).toBe(false);
});

test('only what is open is closed', () => {
  const links = new RequesterLinks(self, new Awareness());
  expect(links.close(anna)).toEqual([]);
  links.open(anna, []);
  expect(links.close(anna)).toEqual([{ type: 'close-work', requester: anna }]);
  links.open(bert, []);
  links.wentDown(bert, 0);
  expect(links.close(bert)).toEqual([]);
});

test('one that was not tried again when it was time is forgotten', () => {
  const links = new RequesterLinks(self, new Awareness());
  links.wentDown(anna, 0);
  links.forgetOverdue(999, nobody);
  expect(links.dueAtMs).toBe(1_000);
  links.forgetOverdue(1_000, nobody);
  expect(links.dueAtMs).toBe(Infinity);
  links.wentDown(anna, 1_000);
  expect(links.dueAtMs).toBe(2_000);
});

test('one that waits for its turn is not, nor how often it failed', () => {
  const links = new RequesterLinks(self, new Awareness());
  links.wentDown(anna, 0);
  links.forgetOverdue(1_000, new Map([[anna, 1]]));
  expect([links.dueAtMs, links.isAvoided(anna, 1_000)]).toEqual([Infinity, false]);
  links.open(anna, []);
  links.wentDown(anna, 1_000);
  expect(links.dueAtMs).toBe(3_000);
});

test('past the most links remembered one that is down makes room', () => {
  const links = new RequesterLinks(self, new Awareness());
  for (let number = 0; number < 1_280; number++) {
    links.wentDown(peerNumbered(number), number);
  }
  links.open(anna, []);
  expect(links.dueAtMs).toBe(1_001);
});

test('streams that come to nothing are few, however many requesters are offered', () => {
  const links = new RequesterLinks(self, new Awareness());
  const openedBy = (nowMs: number): number => {
    let opened = 0;
    for (let number = 0; number < 100; number++) {
      const peer = peerNumbered(1_000 * nowMs + number);
      if (!links.mayOpen(peer, nowMs)) continue;
      opened += links.open(peer, []).length;
      links.wentDown(peer, nowMs);
    }
    return opened;
  };
  expect([openedBy(0), links.dueAtMs, openedBy(0)]).toEqual([16, 250, 0]);
  expect([openedBy(250), openedBy(1_250)]).toEqual([1, 4]);
});

test('when none is to be opened any more nothing is due', () => {
  const links = new RequesterLinks(self, new Awareness());
  for (let number = 0; number < 20; number++) {
    links.open(peerNumbered(number), []);
    links.close(peerNumbered(number));
  }
  expect(links.mayOpen(anna, 0)).toBe(false);
  expect(links.dueAtMs).toBe(1_250);
  links.forgetOverdue(1_250, nobody);
  expect(links.dueAtMs).toBe(Infinity);
});

test('streams that come up may be as many as there are requesters', () => {
  const links = new RequesterLinks(self, new Awareness());
  for (let number = 0; number < 100; number++) {
    const peer = peerNumbered(number);
    expect(links.mayOpen(peer, 0)).toBe(true);
    links.open(peer, []);
    expect(links.mayOpen(peer, 0)).toBe(true);
    links.cameUp(peer, 0);
    links.close(peer);
  }
});
