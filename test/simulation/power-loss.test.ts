/**
 * Nothing that was promised is lost with the power, and the job ends, right. A thousand seeds of
 * each kind take some minutes:
 *
 *     SEEDS=1000 npm run test:simulation -- -t "loses power"
 */

import { expect } from 'vitest';

import type { Trust } from '../../src/model/job.ts';
import { powerLoss } from '../support/simulator/scenarios/power-loss.ts';
import { simulate } from '../support/simulator/seeds.ts';

/** A tenth of a second each. */
const seeds = Array.from({ length: 5 }, (_, index) => index + 1);
/** For each chunk, of small jobs that take long; 3.5 was the most in 4,000 runs. */
const LEASES_MAX = 5;
/**
 * A bound that three equal results of strangers come to (19 to the third), and that nobody comes to
 * alone by the checks of so small a job: one lies, and has to be contradicted.
 */
const evident: Trust = {
  quorum: 1,
  credibility: { errorRate: 2e-4, assumeFaulty: 0.05, identities: 'scarce' },
};

simulate('whoever loses power, a job of quorum 2 ends, right', seeds, async (seed) => {
  const { losses, syncsFailed, told, found, chunks, leases } = await powerLoss({
    seed,
    trust: { quorum: 2 },
  });
  expect(losses).toBeGreaterThan(2);
  expect(syncsFailed).toBeGreaterThan(0);
  // In a small job with slow disks nobody may have been told before the end.
  expect(told + found).toBeGreaterThan(0);
  expect(leases).toBeLessThan(LEASES_MAX * chunks);
});

simulate(
  'whoever loses power, a job that believes on evidence ends, right',
  seeds,
  async (seed) => {
    const { losses, told, found, chunks, leases, spotChecks } = await powerLoss({
      seed,
      trust: evident,
    });
    expect(losses).toBeGreaterThan(2);
    expect(told + found).toBeGreaterThan(0);
    expect(leases - spotChecks).toBeLessThan(LEASES_MAX * chunks);
  },
);
