/** Everything that can go wrong, at random, with every invariant looked at after every event. */

import { expect } from 'vitest';

import { faults } from '../support/simulator/scenarios/faults.ts';
import { simulate } from '../support/simulator/seeds.ts';

/** Half a second each at most. */
const seeds = Array.from({ length: 40 }, (_, index) => index + 1);

simulate(
  'whatever breaks, what is left comes to its end and leaves nothing behind',
  seeds,
  (seed) => {
    const { jobs, quiet } = faults({ seed });
    expect(jobs.running).toBe(0);
    expect(quiet.ticksPerSecond).toBeLessThan(2);
  },
);
