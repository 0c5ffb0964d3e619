import { beforeEach, expect, test } from 'vitest';

import { stubDataFolder } from '../../support/cli-fixtures.ts';
import { aJobId, anotherPeerId, aPeerId, servePeer } from '../../support/fake-control.ts';
import { runCli } from '../../support/run-cli.ts';

let data: string;

beforeEach(() => {
  data = stubDataFolder();
});

/** Of a moment ago. */
function aReceipt(requester: string, chunks: number, computeSeconds: number) {
  const bytes = Buffer.from('bytes');
  return {
    requester,
    jobId: aJobId,
    name: 'primes',
    chunks,
    computeSeconds,
    issuedAtMs: Date.now() - 7_200_000,
    payload: bytes,
    publicKey: bytes,
    signature: bytes,
  };
}

const receipts = [
  aReceipt(anotherPeerId, 7, 0.5),
  aReceipt(aPeerId, 1_000, 90),
  aReceipt(anotherPeerId, 3, 1.5),
];

test('credit adds receipts up by requester and over all, who gave the last one first', async () => {
  await servePeer(data, { listReceipts: () => Promise.resolve({ receipts }) });
  expect((await runCli(['credit'])).stdout.toString().split('\n')).toEqual([
    'REQUESTER  JOBS  CHUNKS     COMPUTE     LAST',
    'bcdefghi      2      10       2.0 s  2 h ago',
    'abcdefgh      1   1,000  1 min 30 s  2 h ago',
    'all           3   1,010  1 min 32 s  2 h ago',
    '',
  ]);
});

test('credit in JSON has the totals, and the receipts for others to check', async () => {
  await servePeer(data, { listReceipts: () => Promise.resolve({ receipts }) });
  const shown: unknown = JSON.parse((await runCli(['credit', '--json'])).stdout.toString());
  const lastAtMs = receipts[0]?.issuedAtMs;
  expect(shown).toMatchObject({
    total: { jobs: 3, chunks: 1_010, computeSeconds: 92, lastAtMs },
    requesters: [
      { requester: anotherPeerId, jobs: 2, chunks: 10, computeSeconds: 2, lastAtMs },
      { requester: aPeerId, jobs: 1, chunks: 1_000, computeSeconds: 90 },
    ],
  });
  const bytes = 'Ynl0ZXM=';
  const proof = { payload: bytes, publicKey: bytes, signature: bytes };
  const proven = receipts.map((receipt) => Object.assign({}, receipt, proof));
  expect(Object(shown).receipts).toEqual(proven);
});

test('without receipts it says when they come', async () => {
  await servePeer(data);
  const { code, stdout } = await runCli(['credit']);
  expect([code, stdout.toString()]).toEqual([0, expect.stringMatching(/^No receipts yet: /)]);
  const json = await runCli(['credit', '--json']);
  const total = { jobs: 0, chunks: 0, computeSeconds: 0 };
  expect(JSON.parse(json.stdout.toString())).toEqual({ total, requesters: [], receipts: [] });
});

test('with no peer running it says so, by the usual exit code', async () => {
  expect(await runCli(['credit'])).toMatchObject({ code: 8 });
});
