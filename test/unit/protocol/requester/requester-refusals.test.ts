/** Who was found out to be dishonest gets nothing to compute, whatever a job trusts in. */

import { expect, test } from 'vitest';

import type { ComparedBy } from '../../../../src/model/job.ts';
import type { PeerId } from '../../../../src/model/ids.ts';
import { Awareness } from '../../../../src/protocol/awareness.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { Requester } from '../../../../src/protocol/requester/requester.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import { credibilityTrust, Dice } from '../../../support/protocol-evidence.ts';
import {
  anna,
  at,
  bert,
  cora,
  digestNumbered,
  jobNumbered,
  ofType,
  resultOf,
  self,
  specOf,
} from '../../../support/protocol-fixtures.ts';

const plain = jobNumbered(1);
const believing = jobNumbered(2);

function requesterOf(comparison: ComparedBy = 'digest') {
  const standings = new Standings();
  const dice = new Dice();
  const awareness = new Awareness();
  const requester = new Requester({
    self,
    addresses: () => [],
    awareness,
    standings,
    random: dice,
  });
  for (const peer of [self, anna, bert, cora]) requester.volunteerUp(peer);
  requester.submit(plain, specOf({ trust: { quorum: 1 } }), 0);
  const credibility = { ...credibilityTrust, errorRate: 0.1 };
  requester.submit(believing, specOf({ comparison, trust: { quorum: 1, credibility } }), 0);
  for (const job of [plain, believing]) {
    requester.addChunks(job, 4, at(0));
    requester.endSplit(job, at(0));
  }
  const ask = (peer: PeerId, job = plain, count = 4) =>
    leasesOf(requester.handle(peer, { type: 'ask', job, count }, at(1)));
  return { requester, standings, dice, ask };
}

function leasesOf(effects: readonly Effect[]) {
  return ofType(effects, 'send-to-volunteer').flatMap(({ to, message }) =>
    message.type === 'leases' ? message.chunks.map((lease) => ({ to, ...lease })) : [],
  );
}

test('its asks get no leases, of any job', () => {
  const { standings, ask } = requesterOf();
  standings.catch(anna, 'lied');
  expect([ask(anna, plain), ask(anna, believing)]).toEqual([[], []]);
  expect(ask(bert).length).toBeGreaterThan(0);
});

test('what it holds and what it has asked for goes to others', () => {
  const { requester, standings, ask } = requesterOf();
  const held = [ask(anna, plain, 9), ask(anna, plain, 9), ask(anna, plain, 9)].flat();
  expect(held.map(({ chunk }) => chunk)).toEqual([0, 1, 2, 3]);
  ask(bert, plain, 9);
  standings.nowMs = at(2).unixMs;
  standings.catch(anna, 'lied');
  const effects = requester.refuse(anna, at(2));
  const again = leasesOf(effects);
  expect(again.every(({ to }) => to === bert)).toBe(true);
  expect(again.length).toBeGreaterThan(0);
  expect(ofType(effects, 'keep-standings')).toEqual([
    {
      type: 'keep-standings',
      standings: [{ peer: anna, passed: 0, isCaught: true, why: 'lied', seenAtMs: at(2).unixMs }],
    },
  ]);
  // What it returns all the same does not count.
  const replicas = held.map((lease) => resultOf(lease));
  requester.handle(anna, { type: 'results', frame: { job: plain, replicas } }, at(3));
  expect(requester.job(plain)?.progress(3)).toMatchObject({ accepted: 0 });
});

test('what it has said in jobs that believe on evidence counts no more', () => {
  const { requester, standings, ask } = requesterOf();
  const [lease] = ask(anna, believing, 1);
  if (lease === undefined) throw new Error('no lease');
  const frame = { job: believing, replicas: [resultOf(lease)] };
  requester.handle(anna, { type: 'results', frame }, at(2));
  standings.catch(anna, 'lied');
  requester.refuse(anna, at(2));
  const [next] = ask(self, believing, 1);
  expect(next).toMatchObject({ to: self, chunk: lease.chunk });
});

/** What follows when Anna returns something else than this peer itself has computed. */
function caughtWith(comparison: ComparedBy) {
  const { requester, dice, ask } = requesterOf(comparison);
  const [own] = ask(self, believing, 1);
  if (own === undefined) throw new Error('no lease');
  const give = (peer: PeerId, lease: typeof own, number: number) => {
    const frame = { job: believing, replicas: [resultOf(lease, number)] };
    return requester.handle(peer, { type: 'results', frame }, at(2));
  };
  give(self, own, own.chunk);
  dice.throw(0, 0);
  const [check] = ask(anna, believing, 1);
  if (check === undefined) throw new Error('no spot-check');
  return { effects: give(anna, check, 99), chunk: own.chunk };
}

test('who is caught in an own job is to be accused of it, with what shows it', () => {
  const { effects, chunk } = caughtWith('digest');
  const expected = digestNumbered(chunk);
  const wrong = { peer: anna, chunk, digest: digestNumbered(99), expected };
  expect(ofType(effects, 'accuse')).toEqual([{ type: 'accuse', job: believing, wrong }]);
});

test('where the job itself compares, another digest is no evidence', () => {
  expect(ofType(caughtWith('equals').effects, 'accuse')).toEqual([]);
});
