/** Everything that can go wrong, at random, with every invariant looked at after every event. */

import { expect } from 'vitest';

import { blackout } from '../support/simulator/scenarios/blackout.ts';
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

simulate('a grid that lost its power comes back without its entrance', [1, 2, 3], (seed) => {
  for (const peers of [8, 40]) expect(blackout({ seed, peers }).oneGridMs).toBeLessThan(15_000);
});
