/** Who computes, and who no longer does: owners' wishes and losses in the middle of a job. */

import { once } from 'node:events';

import { expect, test } from 'vitest';

import {
  contributionOf,
  haveReturned,
  manyhands,
  startGrid,
  startPeer,
  withoutWorkOf,
} from '../support/grid-process.ts';
import type { JobContribution } from '../../src/transport/control-client.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';

test('volunteers that pause or finish give back what they hold, and nothing is lost', async () => {
  const [ada, ben, cyd] = await startGrid();
  const dee = await startPeer({ through: [ada] });
  await dee.logged(/neighbour up/);
  const count = 100;
  // Two have to agree: it can't end without those two who compute at first.
  const jobId = await withoutWorkOf([ada, dee], async () => {
    const submitted = await submitSquares(ada, { count, work: 1_000_000, quorum: 2 });
    await haveReturned([ben, cyd], ada, submitted, 2);
    const ended = once(cyd.process, 'exit');
    const finishing = manyhands(['finish', '--data', cyd.dataPath]);
    const pausing = manyhands(['pause', '--data', ben.dataPath]);
    expect(await pausing).toMatchObject({ code: 0, stdout: 'Paused until `manyhands resume`\n' });
    expect((await finishing).stdout).toMatch(
      /^Finishing: \d+ leases? to return, 0 jobs of its own/,
    );
    expect(await ended).toEqual([0, null]);
    await expect.poll(async () => (await ben.control.status()).leasesHeld).toBe(0);
    expect(await ben.control.status()).toMatchObject({ state: 'paused', slotsBusy: 0 });
    return submitted;
  });

  const job = await squaresDone(ada, jobId, count);
  for (const peer of [ben, cyd]) {
    const contribution = contributionOf(job, peer);
    expect(contribution?.returned).toBeGreaterThan(2);
    expect(sum([contribution], 'accepted') + sum([contribution], 'late')).toBe(
      contribution?.returned,
    );
    // What it held came back; lost is at most the one frame that was on its way as it left.
    expect(contribution?.expired).toBeLessThanOrEqual(frameLeases);
  }
  expect(sum(job.contributions, 'accepted')).toBe(2 * count);

  await ben.control.resume();
  const all = await squaresDone(ada, await submitSquares(ada, { count: 50, quorum: 3 }), 50);
  expect(contributionOf(all, ben)?.accepted).toBe(50);
});

test('a grid joined through one peer goes on when that peer is killed', async () => {
  const entrance = await startPeer();
  const [ada, ben] = await Promise.all([
    startPeer({ through: [entrance] }),
    startPeer({ through: [entrance] }),
  ]);
  await Promise.all([ada, ben].map((peer) => peer.logged(/neighbour up/)));
  // The offer is heard of by whom ada never named, and by all three: else there is no quorum.
  const all = await squaresDone(ada, await submitSquares(ada, { count: 60, quorum: 3 }), 60);
  for (const peer of [entrance, ada, ben]) {
    expect(contributionOf(all, peer)).toMatchObject({ returned: 60, accepted: 60, lost: 0 });
  }
  entrance.process.kill('SIGKILL');
  await Promise.all([ada, ben].map((peer) => peer.logged(/neighbour down/)));
  const rest = await squaresDone(ada, await submitSquares(ada, { count: 60, quorum: 2 }), 60);
  expect(contributionOf(rest, ben)).toMatchObject({ returned: 60, accepted: 60 });
  expect(contributionOf(rest, entrance)).toBeUndefined();
});

function sum(
  contributions: readonly (JobContribution | undefined)[],
  key: 'accepted' | 'late',
): number {
  return contributions.reduce((total, each) => total + (each?.[key] ?? 0), 0);
}

/** Leases that a volunteer with one slot asks for at a time, of chunks that take 25 ms. */
const frameLeases = 11;
