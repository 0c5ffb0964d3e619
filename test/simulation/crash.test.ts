import { expect } from 'vitest';

import { crash } from '../support/simulator/scenarios/crash.ts';
import { simulate } from '../support/simulator/seeds.ts';

simulate('half of the peers are killed at once, and the rest go on', [1, 2], (seed) => {
  const figures = crash({ seed, peers: 300, share: 0.5, how: 'killed' });
  expect(figures.reachedAfter1).toBe(1);
  expect(figures.reachedAfter4).toBe(1);
});

simulate('nine peers of ten lose power at once, and the rest find each other', [1, 2], (seed) => {
  const figures = crash({ seed, peers: 600, share: 0.9, how: 'power-lost' });
  expect(figures.survivors).toBe(60);
  expect(figures.reachedAfter4).toBeGreaterThanOrEqual(0.999);
});
