/** Machines whose clocks are set wrong, and laptops that are closed for an hour. */

import { expect } from 'vitest';

import { clocks } from '../support/simulator/scenarios/clocks.ts';
import { simulate } from '../support/simulator/seeds.ts';

const HOUR_MS = 3_600_000;
const seeds = [1, 2, 3];

const asUsual = { job: 'accepted', results: 400, blamed: 0, nextJob: 'accepted' };

for (const who of ['requester', 'volunteer'] as const) {
  for (const [way, ms] of [
    ['ahead', HOUR_MS],
    ['back', -HOUR_MS],
  ] as const) {
    simulate(`a ${who}'s clock is set ${way} by an hour, and the job goes on`, seeds, (seed) => {
      const figures = clocks({ seed, who, what: { type: 'jump', ms } });
      expect(figures).toMatchObject({ ...asUsual, neighboursMs: 0 });
    });
  }

  for (const monotonic of ['runs', 'stands'] as const) {
    const clock = `its monotonic clock ${monotonic}`;
    simulate(`a ${who} sleeps for an hour while ${clock}, and the job goes on`, seeds, (seed) => {
      const what = { type: 'sleep', ms: HOUR_MS, monotonic } as const;
      const figures = clocks({ seed, who, what });
      expect(figures).toMatchObject(asUsual);
      expect(figures.neighboursMs).toBeLessThan(10_000);
      // A requester's job waits for it; for a volunteer nobody waits.
      if (who === 'volunteer') expect(figures.jobMs).toBeLessThan(10_000);
    });
  }
}
