import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { DialTable } from '../../../../src/protocol/overlay/dial-table.ts';
import { PendingLinks } from '../../../../src/protocol/overlay/pending-links.ts';
import { createRandom, type Random } from '../../../../src/protocol/random.ts';
import { Views } from '../../../../src/protocol/overlay/views.ts';
import { Visits } from '../../../../src/protocol/overlay/visits.ts';
import {
  addressNumbered,
  ipNumbered,
  knownNumbered,
  optionsOf,
  ownRecord,
  recordOf,
  recordsOf,
} from '../../../support/membership-fixtures.ts';
import { at, peerNumbered } from '../../../support/protocol-fixtures.ts';

/** Pauses as they are on average. */
const average: Random = { next: () => 0.5 };

type Visited = { readonly ms: number; readonly address: string };

type Surroundings = {
  readonly entrances?: readonly (readonly [string, PeerId | undefined])[];
  readonly known?: readonly number[];
  readonly random?: Random;
};

const many = Array.from({ length: 100 }, (_, index) => 100 + index);

/** A peer that has started, with one neighbour, the peer 1. */
class World {
  readonly views: Views;
  readonly dials: DialTable;
  readonly pending = new PendingLinks();
  readonly visits: Visits;

  constructor({ entrances = [], known = many, random = average }: Surroundings = {}) {
    const met = known.map((number) => knownNumbered(number));
    this.views = new Views(optionsOf({ known: met }), random);
    this.views.own.take(ownRecord);
    this.dials = new DialTable(random);
    const { views, dials, pending } = this;
    this.visits = new Visits({ views, dials, pending, entrances: { entrances }, random });
    this.visits.start(0);
    this.admit(1);
  }

  admit(number: number): void {
    const peer = peerNumbered(number);
    const remote = ipNumbered(number);
    const neighbour = { peer, remote, dialled: undefined, imposed: false, sinceMs: 0 };
    this.views.active.add(neighbour, recordOf(number));
  }

  /** A link on which nothing but offers is told. */
  link(number: number, dialled: string | undefined): void {
    const [peer, remote] = [peerNumbered(number), ipNumbered(number)];
    const link = { peer, remote, dialled, asked: undefined, imposed: false, visit: true };
    this.pending.add(link, 0);
  }

  /** Somebody this peer has visited knew what it did not. */
  miss(number: number, ms: number): void {
    this.link(number, addressNumbered(number));
    this.visits.differed(peerNumbered(number), 'self', ms);
    this.pending.remove(peerNumbered(number));
  }

  /** Lets time pass; each dial is soon over. @returns the visits meanwhile */
  pass(untilMs: number): Visited[] {
    const visited: Visited[] = [];
    for (let ms = this.visits.dueAtMs; ms <= untilMs; ms = this.visits.dueAtMs) {
      for (const effect of this.visits.begin(at(ms))) {
        if (effect.type !== 'dial') throw new Error(`a visit does not ${effect.type}`);
        this.dials.end(effect.address, ms);
        visited.push({ ms, address: effect.address });
      }
    }
    return visited;
  }

  /** News come all the time. */
  hear(everyMs: number, untilMs: number): void {
    for (let ms = everyMs; ms <= untilMs; ms += everyMs) {
      this.pass(ms);
      this.visits.heard(ms);
    }
  }
}

const times = (visited: readonly Visited[]) => visited.map(({ ms }) => ms);
const addresses = (visited: readonly Visited[]) => visited.map(({ address }) => address);

describe('when nothing happens', () => {
  test('the first visit is five seconds after the start, then they are ever more seldom', () => {
    const visited = times(new World().pass(620_000));
    const pauses = visited.map((ms, index) => ms - (visited[index - 1] ?? 0));
    const rounded = pauses.map((ms) => Math.round(ms / 100) / 10);
    expect(rounded).toEqual([5, 7.5, 11.3, 16.9, 25.3, 38, 57, 85.4, 120, 120, 120]);
  });

  test.each([
    [0, 3_750],
    [1 - 1e-9, 6_250],
  ])('by chance %d the first is after some %d ms, so that not all come at once', (next, ms) => {
    const world = new World({ random: { next: () => next } });
    expect(world.visits.dueAtMs).toBeCloseTo(ms, 3);
  });

  test('the dial says who is expected, and is one of the dials under way', () => {
    const world = new World({ known: [7] });
    expect(world.visits.begin(at(4_999))).toEqual([]);
    expect(world.visits.begin(at(5_000))).toEqual([
      { type: 'dial', address: addressNumbered(7), expected: peerNumbered(7) },
    ]);
    expect(world.dials.count('visit')).toBe(1);
    expect(world.dials.isDialling(peerNumbered(7))).toBe(true);
  });

  test('nobody is visited while this peer is alone, and somebody soon after', () => {
    const world = new World();
    world.views.active.remove(peerNumbered(1));
    expect(world.visits.dueAtMs).toBe(Infinity);
    expect(world.visits.begin(at(60_000))).toEqual([]);
    world.admit(2);
    expect(world.visits.begin(at(60_001))).toHaveLength(1);
  });
});

describe('a drought', () => {
  test('of news brings a visit sooner, and those after it', () => {
    const world = new World();
    world.hear(1_000, 600_000);
    expect(times(world.pass(660_000)).map(Math.round)).toEqual([
      606_289, 632_500, 637_500, 645_000, 656_250,
    ]);
  });

  test('is a longer one where news are always rare', () => {
    const world = new World();
    world.hear(20_000, 1_200_000);
    const [regular = 0, early = 0] = times(world.pass(1_300_000));
    expect(Math.round(regular)).toBe(1_206_289);
    // Four times the usual gap, and then as in doubt.
    expect(early).toBeGreaterThan(1_200_000 + 79_000 + 2_500);
    expect(early).toBeLessThanOrEqual(1_200_000 + 80_000 + 2_500);
  });

  test('is none before there were news, nor a second time before there are new ones', () => {
    const world = new World();
    expect(times(world.pass(100_000))).toHaveLength(5);
    world.visits.heard(100_000);
    world.pass(1_000_000);
    const dueAtMs = [1, 2, 3].map(() => {
      const due = world.visits.dueAtMs;
      world.pass(due);
      return due;
    });
    expect(dueAtMs.slice(1).map((ms, index) => ms - (dueAtMs[index] ?? 0))).toEqual([
      120_000, 120_000,
    ]);
  });
});

describe('an own offer', () => {
  test('is looked after two seconds later', () => {
    const world = new World();
    world.pass(90_000);
    world.visits.offered(90_000);
    expect(times(world.pass(95_000))).toEqual([92_000]);
  });

  test('is looked after at most every twenty seconds', () => {
    const world = new World();
    world.pass(90_000);
    const visited: number[] = [];
    for (let ms = 90_000; ms < 140_000; ms += 100) {
      world.visits.offered(ms);
      visited.push(...times(world.pass(ms)));
    }
    expect(visited).toEqual([92_000, 112_000, 132_000]);
  });

  test('puts off no visit that is due before', () => {
    const world = new World();
    world.visits.offered(4_000);
    expect(times(world.pass(6_500))).toEqual([5_000]);
  });
});

describe('a difference', () => {
  test('brings a visit every two and a half seconds for two minutes, then as at first', () => {
    const world = new World();
    world.pass(400_000);
    world.miss(50, 400_000);
    const visited = times(world.pass(600_000));
    const inDoubt = Array.from({ length: 48 }, (_, index) => 400_000 + (index + 1) * 2_500);
    expect(visited.slice(0, 48)).toEqual(inDoubt);
    expect(visited.slice(48, 51)).toEqual([525_000, 532_500, 543_750]);
  });

  test.each([
    ['by this peer, where it visits', 'self', '8.8.8.8:1', true],
    ['by this peer, when it is visited', 'self', undefined, true],
    ['by the other one, where this peer visits', 'other', '8.8.8.8:1', true],
    ['by a visitor, which doubts its own neighbours', 'other', undefined, false],
  ] as const)('that is missed %s', (_, missedBy, dialled, doubts) => {
    const world = new World();
    world.pass(400_000);
    world.link(50, dialled);
    world.visits.differed(peerNumbered(50), missedBy, 400_000);
    expect(world.visits.dueAtMs === 402_500).toBe(doubts);
  });

  test('makes who told of it one to visit again, where it was visited', () => {
    const world = new World({ known: [] });
    world.miss(50, 0);
    world.link(51, undefined);
    world.visits.differed(peerNumbered(51), 'self', 0);
    world.link(52, addressNumbered(52));
    world.visits.differed(peerNumbered(52), 'other', 0);
    for (const number of [51, 52]) world.pending.remove(peerNumbered(number));
    expect(new Set(addresses(world.pass(60_000)))).toEqual(new Set([addressNumbered(50)]));
  });
});

test('a dial that has failed is followed by another one soon', () => {
  const world = new World();
  const [first] = world.pass(5_000);
  world.visits.failed(5_000);
  const [second] = world.pass(5_500);
  expect(second?.ms).toBe(5_500);
  expect(second?.address).not.toBe(first?.address);
});

describe('nobody is visited', () => {
  test('who is a neighbour, has a link, is dialled or banned', () => {
    const world = new World({ known: [1, 2, 3, 4, 5] });
    world.link(2, undefined);
    world.views.misbehaved.add(peerNumbered(3), 0);
    world.dials.begin('elsewhere:1', { aim: 'fill', peer: peerNumbered(4) }, 0);
    world.miss(5, 0);
    expect(new Set(addresses(world.pass(60_000)))).toEqual(new Set([addressNumbered(5)]));
  });

  test('at an entrance where a neighbour is, or that is dialled already', () => {
    const entrances = [addressNumbered(1), 'b:1', 'c:1'].map((name) => [name, undefined] as const);
    const world = new World({ known: [], entrances });
    world.dials.begin('b:1', { aim: 'enter', peer: undefined }, 0);
    world.miss(1, 0);
    expect(new Set(addresses(world.pass(60_000)))).toEqual(new Set(['c:1']));
  });

  test('at the same address within ten seconds', () => {
    const world = new World({ known: [] });
    world.miss(50, 0);
    expect(times(world.pass(50_000))).toEqual([2_500, 12_500, 22_500, 32_500, 42_500]);
  });

  test('where there is nobody to visit', () => {
    expect(new World({ known: [] }).pass(600_000)).toEqual([]);
  });
});

describe('of all ways to know somebody', () => {
  test('each has its turn', () => {
    const entrances = [['entrance:1', undefined]] as const;
    const world = new World({ entrances, known: [10], random: createRandom(1) });
    world.views.contacts.add(recordOf(11), ipNumbered(11));
    world.views.learn([recordOf(12)], at(0));
    world.miss(13, 0);
    const visited = new Set(addresses(world.pass(120_000)));
    expect(visited).toEqual(new Set(['entrance:1', ...[10, 11, 12, 13].map(addressNumbered)]));
  });

  test('each has it as often, however many it knows', () => {
    const first = Array.from({ length: 300 }, (_, seed) => {
      const entrances = [['entrance:1', undefined]] as const;
      const world = new World({ entrances, known: many, random: createRandom(seed) });
      world.views.learn(recordsOf(60, 300), at(0));
      return world.pass(10_000)[0]?.address;
    });
    const atEntrance = first.filter((address) => address === 'entrance:1').length;
    expect(atEntrance).toBeGreaterThan(75);
    expect(atEntrance).toBeLessThan(125);
  });

  test('an entrance may have changed hands: nobody is expected there', () => {
    const entrances = [
      ['a:1', peerNumbered(1)],
      ['b:1', peerNumbered(2)],
    ] as const;
    const world = new World({ entrances, known: [] });
    expect(world.visits.begin(at(5_000))).toEqual([{ type: 'dial', address: 'b:1' }]);
  });
});

test('addresses that lead nowhere are dialled sixteen times at once, then once a second', () => {
  const world = new World();
  let dials = 0;
  for (let ms = 0; ms < 60_000; ms += 100) {
    if (ms % 1_000 === 0) world.miss(50, ms);
    const visited = world.pass(ms);
    dials += visited.length;
    if (visited.length > 0) world.visits.failed(ms);
  }
  expect(dials).toBeGreaterThan(60);
  expect(dials).toBeLessThanOrEqual(16 + 60);
});
