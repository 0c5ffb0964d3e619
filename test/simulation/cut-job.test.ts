import { expect } from 'vitest';

import { cutJob } from '../support/simulator/scenarios/cut-job.ts';
import { simulate } from '../support/simulator/seeds.ts';

const grid = { volunteers: 4, chunks: 200, chunkMs: 3_000 };
/** Of 200 chunks of some 3.3 s on 8 slots. */
const uncutMs = 90_000;

for (const cutMs of [5_000, 10_000, 20_000]) {
  simulate(`a cut of ${cutMs / 1_000} s has no chunk computed twice`, [1, 2, 3], (seed) => {
    const { wallMs, ...figures } = cutJob({ seed, ...grid, cutMs });
    expect(figures).toEqual({ accepted: 200, returned: 200, undelivered: 0 });
    // Both sides look whether the other is there after half a minute at the latest.
    expect(wallMs).toBeLessThan(uncutMs + 45_000);
  });
}

simulate('what was computed for a requester that is away for minutes counts', [1, 2, 3], (seed) => {
  const { wallMs, returned, ...figures } = cutJob({ seed, ...grid, cutMs: 300_000 });
  expect(figures).toEqual({ accepted: 200, undelivered: 0 });
  // Who is back first is leased what the others have computed and not told yet: a chunk or two of
  // each of them. Without what they kept it would be all that ran: some four of each.
  expect(returned).toBeLessThanOrEqual(200 + 2 * grid.volunteers);
  expect(wallMs).toBeLessThan(uncutMs + 300_000 + 60_000);
});
