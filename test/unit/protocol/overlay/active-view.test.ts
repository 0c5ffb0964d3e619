import { describe, expect, test } from 'vitest';

import { ActiveView } from '../../../../src/protocol/overlay/active-view.ts';
import { OwnRecord } from '../../../../src/protocol/overlay/own-record.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import {
  addressNumbered,
  ipNumbered,
  optionsOf,
  ownRecord,
  recordOf,
} from '../../../support/membership-fixtures.ts';
import { peerNumbered } from '../../../support/protocol-fixtures.ts';

function viewOf(imposed: readonly number[] = [], chosen: readonly number[] = []): ActiveView {
  const own = new OwnRecord(optionsOf());
  own.take(ownRecord);
  const view = new ActiveView(own, createRandom(1));
  for (const number of imposed) add(view, number, { imposed: true });
  for (const number of chosen) add(view, number, { imposed: false });
  return view;
}

function add(
  view: ActiveView,
  number: number,
  { imposed = false, remote = ipNumbered(number), addresses = [addressNumbered(number)] } = {},
): void {
  const neighbour = { peer: peerNumbered(number), remote, dialled: undefined, imposed, sinceMs: 0 };
  view.add(neighbour, recordOf(number, { addresses }));
}

describe('who makes room', () => {
  test('for one imposed it is the newest of three that were imposed', () => {
    expect(viewOf([1, 2, 3], [4, 5]).leastForImposed()).toBe(peerNumbered(3));
    expect(viewOf([1, 2, 3, 4, 5]).leastForImposed()).toBe(peerNumbered(5));
  });

  test('for one imposed it is anybody while fewer than three were imposed', () => {
    const least = new Set<string | undefined>();
    const view = viewOf([1, 2], [3, 4, 5]);
    for (let times = 0; times < 100; times++) least.add(view.leastForImposed());
    expect(least.size).toBe(5);
  });

  test('for a chosen one it is who was chosen longest ago', () => {
    expect(viewOf([1, 2], [3, 4, 5]).leastForChosen()).toBe(peerNumbered(3));
    expect(viewOf([1, 2, 3], [4, 5]).leastForChosen()).toBe(peerNumbered(4));
  });

  test('for a chosen one it is an imposed one while too many were imposed', () => {
    expect(viewOf([1, 2, 3, 4], [5]).leastForChosen()).toBe(peerNumbered(4));
    expect(viewOf([1, 2, 3, 4], [5]).imposedTooMany).toBe(true);
    expect(viewOf([1, 2, 3], [4, 5]).imposedTooMany).toBe(false);
  });

  test('imposing without end leaves two that were chosen, and the oldest two imposed', () => {
    const view = viewOf([1, 2, 3], [4, 5]);
    for (let number = 10; number < 60; number++) {
      const least = view.leastForImposed();
      if (least !== undefined) view.remove(least);
      add(view, number, { imposed: true });
    }
    expect(new Set(view.records.keys())).toEqual(new Set([1, 2, 4, 5, 59].map(peerNumbered)));
  });
});

describe('networks', () => {
  test('two neighbours of one network are enough, as they are seen', () => {
    const view = viewOf();
    add(view, 1, { remote: '8.8.1.1', addresses: [] });
    add(view, 2, { remote: '8.8.2.2', addresses: ['7.7.2.2:1'] });
    expect(view.admits(['8.8.3.3:1'])).toBe(false);
    expect(view.admits([], '8.8.3.3')).toBe(false);
    expect(view.admits(['8.8.3.3:1'], '6.6.6.6')).toBe(true);
    view.remove(peerNumbered(1));
    expect(view.admits(['8.8.3.3:1'])).toBe(true);
  });

  test('who says to be in others’ networks takes no place of theirs', () => {
    const view = viewOf();
    const addresses = ['6.6.1.1:1', '7.7.1.1:1'];
    for (const number of [1, 2]) add(view, number, { remote: `8.8.1.${number}`, addresses });
    expect(view.admits(['7.7.3.3:1'])).toBe(true);
    expect(view.admits(['6.6.3.3:1'], '6.6.3.3')).toBe(true);
  });

  test('who is seen nearby counts by what it says', () => {
    const view = viewOf();
    for (const number of [1, 2]) {
      add(view, number, { remote: '192.168.1.1', addresses: [`8.8.1.${number}:1`] });
    }
    expect(view.admits(['8.8.3.3:1'], '192.168.1.1')).toBe(false);
  });

  test('any number of neighbours is nearby, or in this peer’s own network', () => {
    const view = viewOf();
    for (const number of [1, 2, 3, 4]) {
      add(view, number, { remote: '127.0.0.1', addresses: ['127.0.0.1:1'] });
    }
    expect(view.admits(['127.0.0.1:1'], '127.0.0.1')).toBe(true);
    expect(view.admits(['9.9.1.1:1'], '9.9.1.1')).toBe(true);
  });

  test('one IP address in this peer’s own network has two neighbours at most', () => {
    const view = viewOf();
    for (const number of [1, 2]) add(view, number, { remote: '9.9.1.1', addresses: ['9.9.1.1:1'] });
    expect(view.admits(['9.9.1.1:2'], '9.9.1.1')).toBe(false);
    expect(view.admits(['9.9.1.2:1'], '9.9.1.2')).toBe(true);
  });
});

test('a newer record of a neighbour takes the place of the older one, and of nobody else', () => {
  const view = viewOf([1]);
  const newer = recordOf(1, { sequence: recordOf(1).record.sequence + 1 });
  view.refresh(newer);
  view.refresh(recordOf(1));
  view.refresh(recordOf(2));
  expect([...view.records.values()]).toEqual([newer]);
});

test('a neighbour is at any of the addresses that its last record names', () => {
  const view = viewOf([1, 2]);
  const sequence = recordOf(1).record.sequence + 1;
  view.refresh(recordOf(1, { sequence, addresses: ['6.6.6.6:1', '7.7.7.7:1'] }));
  expect(view.isAt(['5.5.5.5:1', '7.7.7.7:1'])).toBe(true);
  expect(view.isAt([addressNumbered(2)])).toBe(true);
  expect(view.isAt([addressNumbered(1), '5.5.5.5:1'])).toBe(false);
  view.remove(peerNumbered(2));
  expect(view.isAt([addressNumbered(2)])).toBe(false);
});

test('any is one by chance that is not excepted', () => {
  const view = viewOf([1, 2], [3]);
  const drawn = new Set<string | undefined>();
  for (let times = 0; times < 100; times++) drawn.add(view.any([peerNumbered(2)]));
  expect(drawn).toEqual(new Set([peerNumbered(1), peerNumbered(3)]));
  expect(view.any([1, 2, 3].map(peerNumbered))).toBeUndefined();
});
