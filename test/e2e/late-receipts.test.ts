/** A volunteer that was away when a job ended has its receipt when it computes for it again. */

import { expect, onTestFinished, test } from 'vitest';

import { contributionOf, haveReturned, startGrid, withoutWorkOf } from '../support/grid-process.ts';
import { spawnPeer } from '../support/peer-process.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';

test('also where its requester has been killed since', async () => {
  const [ada, ben, cyd] = await startGrid();
  const count = 60;
  // Takes two: it can't be done before ben has gone, nor without cyd.
  const jobId = await withoutWorkOf([ada], async () => {
    const submitted = await withoutWorkOf([cyd], async () => {
      const id = await submitSquares(ada, { count, work: 1_000_000, quorum: 2 });
      await haveReturned([ben], ada, id, 2);
      await ben.control.pause({ durationMs: 0 });
      await ada.logged(new RegExp(`"peer":"${ben.peer}".*a volunteer has gone`));
      return id;
    });
    await haveReturned([cyd], ada, submitted);
    return submitted;
  });
  const done = await squaresDone(ada, jobId, count);
  await cyd.logged(/a receipt has come/);
  expect((await ben.control.listReceipts()).receipts).toEqual([]);

  await ada.end();
  const again = await spawnPeer({
    dataPath: ada.dataPath,
    slots: 0,
    args: ['--listen', ada.address],
  });
  onTestFinished(() => again.end());
  // Else all may be done before the other one is there.
  await cyd.control.pause({ durationMs: 0 });
  await ben.control.resume();
  await submitSquares(again, { count: 5 });
  await ben.logged(new RegExp(`"job":"${jobId}".*a receipt has come`));
  const { receipts } = await ben.control.listReceipts();
  const chunks = contributionOf(done, ben)?.accepted;
  expect(receipts).toContainEqual(expect.objectContaining({ requester: ada.peer, jobId, chunks }));
});
