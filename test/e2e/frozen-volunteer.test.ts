/**
 * A volunteer that stands still, as on a laptop that was closed: no connection of it breaks, none
 * of its leases is near its end, and not a word comes from it.
 */

import { expect, test } from 'vitest';

import { contributionOf, jobState, startGrid } from '../support/grid-process.ts';
import { idsOf, islandsOf } from '../support/overlay-view.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';

/**
 * Until its leases are not kept for it any more: some 13 s of silence and another 20 s, and more of
 * both where the requester has found itself slow. They last for 70 s at least.
 */
const noticedMsMax = 65_000;
const count = 40;

test('what a frozen volunteer holds is given to others, and it comes back', async () => {
  const all = await startGrid({ slots: 0 });
  const [ada, ben, cyd] = all;
  // Else nobody could tell whether cyd is given what ben holds, or only a twin of it.
  await cyd.control.pause({ durationMs: 0 });
  const jobId = await submitSquares(ada, { count, work: 8_000_000 });
  await jobState(ada.control, jobId, (job) => (contributionOf(job, ben)?.returned ?? 0) > 2);

  ben.process.kill('SIGSTOP');
  const frozenAtMs = performance.now();
  await jobState(ada.control, jobId, (job) => (contributionOf(job, ben)?.expired ?? 0) > 0);
  expect(performance.now() - frozenAtMs).toBeLessThan(noticedMsMax);
  await cyd.control.resume();
  const job = await squaresDone(ada, jobId, count);
  expect(contributionOf(job, ben)?.accepted).toBe(contributionOf(job, ben)?.returned);
  expect(contributionOf(job, cyd)?.accepted).toBe(
    count - (contributionOf(job, ben)?.accepted ?? 0),
  );

  ben.process.kill('SIGCONT');
  // Takes two.
  const next = await submitSquares(ada, { count, quorum: 2 });
  expect(contributionOf(await squaresDone(ada, next, count), ben)?.accepted).toBe(count);
  await expect.poll(() => islandsOf(all)).toEqual([idsOf(all)]);
});
