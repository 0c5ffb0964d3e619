/** Receipts for work, in a grid of real processes. */

import { expect, test } from 'vitest';

import type { ControlClient } from '../../src/transport/control-client.ts';
import { readSignedReceipt } from '../../src/wire/receipt-codec.ts';
import { contributionOf, manyhands, type PeerProcess, startGrid } from '../support/grid-process.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';

type Receipts = Awaited<ReturnType<ControlClient['listReceipts']>>['receipts'];

/** The receipts of a peer, once they have come. */
async function receiptsOf(peer: PeerProcess): Promise<Receipts> {
  await peer.logged(/a receipt has come/);
  return (await peer.control.listReceipts()).receipts;
}

test('those who computed a job have receipts for what was accepted, to show', async () => {
  const [ada, ...volunteers] = await startGrid();
  const count = 60;
  // All three have to agree: nobody can come too late.
  const jobId = await submitSquares(ada, { count, work: 500_000, quorum: 3 });
  const job = await squaresDone(ada, jobId, count);
  let accepted = 0;
  for (const peer of volunteers) {
    const [receipt, ...more] = await receiptsOf(peer);
    const reported = contributionOf(job, peer);
    expect(more).toEqual([]);
    expect(receipt).toMatchObject({ requester: ada.peer, jobId, chunks: reported?.accepted });
    expect(receipt?.computeSeconds).toBeCloseTo(reported?.computeSeconds ?? 0, 5);
    accepted += receipt?.chunks ?? 0;
  }
  const own = job.contributions.find(({ self }) => self)?.accepted ?? 0;
  expect(accepted + own).toBe(job.contributions.reduce((sum, each) => sum + each.accepted, 0));
  expect(accepted).toBeGreaterThan(0);

  const [bea] = volunteers;
  const shown = await manyhands(['--data', bea?.dataPath ?? '', 'credit']);
  expect(shown.stdout).toContain(`\n${ada.peer.slice(0, 8)} `);
  const { stdout } = await manyhands(['--data', bea?.dataPath ?? '', 'credit', '--json']);
  const [proof] = Object(JSON.parse(stdout)).receipts;
  // Whoever is shown these three needs nothing else, and can ask nobody.
  const { receipt } = readSignedReceipt({
    payload: Buffer.from(proof.payload, 'base64'),
    publicKey: Buffer.from(proof.publicKey, 'base64'),
    signature: Buffer.from(proof.signature, 'base64'),
  });
  expect(receipt).toMatchObject({ requester: ada.peer, peer: bea?.peer, job: jobId });

  // The requester has computed for nobody but itself.
  const none = await manyhands(['--data', ada.dataPath, 'credit']);
  expect(none.stdout).toContain('No receipts yet');
});
