/** Results believed on evidence, in a grid of real processes. */

import { expect, test } from 'vitest';

import { openStore } from '../../src/storage/sqlite-store.ts';
import {
  contributionOf,
  haveReturned,
  jobState,
  manyhands,
  type PeerProcess,
  startPeer,
  withoutWorkOf,
} from '../support/grid-process.ts';
import { resultOf, squares, submitSquares, sumOfSquares } from '../support/small-job.ts';

const credibility = { errorRate: 1e-3, assumeFaulty: 0.2, identitiesScarce: false };

/** Who joins through the first of them, until all are neighbours of it. */
async function joined(first: PeerProcess, others: readonly object[]): Promise<PeerProcess[]> {
  const started = others.map(async (options) => {
    const peer = await startPeer({ ...options, through: [first] });
    await peer.logged(/neighbour up/);
    return peer;
  });
  return Promise.all(started);
}

test('who was honest for 50 chunks and lies then is caught, and changes no result', async () => {
  const ada = await startPeer();
  const mal = { lieRate: 0.3, honestFirst: 50 };
  const [saboteur = ada, ...honest] = await joined(ada, [mal, {}, {}, {}]);
  const count = 1_500;
  // Alone it decides nothing. It goes on until some of what it returned are lies for certain.
  const jobId = await withoutWorkOf([ada, ...honest], async () => {
    const submitted = await submitSquares(ada, { count, work: 100_000, credibility });
    await haveReturned([saboteur], ada, submitted, 80);
    return submitted;
  });
  const job = await jobState(ada.control, jobId, ({ state }) => state === 'done');
  expect(JSON.parse(await resultOf(ada, jobId))).toEqual({ sum: sumOfSquares(count) });
  expect(job.caught).toMatchObject([{ peerId: saboteur.peer }]);
  const lies = contributionOf(job, saboteur);
  expect(lies?.returned).toBeGreaterThan(50);
  expect(lies?.lost).toBeGreaterThan(0);
  const shown = await manyhands(['--data', ada.dataPath, 'job', jobId]);
  expect(shown.stdout).toContain('trust      error-rate:0.001');
  const [caught] = job.caught;
  if (caught === undefined) throw new Error('nobody was caught');
  const { chunk, digest, expected } = caught;
  const what = `returned ${digest.slice(0, 8)} for chunk ${chunk}, not ${expected.slice(0, 8)}`;
  expect(shown.stdout).toContain(`caught     ${saboteur.peer.slice(0, 8)}: ${what}`);
  // It is remembered: the next job is not leased to it at all.
  const again = await submitSquares(ada, { count: 300, work: 100_000, credibility });
  const second = await jobState(ada.control, again, ({ state }) => state === 'done');
  expect(second.contributions.map(({ peerId }) => peerId)).not.toContain(saboteur.peer);
});

test('what was seen of peers outlasts the process', async () => {
  const ada = await startPeer({ slots: 1 });
  await joined(ada, [{}, {}]);
  const line = ['--data', ada.dataPath, 'submit', squares, 'count=400', 'work=100000'];
  const submit = [...line, '--trust', 'error-rate', '--json'];
  const havePassed = async (): Promise<number> => {
    const [last] = (await ada.control.listJobs()).jobs;
    return (last?.contributions ?? []).filter(({ passed = 0 }) => passed > 3).length;
  };
  // How much of a job comes to whom, and which of that are checks, is chance.
  do expect(await manyhands(submit)).toMatchObject({ code: 0 });
  while ((await havePassed()) < 2);
  await ada.end();
  const store = await openStore({ path: ada.dataPath });
  const standings = store.listStandings();
  store.close();
  expect(standings).toHaveLength(2);
  for (const { passed, isCaught } of standings) {
    expect(passed).toBeGreaterThan(3);
    expect(isCaught).toBe(false);
  }
});
