/** A requester with a job of an earlier process. */

import { expect, test } from 'vitest';

import type { JobPast } from '../../../../src/protocol/requester/job-past.ts';
import { Awareness } from '../../../../src/protocol/awareness.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import { Requester } from '../../../../src/protocol/requester/requester.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import {
  at,
  anna,
  digestNumbered,
  jobNumbered,
  ofType,
} from '../../../support/protocol-fixtures.ts';
import { self, specOf, startUnixMs } from '../../../support/protocol-fixtures.ts';
import { pastOf } from '../../../support/protocol-past.ts';

const job = jobNumbered(1);
const spec = specOf({ trust: { quorum: 1 }, createdAtMs: startUnixMs - 60_000 });

function resumed(past: Partial<JobPast>) {
  const requester = new Requester({
    self,
    addresses: () => ['here:1'],
    awareness: new Awareness(),
    standings: new Standings(),
    random: createRandom(1),
  });
  const effects = requester.resume(job, spec, pastOf({ chunks: 2, ...past }), at(0));
  return { requester, effects };
}

const accepted = [0, 1].map((chunk) => ({ chunk, digest: digestNumbered(chunk), peers: [] }));

test('its offer is newer than those of before', () => {
  const { effects } = resumed({});
  const [first] = ofType(effects, 'sign-offer');
  expect(first?.offer).toMatchObject({ job, closed: false, replicasOpen: 2 });
  // Of before there was one a second at most, from 1 on.
  expect(first?.offer.sequence).toBeGreaterThan(startUnixMs);
});

test('its end is told, though it was offered in another process', () => {
  const { requester } = resumed({});
  expect(ofType(requester.end(job, at(1)), 'sign-offer')).toMatchObject([
    { offer: { closed: true } },
  ]);
});

test('what was accepted is accepted; all of it, and the results can be merged', () => {
  const { requester, effects } = resumed({ accepted });
  expect(ofType(effects, 'all-accepted')).toEqual([{ type: 'all-accepted', job }]);
  expect(requester.job(job)).toMatchObject({ over: true, readable: 2 });
});

test('its report counts from the submit, whoever ran it since', () => {
  const { requester } = resumed({ accepted: accepted.slice(1), disputes: 3 });
  expect(requester.job(job)?.report(5_000)).toMatchObject({
    wallMs: 65_000,
    accepted: 1,
    disputes: 3,
  });
  expect(requester.job(job)?.progress(0).stalled).toBeUndefined();
});

test('who comes back with leases of before goes on with them', () => {
  const { requester } = resumed({ leases: [{ lease: 9, chunk: 1, peer: anna }] });
  requester.volunteerUp(anna);
  const held = requester.handle(anna, { type: 'hold', job, leases: [9, 8] }, at(10));
  expect(ofType(held, 'send-to-volunteer')).toMatchObject([
    { to: anna, message: { type: 'revoke', leases: [8] } },
  ]);
  expect(requester.job(job)?.isHolder(anna)).toBe(true);
});
