import { expect } from 'vitest';

import { partition, type PartitionOptions } from '../support/simulator/scenarios/partition.ts';
import { simulate } from '../support/simulator/seeds.ts';

/** What a grid is promised to heal in, however small it is. */
const HEALED_MS_MAX = 120_000;

function heals(options: PartitionOptions): void {
  const figures = partition(options);
  expect(figures.linksAtHealing).toBe(0);
  expect(figures.oneOverlayMs).toBeLessThanOrEqual(HEALED_MS_MAX);
  expect(figures.allKnownMs).toBeLessThanOrEqual(HEALED_MS_MAX);
}

simulate('halves of 100 peers, apart for five minutes, become one overlay', [1, 2], (seed) => {
  heals({ seed, peers: 100, ways: 'both-ways', cutMs: 300_000 });
});

simulate('halves of 30 peers of which one did not hear the other find together', [1], (seed) => {
  heals({ seed, peers: 30, ways: 'one-way', cutMs: 300_000 });
});

simulate('halves of 30 peers, apart for five minutes, become one overlay', [1, 2], (seed) => {
  heals({ seed, peers: 30, ways: 'both-ways', cutMs: 300_000 });
});
