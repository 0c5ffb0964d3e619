/**
 * A requester that dies in the middle of writing down what has become of its job, at every step of
 * that: whatever was acknowledged to a volunteer is there, nothing that was accepted is computed
 * again, and the job ends right.
 */

import { once } from 'node:events';

import { expect, onTestFinished, test } from 'vitest';

import { jobState, type PeerProcess, startPeer, withoutWorkOf } from '../support/grid-process.ts';
import { JournalWatch, type Look } from '../support/journal-watch.ts';
import { spawnPeer } from '../support/peer-process.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Where it dies, and at which time that it comes there. */
const deaths: readonly (readonly [point: string, count: number])[] = [
  ['before begin', 10],
  ['after begin', 12],
  ['before a row', 15],
  ['before a row', 41],
  ['after a row', 23],
  ['after a row', 67],
  ['before commit', 9],
  ['before commit', 17],
  ['after commit', 8],
  ['after commit', 14],
  ['before sync', 1],
  ['before sync', 11],
  ['after sync', 1],
  ['after sync', 12],
  // One soon after the other: what a volunteer was leased in one process comes to the one after.
  ['before begin', 3],
  ['before a row', 1],
  ['after commit', 3],
  ['before commit', 4],
  ['after begin', 3],
  ['after a row', 2],
];

/** So slow that they are far from over when it has died for the last time. */
const count = 1_000;
const work = 600_000;

test(`it dies at ${deaths.length} points, and loses nothing`, { timeout: 400_000 }, async () => {
  const dataPath = tempDir();
  const first = await spawnPeer({ dataPath, slots: 0 });
  onTestFinished(() => first.end());
  const { address } = first;
  const volunteers = await Promise.all([1, 2].map(() => startPeer({ through: [first] })));
  const jobId = await withoutWorkOf(volunteers, async () => {
    const submitted = await submitSquares(first, { count, work });
    await jobState(first.control, submitted, ({ splitEnded }) => splitEnded);
    await first.end();
    return submitted;
  });
  const journal = new JournalWatch(dataPath, jobId);
  const looks: Look[] = [];
  const owed: number[] = [];
  for (const [point, times] of deaths) {
    await diesAt(point, times, dataPath, address);
    const look = await journal.look();
    looks.push(look);
    for (const volunteer of volunteers) {
      const answered = look.answered.get(volunteer.peer) ?? 0;
      owed.push(Math.max((await acknowledgedTo(volunteer)) - answered, 0));
    }
  }
  // By the number of the death, should it be another one.
  expect(looks.map(({ state }) => state)).toEqual(deaths.map(() => 'running'));
  expect(looks.map(({ lost }) => lost)).toEqual(deaths.map(() => []));
  expect(looks.map(({ leasedAgain }) => leasedAgain)).toEqual(deaths.map(() => []));
  expect(owed).toEqual(deaths.flatMap(() => [0, 0]));
  const last = await spawnPeer({ dataPath, slots: 0, args: ['--listen', address] });
  onTestFinished(() => last.end());
  const done = await squaresDone(last, jobId, count);
  const returned = done.contributions.reduce((sum, each) => sum + each.returned, 0);
  // In the tail late ones are leased twice.
  expect(returned).toBeLessThan(count + 100);
});

async function diesAt(
  point: string,
  times: number,
  dataPath: string,
  address: string,
): Promise<void> {
  const peer = await spawnPeer({
    dataPath,
    slots: 0,
    diesAt: [point, times],
    args: ['--listen', address],
  }).catch(() => undefined);
  if (peer === undefined) return;
  onTestFinished(() => peer.end());
  if (peer.process.exitCode === null && peer.process.signalCode === null) {
    await once(peer.process, 'exit');
  }
  peer.control.close();
}

/** What it has computed and need not keep any more. */
async function acknowledgedTo({ control }: PeerProcess): Promise<number> {
  const { replicasReturned, undelivered } = await control.status();
  return replicasReturned - undelivered.reduce((sum, { results }) => sum + results, 0);
}
