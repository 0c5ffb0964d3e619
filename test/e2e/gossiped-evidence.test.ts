/** Who was caught by one peer is refused by another one that never had to do with it. */

import { expect, onTestFinished, test } from 'vitest';

import {
  haveReturned,
  jobState,
  manyhands,
  startPeer,
  withoutWorkOf,
} from '../support/grid-process.ts';
import { spawnPeer } from '../support/peer-process.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';

const credibility = { errorRate: 1e-3, assumeFaulty: 0.2, identitiesScarce: false };

test('a peer that comes later finds out what others have, and works with no liar', async () => {
  const ada = await startPeer();
  const start = async (options: object) => {
    const peer = await startPeer({ ...options, through: [ada] });
    await peer.logged(/neighbour up/);
    return peer;
  };
  const [saboteur, bert, ...others] = await Promise.all(
    [{ lieRate: 0.3, honestFirst: 50 }, {}, {}, {}].map((options) => start(options)),
  );
  if (bert === undefined || saboteur === undefined) throw new Error('there are five peers');
  // Alone the saboteur decides nothing. It goes on until it has lied for certain.
  const jobId = await withoutWorkOf([ada, bert, ...others], async () => {
    const submitted = await submitSquares(ada, { count: 1_500, work: 100_000, credibility });
    await haveReturned([saboteur], ada, submitted, 80);
    return submitted;
  });
  const job = await jobState(ada.control, jobId, ({ state }) => state === 'done');
  const [caught] = job.caught;
  expect(job.caught).toHaveLength(1);
  expect(caught).toMatchObject({ peerId: saboteur.peer });
  expect(caught?.digest).not.toBe(caught?.expected);
  await ada.logged(/returned a wrong result of chunk \d+: others are told/);

  const late = await startPeer({ through: [bert] });
  const name = saboteur.peer.slice(0, 8);
  await late.logged(new RegExp(`says that ${name} lied: so it is`));
  const why = `returned a wrong result: chunk ${caught?.chunk} of job ${jobId.slice(0, 8)}`;
  const status = await late.control.status();
  expect(status.refused).toEqual([{ peerId: saboteur.peer, why }]);
  const shown = await manyhands(['--data', late.dataPath, 'status']);
  expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain(`refuses ${name}: ${why}`);
  const peers = await manyhands(['--data', late.dataPath, 'peers', '--json']);
  expect(JSON.parse(peers.stdout)).toContainEqual(
    expect.objectContaining({ peerId: saboteur.peer, refused: why }),
  );

  // Whatever the job trusts in: one result of anybody would do here.
  const done = await withoutWorkOf([late], async () => {
    const own = await submitSquares(late, { count: 400, work: 100_000, quorum: 1 });
    return squaresDone(late, own, 400);
  });
  const contributors = done.contributions.map(({ peerId }) => peerId);
  expect(contributors.length).toBeGreaterThan(0);
  expect(contributors).not.toContain(late.peer);
  expect(contributors).not.toContain(saboteur.peer);

  // Nor does it compute for it.
  await submitSquares(saboteur, { count: 4_000, work: 1_000_000, quorum: 1 });
  await expect
    .poll(async () => (await late.control.status()).declined)
    .toContainEqual({ name: 'squares', reason: `is of ${name}, which ${why}` });

  // And it remembers.
  await late.end();
  const again = await spawnPeer({ dataPath: late.dataPath });
  onTestFinished(() => again.end());
  expect((await again.control.status()).refused).toEqual([{ peerId: saboteur.peer, why }]);
});
