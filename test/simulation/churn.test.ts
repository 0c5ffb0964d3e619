import { expect } from 'vitest';

import { churn } from '../support/simulator/scenarios/churn.ts';
import { simulate } from '../support/simulator/seeds.ts';

simulate('a tenth of the peers is replaced each minute, and offers reach the rest', [1], (seed) => {
  const figures = churn({ seed, peers: 150, minutes: 6, replacedShare: 0.1, offerEveryMs: 3_000 });
  expect(figures.replaced).toBe(90);
  expect(figures.offers).toBe(120);
  expect(figures.wholeShare).toBeGreaterThanOrEqual(0.999);
});
