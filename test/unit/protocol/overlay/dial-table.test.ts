import { describe, expect, test } from 'vitest';

import { DialTable } from '../../../../src/protocol/overlay/dial-table.ts';
import { addressNumbered } from '../../../support/membership-fixtures.ts';
import { anna, bert } from '../../../support/protocol-fixtures.ts';

/** Pauses as they are on average. */
const tableOf = () => new DialTable({ next: () => 0.5 });
const toAnna = { aim: 'fill', peer: anna } as const;

describe('a dial', () => {
  test('is under way until it ends', () => {
    const dials = tableOf();
    dials.begin('a:1', toAnna, 0);
    expect([dials.underWay, dials.count('fill'), dials.count('enter')]).toEqual([1, 1, 0]);
    expect([dials.isDialling(anna), dials.isDialling(bert)]).toEqual([true, false]);
    expect(dials.readyAtMs('a:1')).toBe(Infinity);
    expect(dials.end('a:1', 10)).toMatchObject(toAnna);
    expect([dials.underWay, dials.isDialling(anna)]).toEqual([0, false]);
    expect(dials.end('a:1', 10)).toBeUndefined();
  });

  test('that never ends is overdue after 20 seconds', () => {
    const dials = tableOf();
    expect(dials.dueAtMs).toBe(Infinity);
    dials.begin('a:1', toAnna, 100);
    dials.begin('b:1', { aim: 'enter', peer: undefined }, 200);
    expect(dials.dueAtMs).toBe(20_100);
    expect(dials.overdue(20_099)).toEqual([]);
    expect(dials.overdue(20_100)).toEqual(['a:1']);
    expect(dials.overdue(30_000)).toEqual(['a:1', 'b:1']);
  });

  test('for a visit sets no pause, and leaves one that there is as it was', () => {
    const dials = tableOf();
    dials.postpone(['b:1'], 0);
    for (const address of ['a:1', 'b:1']) {
      dials.begin(address, { aim: 'visit', peer: anna }, 10_000);
      expect([dials.isUnderWay(address), dials.readyAtMs(address)]).toEqual([true, Infinity]);
      expect(dials.end(address, 11_000)).toMatchObject({ aim: 'visit', peer: anna });
      expect([dials.isUnderWay(address), dials.isDialling(anna)]).toEqual([false, false]);
    }
    expect([dials.readyAtMs('a:1'), dials.readyAtMs('b:1')]).toEqual([0, 60_000]);
  });
});

describe('the same address', () => {
  test('is left alone after each dial, twice as long each time, up to a minute', () => {
    const dials = tableOf();
    expect(dials.readyAtMs('a:1')).toBe(0);
    const pauses: number[] = [];
    for (let times = 0; times < 8; times++) {
      dials.begin('a:1', toAnna, 1_000);
      dials.end('a:1', 2_000);
      pauses.push(dials.readyAtMs('a:1') - 2_000);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  test('is left alone with some chance, so that not all come back together', () => {
    for (const [next, pauseMs] of [
      [0, 750],
      [1, 1_250],
    ] as const) {
      const dials = new DialTable({ next: () => next });
      dials.begin('a:1', toAnna, 0);
      dials.end('a:1', 0);
      expect(dials.readyAtMs('a:1')).toBe(pauseMs);
    }
  });

  test('begins with a short pause again once its link has lasted', () => {
    const dials = tableOf();
    for (let times = 0; times < 5; times++) {
      dials.begin('a:1', toAnna, 0);
      dials.end('a:1', 0);
    }
    dials.parted('a:1', 59_999, 100_000);
    expect(dials.readyAtMs('a:1')).toBe(116_000);
    dials.parted('a:1', 60_000, 100_000);
    expect(dials.readyAtMs('a:1')).toBe(101_000);
  });

  test('can be postponed for a minute', () => {
    const dials = tableOf();
    dials.postpone(['a:1', 'b:1'], 0);
    expect([dials.readyAtMs('a:1'), dials.readyAtMs('b:1')]).toEqual([60_000, 60_000]);
  });
});

test('of a peer’s addresses the one is dialled that was not tried for longest', () => {
  const dials = tableOf();
  const addresses = ['a:1', 'b:1', 'c:1'];
  expect(dials.ready(addresses, 0)).toBe('a:1');
  dials.begin('a:1', toAnna, 0);
  expect(dials.ready(addresses, 0)).toBe('b:1');
  dials.postpone(['b:1'], 0);
  expect(dials.ready(addresses, 0)).toBe('c:1');
  dials.begin('c:1', toAnna, 0);
  expect(dials.ready(addresses, 0)).toBeUndefined();
  dials.end('a:1', 0);
  expect(dials.ready(addresses, 5_000)).toBe('a:1');
});

test('of very many addresses the one dialled longest ago is forgotten', () => {
  const dials = tableOf();
  const addresses = Array.from({ length: 513 }, (_, number) => addressNumbered(number));
  dials.postpone(addresses.slice(0, 512), 0);
  dials.postpone(addresses.slice(0, 1), 0);
  dials.postpone(addresses.slice(512), 0);
  expect(addresses.filter((address) => dials.readyAtMs(address) === 0)).toEqual([addresses[1]]);
});
