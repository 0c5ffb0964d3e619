import { describe, expect, test } from 'vitest';

import { OwnRecord } from '../../../../src/protocol/overlay/own-record.ts';
import {
  PASSIVE_MAX,
  PASSIVE_PER_PREFIX_MAX,
  PassiveView,
} from '../../../../src/protocol/overlay/passive-view.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import { optionsOf, ownRecord, recordOf, recordsOf } from '../../../support/membership-fixtures.ts';
import { peerNumbered, startUnixMs } from '../../../support/protocol-fixtures.ts';

function viewOf(count = 0, seed = 1): PassiveView {
  const own = new OwnRecord(optionsOf());
  own.take(ownRecord);
  const view = new PassiveView(own, createRandom(seed));
  for (const record of recordsOf(count)) view.add(record);
  return view;
}

const numbersIn = (view: PassiveView) => new Set(view.records.keys());

describe('what is taken', () => {
  test('a higher sequence replaces a lower one, never the other way', () => {
    const view = viewOf();
    const newer = recordOf(1, { sequence: startUnixMs + 1 });
    view.add(recordOf(1));
    view.add(newer);
    view.add(recordOf(1));
    expect([...view.records.values()]).toEqual([newer]);
    expect(view.revision).toBe(2);
  });

  test('a peer without an address is of no use', () => {
    const view = viewOf();
    view.add(recordOf(1, { addresses: [] }));
    expect(view.records.size).toBe(0);
  });

  test('a network with ever so many peers has a tenth of the view', () => {
    const view = viewOf(PASSIVE_MAX);
    for (let number = 100; number < 200; number++) {
      view.add(recordOf(number, { addresses: [`8.8.0.${number}:1`] }));
    }
    const hostile = [...view.records.values()].filter(({ record }) =>
      record.addresses.some((address) => address.startsWith('8.8.')),
    );
    expect(hostile).toHaveLength(PASSIVE_PER_PREFIX_MAX);
    expect(view.records.size).toBe(PASSIVE_MAX);
  });

  test('who leaves a network makes room in it', () => {
    const view = viewOf();
    for (let number = 1; number <= PASSIVE_PER_PREFIX_MAX; number++) {
      view.add(recordOf(number, { addresses: ['8.8.0.1:1'] }));
    }
    view.add(recordOf(1, { addresses: ['7.7.0.1:1'], sequence: startUnixMs + 1 }));
    view.add(recordOf(50, { addresses: ['8.8.0.1:1'] }));
    expect(view.records.has(peerNumbered(50))).toBe(true);
    expect(view.records.size).toBe(PASSIVE_PER_PREFIX_MAX + 1);
  });

  test('nearby, and in this peer’s own network, there may be any number', () => {
    const view = viewOf();
    for (let number = 1; number <= 20; number++) {
      view.add(recordOf(number, { addresses: ['127.0.0.1:1'] }));
      view.add(recordOf(number + 20, { addresses: ['9.9.1.1:1'] }));
    }
    expect(view.records.size).toBe(40);
  });
});

describe('networks', () => {
  const inNetwork = (view: PassiveView, start: string) =>
    [...view.records.values()].filter(({ record: { addresses } }) =>
      addresses.some((address) => address.startsWith(start)),
    ).length;

  test('one with its share full takes who comes in the place of another of its own', () => {
    const view = viewOf();
    for (let number = 1; number <= 7; number++) {
      view.add(recordOf(number, { addresses: [`8.8.0.${number}:1`] }));
    }
    expect(view.records.has(peerNumbered(7))).toBe(true);
    expect(view.records.size).toBe(PASSIVE_PER_PREFIX_MAX);
  });

  test('of one its own member goes first that was sent away', () => {
    const view = viewOf();
    const sacrifices = [peerNumbered(50), peerNumbered(3)];
    view.add(recordOf(50));
    for (let number = 1; number <= 7; number++) {
      view.add(recordOf(number, { addresses: [`8.8.0.${number}:1`] }), sacrifices);
    }
    expect(sacrifices).toEqual([peerNumbered(50)]);
    expect(numbersIn(view)).toEqual(new Set([50, 1, 2, 4, 5, 6, 7].map(peerNumbered)));
  });

  test('a record that names many takes a place of one', () => {
    const view = viewOf();
    const addresses = ['127.0.0.1:1', '8.8.1.1:1', '7.7.1.1:1', '6.6.1.1:1'];
    for (let number = 1; number <= 6; number++) view.add(recordOf(number, { addresses }));
    for (let number = 7; number <= 12; number++) {
      view.add(recordOf(number, { addresses: [`7.7.2.${number}:1`] }));
    }
    expect([inNetwork(view, '8.8.'), inNetwork(view, '7.7.2.')]).toEqual([6, 6]);
  });

  test.each(['127.0.0.1:1', '10.1.2.3:1', '9.9.1.1:1'])(
    'peers at %s take free places, and past their share none of others',
    (address) => {
      const view = viewOf(40);
      for (let number = 100; number < 300; number++) {
        view.add(recordOf(number, { addresses: [address] }));
      }
      expect([view.records.size, inNetwork(view, address)]).toEqual([PASSIVE_MAX, 20]);
      for (const record of recordsOf(500, 1_000)) view.add(record);
      expect(inNetwork(view, address)).toBeLessThan(PASSIVE_PER_PREFIX_MAX);
    },
  );
});

describe('when it is full', () => {
  test('one by chance goes for each that comes', () => {
    const stay = (seed: number) => {
      const view = viewOf(PASSIVE_MAX, seed);
      view.add(recordOf(100));
      expect(view.records.size).toBe(PASSIVE_MAX);
      return [...numbersIn(view)].join(' ');
    };
    expect(new Set([1, 2, 3, 4].map(stay)).size).toBeGreaterThan(1);
  });

  test('those that were sent away go first, each once', () => {
    const view = viewOf(PASSIVE_MAX);
    const sacrifices = [1, 2, 999].map(peerNumbered);
    view.add(recordOf(100), sacrifices);
    view.add(recordOf(101), sacrifices);
    expect(sacrifices).toEqual([]);
    const left = recordsOf(PASSIVE_MAX - 2, 3).map(({ record }) => record.peer);
    expect(numbersIn(view)).toEqual(new Set([...left, peerNumbered(100), peerNumbered(101)]));
  });
});

describe('what is drawn', () => {
  test('a sample has different peers, by chance', () => {
    const view = viewOf(20);
    const first = view.sample(5, startUnixMs).map(({ record }) => record.peer);
    const second = view.sample(5, startUnixMs).map(({ record }) => record.peer);
    expect(new Set(first).size).toBe(5);
    expect(second).not.toEqual(first);
    expect(view.sample(100, startUnixMs)).toHaveLength(20);
    expect(view.sample(-1, startUnixMs)).toEqual([]);
  });

  test('every peer is drawn as often as others', () => {
    const view = viewOf(10);
    const counts = new Map<string, number>();
    for (let times = 0; times < 2_000; times++) {
      for (const { record } of view.sample(2, startUnixMs)) {
        counts.set(record.peer, (counts.get(record.peer) ?? 0) + 1);
      }
    }
    for (const count of counts.values()) expect(Math.abs(count - 400)).toBeLessThan(100);
    expect(counts.size).toBe(10);
  });

  test('what has expired is dropped when it is drawn', () => {
    const view = viewOf();
    for (const number of [1, 2, 3]) view.add(recordOf(number, { expiresAtMs: startUnixMs + 10 }));
    view.add(recordOf(4));
    const drawn = view.sample(4, startUnixMs + 10).map(({ record }) => record.peer);
    expect(drawn).toEqual([peerNumbered(4)]);
    expect(numbersIn(view)).toEqual(new Set([peerNumbered(4)]));
  });

  test('all come once, even where some are removed on the way', () => {
    const view = viewOf(30);
    const seen: string[] = [];
    for (const { record } of view.shuffled()) {
      seen.push(record.peer);
      if (seen.length % 3 === 0) view.remove(record.peer);
    }
    expect(new Set(seen).size).toBe(30);
    expect(seen).toHaveLength(30);
    expect(view.records.size).toBe(20);
  });
});
