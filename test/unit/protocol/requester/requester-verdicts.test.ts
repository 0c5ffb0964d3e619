/** A requester with a job that verifies its results, and one that believes on evidence. */

import { expect, test } from 'vitest';

import type { Trust } from '../../../../src/model/job.ts';
import type { Lease, ReplicaResult } from '../../../../src/model/replica.ts';
import { Awareness } from '../../../../src/protocol/awareness.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { Requester } from '../../../../src/protocol/requester/requester.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import { credibilityTrust, Dice } from '../../../support/protocol-evidence.ts';
import {
  anna,
  at,
  jobNumbered,
  ofType,
  resultOf,
  self,
  specOf,
} from '../../../support/protocol-fixtures.ts';

const verifying = jobNumbered(1);
const believing = jobNumbered(2);

/** Anna has voted in the one that believes on evidence, and holds a lease of the other. */
function requesterOfBoth(trust: Trust) {
  const standings = new Standings();
  const requester = new Requester({
    self,
    addresses: () => [],
    awareness: new Awareness(),
    standings,
    random: new Dice(),
  });
  requester.volunteerUp(anna);
  const evidence = { quorum: 1, credibility: credibilityTrust };
  requester.submit(verifying, specOf({ comparison: 'verify', trust }), 0);
  requester.submit(believing, specOf({ trust: evidence }), 0);
  for (const job of [verifying, believing]) {
    requester.addChunks(job, 3, at(0));
    requester.endSplit(job, at(0));
  }
  const ask = (job = verifying): Lease => {
    const effects = requester.handle(anna, { type: 'ask', job, count: 1 }, at(1));
    const [lease] = ofType(effects, 'send-to-volunteer').flatMap(({ message }) =>
      message.type === 'leases' ? message.chunks : [],
    );
    if (lease === undefined) throw new Error('no lease');
    return lease;
  };
  const give = (replica: ReplicaResult, job = verifying): Effect[] =>
    requester.handle(anna, { type: 'results', frame: { job, replicas: [replica] } }, at(2));
  give(resultOf(ask(believing)), believing);
  return { requester, standings, ask, give };
}

function refuted(lease: Lease): ReplicaResult {
  const replica = resultOf(lease);
  if (replica.outcome.type !== 'result') throw new Error('no result');
  return { ...replica, outcome: { ...replica.outcome, verdict: 'refuted' } };
}

test('what is verified may be read as it comes, and each chunk is wanted once', () => {
  const { requester, ask, give } = requesterOfBoth({ quorum: 1, credibility: credibilityTrust });
  const replica = resultOf(ask());
  if (replica.outcome.type !== 'result') throw new Error('no result');
  give({ ...replica, outcome: { ...replica.outcome, verdict: 'verified' } });
  expect(requester.job(verifying)).toMatchObject({ readable: 1, table: { replicasOpen: 2 } });
});

test('who breaks the calls too often gets no more of that job, and is not caught', () => {
  const { requester, standings, ask, give } = requesterOfBoth({ quorum: 2 });
  const failure = { kind: 'timed-out', detail: 'verify: too long' } as const;
  const [first, second] = [ask(), ask()];
  give({ ...resultOf(first), outcome: { type: 'failure', failure } });
  expect(requester.job(verifying)?.table.activeLeases).toBe(1);
  give({ ...resultOf(second), outcome: { type: 'failure', failure, isLast: true } });
  expect(() => ask()).toThrow('no lease');
  expect(requester.job(verifying)).toMatchObject({ over: false, caught: [] });
  expect(standings.isCaught(anna)).toBe(false);
  expect(ask(believing)).toMatchObject({ lease: 2 });
});

test('what it holds goes to others at once', () => {
  const { requester, ask, give } = requesterOfBoth({ quorum: 2 });
  const [first] = [ask(), ask()];
  const failure = { kind: 'timed-out', detail: 'verify: too long' } as const;
  if (first === undefined) throw new Error('no lease');
  give({ ...resultOf(first), outcome: { type: 'failure', failure, isLast: true } });
  expect(requester.job(verifying)?.table).toMatchObject({ activeLeases: 0, replicasOpen: 3 });
});

test('who is refuted is caught in that job, whatever else it trusts in', () => {
  const { requester, standings, ask, give } = requesterOfBoth({ quorum: 2 });
  give(refuted(ask()));
  expect(requester.job(verifying)?.report(3).caught).toMatchObject([{ peer: anna }]);
  expect(standings.isCaught(anna)).toBe(false);
  expect(ask(believing)).toMatchObject({ lease: 2 });
});

test('where the job asked for evidence, it is caught for good and everywhere', () => {
  const { requester, standings, ask, give } = requesterOfBoth({
    quorum: 1,
    credibility: credibilityTrust,
  });
  give(refuted(ask()));
  expect(requester.job(verifying)?.report(3).caught).toMatchObject([{ peer: anna }]);
  expect(standings.isCaught(anna)).toBe(true);
  expect(() => ask(believing)).toThrow('no lease');
});
