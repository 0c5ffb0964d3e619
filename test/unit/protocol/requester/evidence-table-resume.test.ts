/** A table that believes on evidence and goes on where an earlier process stopped. */

import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { EvidenceTable } from '../../../../src/protocol/requester/evidence-table.ts';
import type { JobPast } from '../../../../src/protocol/requester/job-past.ts';
import { Reliability } from '../../../../src/protocol/requester/reliability.ts';
import type { Standings } from '../../../../src/protocol/standings.ts';
import { emptyTotals } from '../../../../src/protocol/requester/tally.ts';
import { VolunteerNetworks } from '../../../../src/protocol/requester/volunteer-networks.ts';
import { credibilityTrust, Dice, standingsOf } from '../../../support/protocol-evidence.ts';
import {
  anna,
  bert,
  cora,
  digestNumbered,
  jobNumbered,
} from '../../../support/protocol-fixtures.ts';
import { resultOf, self, specOf } from '../../../support/protocol-fixtures.ts';
import { chunksOf } from '../../../support/protocol-leases.ts';
import { pastOf } from '../../../support/protocol-past.ts';

function resumed(past: Partial<JobPast>, standings: Standings) {
  const dice = new Dice();
  const spec = specOf({ trust: { quorum: 1, credibility: credibilityTrust } });
  const table = new EvidenceTable(jobNumbered(1), spec, {
    trust: credibilityTrust,
    totals: emptyTotals(),
    standings,
    reliability: new Reliability(),
    networks: new VolunteerNetworks(),
    random: dice,
    order: new Dice(),
  });
  const settlement = table.resume(pastOf({ chunks: 4, ...past }), undefined, 0);
  return { table, settlement, dice };
}

const vote = (peer: PeerId, chunk = 1, number = chunk) => {
  return { lease: 5, chunk, peer, digest: digestNumbered(number) };
};
const acceptance = (chunk: number, peers: readonly PeerId[]) => {
  return { chunk, digest: digestNumbered(chunk), peers };
};
const nobody = standingsOf();
const known = () =>
  standingsOf([
    [anna, 10],
    [bert, 10],
    [cora, 10],
  ] as const);

test('of what was accepted nothing is fresh, nor of what was voted on', () => {
  const accepted = [acceptance(0, [anna]), acceptance(3, [anna])];
  const { table } = resumed({ accepted, votes: [vote(anna)] }, known());
  expect(table.chunks).toBe(4);
  // Chunk 1 waits for the second vote, and chunk 2 nobody has had.
  expect(new Set(chunksOf(table.lease(bert, 10, 0)))).toEqual(new Set([1, 2]));
  expect(chunksOf(table.lease(anna, 10, 0))).toEqual([2]);
});

test('votes of before count with what is said now', () => {
  const stored = new Map([[1, digestNumbered(1)]]);
  const { table } = resumed({ votes: [vote(anna)], stored }, known());
  const lease = table.lease(bert, 10, 0).find(({ chunk }) => chunk === 1);
  const settled = table.result(bert, resultOf({ lease: lease?.lease ?? 0, chunk: 1 }), 1);
  expect(settled).toMatchObject({ type: 'moved', accepted: [1], stored: [] });
});

test('votes of who was caught since count for nothing', () => {
  const standings = known();
  standings.catch(anna, 'returned a wrong result');
  const votes = [vote(anna), vote(bert)];
  const stored = new Map([[1, digestNumbered(1)]]);
  const { settlement } = resumed({ votes, stored }, standings);
  expect(settlement).toMatchObject({ type: 'moved', accepted: [] });
});

test('what is enough by now is accepted at once', () => {
  const votes = [vote(anna), vote(bert)];
  const stored = new Map([[1, digestNumbered(1)]]);
  const { settlement } = resumed({ votes, stored }, known());
  expect(settlement).toMatchObject({ type: 'moved', accepted: [1], reopened: [] });
});

test('who is caught takes chunks along that were accepted on its word before', () => {
  const accepted = [acceptance(0, [anna, bert]), acceptance(3, [bert, cora])];
  const { table } = resumed({ accepted }, known());
  expect(table.disown(anna)).toMatchObject({ type: 'moved', reopened: [0] });
});

test('accepted chunks are spot-checks again', () => {
  const accepted = [acceptance(0, [anna])];
  const { table, dice } = resumed({ accepted }, nobody);
  dice.throw(0, 0);
  expect(chunksOf(table.lease(bert, 1, 0))).toEqual([0]);
});

test('a late result of before counts', () => {
  const leases = [{ lease: 7, chunk: 1, peer: anna }];
  const { table } = resumed({ leases, votes: [vote(self)] }, nobody);
  expect(table.expects(anna, { lease: 7, chunk: 1 })).toBe(true);
  expect(table.result(anna, resultOf({ lease: 7, chunk: 1 }), 1)).toMatchObject({ type: 'moved' });
  expect(table.tally.of(anna)).toMatchObject({ returned: 1, late: 0 });
});
