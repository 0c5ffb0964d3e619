import { expect, test } from 'vitest';

import { OwnRecord } from '../../../../src/protocol/overlay/own-record.ts';
import { VisitorPace } from '../../../../src/protocol/overlay/visitor-pace.ts';
import { ipNumbered, optionsOf, ownRecord } from '../../../support/membership-fixtures.ts';

function paceOf(): VisitorPace {
  const own = new OwnRecord(optionsOf());
  own.take(ownRecord);
  return new VisitorPace(own);
}

/** How many of so many visitors are let in. */
function admitted(pace: VisitorPace, count: number, remote: (index: number) => string, ms = 0) {
  let times = 0;
  for (let index = 0; index < count; index++) times += pace.admits(remote(index), ms) ? 1 : 0;
  return times;
}

test('of one network four are let in at once, then one in five quarters of a second', () => {
  const pace = paceOf();
  const remote = (index: number) => `8.8.${index}.1`;
  expect(admitted(pace, 10, remote)).toBe(4);
  expect(admitted(pace, 10, remote, 1_249)).toBe(0);
  expect(admitted(pace, 10, remote, 1_250)).toBe(1);
  expect(admitted(pace, 10, remote, 60_000)).toBe(4);
});

test('all together they are thirty-two at once, then five in a second', () => {
  const pace = paceOf();
  expect(admitted(pace, 100, ipNumbered)).toBe(32);
  expect(admitted(pace, 100, (index) => ipNumbered(100 + index), 1_000)).toBe(5);
});

test('one network that visits all the time keeps nobody else out', () => {
  const pace = paceOf();
  for (let ms = 0; ms < 60_000; ms += 10) pace.admits('8.8.1.1', ms);
  expect(admitted(pace, 28, ipNumbered, 60_000)).toBe(28);
});

test.each([
  ['this peer’s own network', '9.9.1.1'],
  ['nearby', '192.168.1.1'],
])('visitors from %s share with nobody but all', (_, remote) => {
  expect(admitted(paceOf(), 100, () => remote)).toBe(32);
});

test('who was sent away does not use up what is left of its network’s share', () => {
  const pace = paceOf();
  expect(admitted(pace, 32, ipNumbered)).toBe(32);
  expect(admitted(pace, 10, () => '8.8.1.1')).toBe(0);
  expect(admitted(pace, 10, () => '8.8.1.1', 800)).toBe(4);
});

test.each([
  [511, false],
  [512, true],
])('after visitors of %d other networks a spent share is forgotten: %s', (others, forgotten) => {
  const pace = paceOf();
  admitted(pace, 4, () => '8.8.1.1');
  admitted(pace, others, (index) => ipNumbered(index));
  expect(pace.admits('8.8.1.1', 200)).toBe(forgotten);
});
