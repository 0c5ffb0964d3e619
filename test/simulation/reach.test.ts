import { expect } from 'vitest';

import { reach } from '../support/simulator/scenarios/reach.ts';
import { simulate } from '../support/simulator/seeds.ts';

simulate('a sender of 100 peers reaches all of them, once each, over 6 links', [1, 2], (seed) => {
  const figures = reach({ seed, peers: 100, senders: 1, offers: 20 });
  expect(figures.reachedShareMin).toBe(1);
  expect(figures.rmrMax).toBeLessThanOrEqual(0.1);
  expect(figures.ldhMax).toBeLessThanOrEqual(6);
});

simulate('a sender of 1,000 peers reaches all of them, once each, over 9 links', [1], (seed) => {
  const figures = reach({ seed, peers: 1_000, senders: 1, offers: 10 });
  expect(figures.reachedShareMin).toBe(1);
  expect(figures.rmrMax).toBeLessThanOrEqual(0.1);
  expect(figures.ldhMax).toBeLessThanOrEqual(9);
});

simulate('ten senders of 300 peers who take turns share one tree', [1, 2], (seed) => {
  const figures = reach({ seed, peers: 300, senders: 10, offers: 20 });
  expect(figures.reachedShareMin).toBe(1);
  expect(figures.rmrMax).toBeLessThanOrEqual(0.5);
});
