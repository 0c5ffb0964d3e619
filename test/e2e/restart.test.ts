/** A peer that was in a grid once finds it again by itself, even when its entrance is gone. */

import { expect, onTestFinished, test } from 'vitest';

import { manyhands, type PeerProcess, startPeer } from '../support/grid-process.ts';
import { spawnPeer } from '../support/peer-process.ts';
import { squares, squaresDone, submitSquares } from '../support/small-job.ts';
import { tempDir } from '../support/temp-dir.ts';

/** To be told when peers were kept. */
const args = ['--log-level', 'debug'];

test('a restart needs no --peer, and not the peer that was joined through', async () => {
  const [ada, ben] = await pair();
  const dataPath = tempDir();
  const before = await spawnPeer({ dataPath, through: [ada], args });
  onTestFinished(() => before.end());
  await met(before, [ada, ben]);
  await before.logged(/"peers":2,.*peers kept/);
  await before.end();
  await ada.end();

  const after = await spawnPeer({ dataPath });
  onTestFinished(() => after.end());
  expect(after.peer).toBe(before.peer);
  await met(after, [ben]);
  expect(after.log).not.toContain('it knows no other peer yet');
  await squaresDone(after, await submitSquares(after, { count: 20, quorum: 2 }), 20);
});

test('a submit with no peer running asks peers that it met before', async () => {
  const [ada, ben] = await pair();
  const dataPath = tempDir();
  const before = await spawnPeer({ dataPath, slots: 0, through: [ada], args });
  onTestFinished(() => before.end());
  await met(before, [ada, ben]);
  await before.logged(/"peers":2,.*peers kept/);
  await before.end();

  const own = ['--listen', '127.0.0.1:0', '--slots', '0'];
  const submitted = await manyhands(['--data', dataPath, 'submit', squares, 'count=20', ...own]);
  expect(submitted).toMatchObject({ code: 0 });
  expect(submitted.stderr).toContain('lasts as long as the job, joined through peers met before.');
  expect(submitted.stderr).toContain('Trust is "quorum:2": results are compared with those of');
  expect(submitted.stderr).toContain('trust quorum:2');
});

async function pair(): Promise<[PeerProcess, PeerProcess]> {
  const ada = await startPeer();
  const ben = await startPeer({ through: [ada] });
  await ben.logged(/neighbour up/);
  return [ada, ben];
}

/** Resolves when all of them are neighbours of `peer`. */
async function met(peer: PeerProcess, others: readonly PeerProcess[]): Promise<void> {
  await Promise.all(
    others.map(async (other) => peer.logged(new RegExp(`${other.peer}.*neighbour up`))),
  );
}
