import { expect } from 'vitest';

import { hostility, type HostilityFigures } from '../support/simulator/scenarios/hostility.ts';
import { simulate } from '../support/simulator/seeds.ts';

type Attack = Parameters<typeof hostility>[0]['attack'];

function underAttack(seed: number, attack: Attack, peers = 150): HostilityFigures {
  return hostility({
    seed,
    peers,
    hostileShare: 0.2,
    attack,
    attackMs: peers > 100 ? 120_000 : 60_000,
    jobEveryMs: 10_000,
  });
}

simulate('a fifth of the peers forges, and nobody believes them', [1], (seed) => {
  const figures = underAttack(seed, 'forge');
  expectAllReached(figures);
  expect(figures.caught).toBeGreaterThan(0);
});

simulate('a fifth of the peers repeats old offers, and all correct ones get new', [1], (seed) => {
  const figures = underAttack(seed, 'replay', 80);
  expectAllReached(figures);
  expect(figures.caught).toBeGreaterThan(0);
});

simulate('a fifth of the peers surrounds others and is silent, in vain', [1, 2], (seed) => {
  const figures = underAttack(seed, 'mute');
  // It is an attack: without visits those would hear of nothing.
  expect(figures.cutOffMax).toBeGreaterThan(5);
  expectAllReached(figures);
});

simulate('a fifth of the peers fills all views with itself, in vain', [1], (seed) => {
  const figures = underAttack(seed, 'fill');
  expect(figures.cutOffMax).toBeGreaterThan(60);
  expectAllReached(figures);
});

simulate('a fifth of the peers floods the others, in vain', [1], (seed) => {
  const figures = underAttack(seed, 'flood', 50);
  expectAllReached(figures);
  expect(figures.caught).toBeGreaterThan(0);
});

simulate('a fifth of the peers does all that at once, in vain', [1], (seed) => {
  expectAllReached(underAttack(seed, 'mixed', 80));
});

/** Every job by every correct peer within its first minute, and nothing that is not true. */
function expectAllReached(figures: HostilityFigures): void {
  expect(figures.missed).toBe(0);
  expect(figures.wholeShare).toBe(1);
  expect([figures.forgedOffers, figures.forgedRecords]).toEqual([0, 0]);
  expect(figures.misbehavedByMistake).toBe(0);
}
