/** Peers that lie: as many as a quorum can outvote, and more than it can. */

import { expect, test } from 'vitest';

import { replicasMax } from '../../src/protocol/requester/quorum.ts';
import {
  contributionOf,
  haveReturned,
  jobState,
  manyhands,
  type PeerProcess,
  startPeer,
  withoutWorkOf,
} from '../support/grid-process.ts';
import { squares, squaresDone, submitSquares } from '../support/small-job.ts';

/** Peers of the same kind that joined through the first one. */
async function joined(
  first: PeerProcess,
  count: number,
  options: Parameters<typeof startPeer>[0],
): Promise<PeerProcess[]> {
  const start = async (): Promise<PeerProcess> => {
    const peer = await startPeer({ ...options, through: [first] });
    await peer.logged(/neighbour up/);
    return peer;
  };
  return Promise.all(Array.from({ length: count }, start));
}

test('with quorum:3 two peers of five that lie alike change nothing', async () => {
  const ada = await startPeer();
  const [honest, liars] = await Promise.all([joined(ada, 2, {}), joined(ada, 2, { lieRate: 1 })]);
  const count = 60;
  // Without one of three nothing is decided before the liars were heard.
  const jobId = await withoutWorkOf(honest.slice(1), async () => {
    const submitted = await submitSquares(ada, { count, work: 100_000, quorum: 3 });
    await haveReturned(liars, ada, submitted);
    return submitted;
  });
  const job = await squaresDone(ada, jobId, count);
  const of = (peer: PeerProcess) => contributionOf(job, peer);
  for (const peer of [ada, ...honest]) expect(of(peer)).toMatchObject({ accepted: count, lost: 0 });
  const lost = liars.map((peer) => of(peer)?.lost ?? 0);
  for (const peer of liars) expect(of(peer)).toMatchObject({ accepted: 0 });
  expect(Math.max(...lost)).toBeGreaterThan(0);
  expect(job.disputes).toBeGreaterThanOrEqual(Math.max(...lost));
});

test('where no two peers agree the job fails, and shows who said what', async () => {
  const ada = await startPeer();
  const liars = await joined(ada, replicasMax(2) - 1, { lieRate: 1, liesAlone: true });
  const submitted = await manyhands(['--data', ada.dataPath, 'submit', squares, 'count=1']);
  expect(submitted).toMatchObject({ code: 4, stdout: '' });
  const groups = [...submitted.stderr.matchAll(/^ {2}group \d+: digest \w{8} from (\w{8})$/gm)];
  expect(new Set(groups.map(([, peer]) => peer))).toEqual(
    new Set([ada, ...liars].map(({ peer }) => peer.slice(0, 8))),
  );
  expect(submitted.stderr).toContain(
    `Chunk 0: after ${replicasMax(2)} replicas no 2 agree. Either too many peers`,
  );
  const [{ jobId } = { jobId: '' }] = (await ada.control.listJobs()).jobs;
  const job = await jobState(ada.control, jobId, ({ state }) => state === 'failed');
  expect(job.disputes).toBe(1);
  // Sixteen processes start.
}, 400_000);
