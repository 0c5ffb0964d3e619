/** A requester with several jobs that believe on evidence. */

import { expect, test } from 'vitest';

import type { JobId, PeerId } from '../../../../src/model/ids.ts';
import type { Lease } from '../../../../src/model/replica.ts';
import { Awareness } from '../../../../src/protocol/awareness.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { Requester } from '../../../../src/protocol/requester/requester.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import {
  anna,
  at,
  jobNumbered,
  ofType,
  resultOf,
  self,
  specOf,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';
import { credibilityTrust, Dice } from '../../../support/protocol-evidence.ts';

const one = jobNumbered(1);
const two = jobNumbered(2);

/** Two jobs, of each of which the requester has verified the first chunk. */
function requesterOfTwo() {
  const dice = new Dice();
  // Known for so long that its word is enough.
  const known = { peer: anna, passed: 300, isCaught: false, seenAtMs: startUnixMs };
  const standings = new Standings([known]);
  const requester = new Requester({
    self,
    addresses: () => [],
    awareness: new Awareness(),
    standings,
    random: dice,
  });
  for (const peer of [self, anna]) requester.volunteerUp(peer);
  const trust = { quorum: 1, credibility: credibilityTrust };
  for (const id of [one, two]) {
    requester.submit(id, specOf({ trust }), 0);
    requester.addChunks(id, 5, at(0));
    requester.endSplit(id, at(0));
  }
  const leased = (effects: readonly Effect[]): Lease => {
    const [lease] = ofType(effects, 'send-to-volunteer').flatMap(({ message }) =>
      message.type === 'leases' ? message.chunks : [],
    );
    if (lease === undefined) throw new Error('no lease');
    return lease;
  };
  const ask = (peer: PeerId, job: JobId): Lease =>
    leased(requester.handle(peer, { type: 'ask', job, count: 1 }, at(1)));
  const give = (peer: PeerId, job: JobId, lease: Lease, number = lease.chunk): Effect[] => {
    const frame = { job, replicas: [resultOf(lease, number)] };
    return requester.handle(peer, { type: 'results', frame }, at(2));
  };
  for (const id of [one, two]) give(self, id, ask(self, id));
  return { requester, dice, ask, give };
}

test('who is caught in one job has said nothing in the others', () => {
  const { requester, dice, ask, give } = requesterOfTwo();
  give(anna, two, ask(anna, two));
  expect(requester.job(two)?.progress(3)).toMatchObject({ accepted: 2 });
  dice.throw(0, 0);
  give(anna, one, ask(anna, one), 99);
  expect(requester.job(one)?.report(3)).toMatchObject({ accepted: 1, caught: [{ peer: anna }] });
  expect(requester.job(two)?.report(3)).toMatchObject({ accepted: 1, caught: [] });
});

test('what was seen of peers is kept at once, then every few seconds, and when a job ends', () => {
  const { requester, dice, ask, give } = requesterOfTwo();
  const keep = (effects: readonly Effect[]) =>
    ofType(effects, 'keep-standings').flatMap(({ standings }) => standings);
  dice.throw(0, 0);
  expect(keep(give(anna, one, ask(anna, one)))).toMatchObject([
    { peer: anna, passed: expect.closeTo(301, 3) },
  ]);
  dice.throw(0, 0);
  expect(keep(give(anna, two, ask(anna, two)))).toEqual([]);
  expect(keep(requester.end(two, at(3)))).toMatchObject([
    { peer: anna, passed: expect.closeTo(302, 3) },
  ]);
  expect(keep(requester.end(one, at(4)))).toEqual([]);
});
