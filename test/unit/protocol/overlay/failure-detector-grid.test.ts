/**
 * Two hundred peers that watch each other over links of 50 ms that lose one packet in a hundred. A
 * failing seed replays itself: each is a test.
 */

import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { DetectorWorld } from '../../../support/detector-world.ts';

const size = 200;
const degree = 5;
const freezeMsMax = 3_000;
/** One in so many peers freezes, each second. */
const freezesOneIn = 60;

/** @param steady peers that never freeze */
function gridOf(seed: number, steady: ReadonlySet<PeerId>) {
  const world = new DetectorWorld(seed, size, degree);
  const freeze = () => {
    for (const node of world.nodes.values()) {
      if (steady.has(node.self) || world.random.next() * freezesOneIn >= 1) continue;
      node.frozenUntilMs = world.nowMs + freezeMsMax * world.random.next();
    }
  };
  return { world, freeze };
}

const peersOf = (world: DetectorWorld) => [...world.nodes.keys()];
const steadyOf = (seed: number) =>
  new Set(peersOf(new DetectorWorld(seed, size, degree)).slice(-60));

test.each([1, 2, 3])(
  'nobody who lives is parted with, and the dead are in time: seed %i',
  (seed) => {
    const steady = steadyOf(seed);
    const { world, freeze } = gridOf(seed, steady);
    world.runFor(120_000, freeze);
    expect(world.partings).toEqual([]);

    const dead = peersOf(world).slice(0, 20);
    for (const peer of dead) {
      world.node(peer).diedAtMs = world.nowMs;
      world.runFor(1_000, freeze);
    }
    world.runFor(60_000, freeze);
    expect(world.partings.filter(({ afterMs }) => afterMs === undefined)).toEqual([]);
    expect(new Set(world.partings.map(({ because }) => because))).toEqual(new Set(['dead']));

    // Everybody noticed, those who freeze themselves somewhat later.
    const living = [...world.nodes.values()].filter(({ diedAtMs }) => diedAtMs === undefined);
    const kept = living.filter(({ neighbours }) => dead.some((peer) => neighbours.has(peer)));
    expect(kept).toEqual([]);
    const took = (isSteady: boolean) =>
      world.partings
        .filter(({ by }) => steady.has(by) === isSteady)
        .map(({ afterMs }) => afterMs ?? Infinity);
    expect(took(true).length).toBeGreaterThan(10);
    expect(Math.max(...took(true))).toBeLessThan(24_000);
    expect(Math.max(...took(false))).toBeLessThan(60_000);
  },
);

test('an idle link costs one ping and one pong in ten seconds', () => {
  const world = new DetectorWorld(1, size, degree);
  const links = [...world.nodes.values()].reduce((sum, { neighbours }) => sum + neighbours.size, 0);
  world.runFor(100_000);
  const each = (type: string) => (world.sent.get(type) ?? 0) / (links / 2) / 10;
  expect(each('ping')).toBeGreaterThan(0.8);
  expect(each('ping')).toBeLessThan(1.1);
  expect(each('pong')).toBeLessThan(1.1);
  expect([world.sent.get('probe'), world.partings]).toEqual([undefined, []]);
});

test('a peer that is stopped for a minute is parted with, and then parts with nobody', () => {
  const world = new DetectorWorld(4, size, degree);
  world.runFor(20_000);
  const [sleeper] = world.nodes.values();
  if (sleeper === undefined) throw new Error('no peer');
  const lost = sleeper.neighbours.size;
  sleeper.frozenUntilMs = world.nowMs + 60_000;
  world.runFor(60_000);
  expect(world.partings.map(({ peer }) => peer)).toEqual(Array(lost).fill(sleeper.self));
  for (const node of world.nodes.values()) {
    if (!node.neighbours.has(sleeper.self)) continue;
    throw new Error(`${node.self} still has it`);
  }
  const before = world.partings.length;
  world.runFor(10_000);
  expect(world.partings).toHaveLength(before);
});
