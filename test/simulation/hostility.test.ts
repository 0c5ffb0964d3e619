import { expect } from 'vitest';

import { hostility, type HostilityFigures } from '../support/simulator/scenarios/hostility.ts';
import { simulate } from '../support/simulator/seeds.ts';

function underAttack(seed: number, attack: 'forge' | 'replay'): HostilityFigures {
  return hostility({
    seed,
    peers: 150,
    hostileShare: 0.2,
    attack,
    attackMs: 120_000,
    jobEveryMs: 10_000,
  });
}

simulate('a fifth of the peers forges, and nobody believes them', [1], (seed) => {
  const figures = underAttack(seed, 'forge');
  expect(figures.wholeShare).toBe(1);
  expect([figures.forgedOffers, figures.forgedRecords]).toEqual([0, 0]);
  expect(figures.misbehavedByMistake).toBe(0);
  expect(figures.caught).toBeGreaterThan(0);
});

simulate('a fifth of the peers repeats old offers, and all correct ones get new', [1], (seed) => {
  const figures = underAttack(seed, 'replay');
  expect(figures.wholeShare).toBe(1);
  expect(figures.misbehavedByMistake).toBe(0);
  expect(figures.caught).toBeGreaterThan(0);
});
