import { expect, test } from 'vitest';

import { type EndedJob, OwedReceipts } from '../../../../src/protocol/requester/owed-receipts.ts';
import {
  anna,
  bert,
  contributionOf,
  cora,
  jobNumbered,
  peerNumbered,
  self,
  specOf,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';

const DAY_MS = 24 * 3_600_000;
const spec = specOf({ name: 'squares' });

function endedJob(number: number, changes: Partial<EndedJob> = {}): EndedJob {
  const contributions = [contributionOf(anna, { accepted: 2, computeSeconds: 0.5 })];
  return { job: jobNumbered(number), spec, contributions, endedAtMs: startUnixMs, ...changes };
}

test('whose work was accepted is owed one, and nobody else', () => {
  const contributions = [
    contributionOf(anna, { returned: 9, accepted: 2, computeSeconds: 0.5 }),
    contributionOf(bert, { returned: 9, lost: 9 }),
    contributionOf(self, { accepted: 9 }),
  ];
  const owed = new OwedReceipts([]);
  owed.add(endedJob(1, { contributions }));
  const receipts = [anna, bert, cora, self].map((peer) =>
    owed.give(jobNumbered(1), peer, startUnixMs + 5),
  );
  const { name, requester } = spec;
  const job = jobNumbered(1);
  const issuedAtMs = startUnixMs + 5;
  const annas = { requester, peer: anna, job, name, chunks: 2, computeSeconds: 0.5, issuedAtMs };
  expect(receipts).toEqual([annas, undefined, undefined, undefined]);
  expect(owed.give(jobNumbered(2), anna, startUnixMs)).toBeUndefined();
});

test('it is given once, until the peer has gone and come again', () => {
  const owed = new OwedReceipts([endedJob(1), endedJob(2)]);
  const given = () => [1, 2].map((number) => owed.give(jobNumbered(number), anna, startUnixMs));
  expect(given().map((receipt) => receipt?.job)).toEqual([jobNumbered(1), jobNumbered(2)]);
  expect(given()).toEqual([undefined, undefined]);
  owed.gone(bert);
  expect(given()).toEqual([undefined, undefined]);
  owed.gone(anna);
  expect(given().map((receipt) => receipt?.job)).toEqual([jobNumbered(1), jobNumbered(2)]);
});

test('it is owed for a day', () => {
  const after = (ms: number) =>
    new OwedReceipts([endedJob(1)]).give(jobNumbered(1), anna, startUnixMs + ms);
  expect(after(DAY_MS)?.chunks).toBe(2);
  expect(after(DAY_MS + 1)).toBeUndefined();
});

test('the jobs that ended first are forgotten when there are too many', () => {
  // Those of earlier processes come with the last one first.
  const owed = new OwedReceipts([endedJob(2), endedJob(1)]);
  const isOwed = (number: number) =>
    owed.give(jobNumbered(number), anna, startUnixMs) !== undefined;
  for (let number = 3; number <= 1_025; number++) owed.add(endedJob(number));
  expect([1, 2, 1_025].map(isOwed)).toEqual([false, true, true]);
});

test('and so are they when too many peers have computed them', () => {
  const owed = new OwedReceipts([]);
  const peers = Array.from({ length: 10_000 }, (_, number) => peerNumbered(number));
  const contributions = [...new Set(peers)].map((peer) => contributionOf(peer, { accepted: 1 }));
  expect(contributions).toHaveLength(10_000);
  for (const number of [1, 2, 3]) owed.add(endedJob(number, { contributions }));
  const [peer = anna] = peers;
  const chunks = [1, 2, 3].map((job) => owed.give(jobNumbered(job), peer, startUnixMs)?.chunks);
  expect(chunks).toEqual([undefined, 1, 1]);
});
