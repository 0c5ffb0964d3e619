import { describe, expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { JobId, PeerId } from '../../../../src/model/ids.ts';
import type { JobSpec } from '../../../../src/model/job.ts';
import type { VolunteerMessage } from '../../../../src/model/messages.ts';
import type { Offer } from '../../../../src/model/offer.ts';
import type { Lease } from '../../../../src/model/replica.ts';
import { Awareness } from '../../../../src/protocol/awareness.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { OriginRates } from '../../../../src/protocol/overlay/origin-rates.ts';
import type { EndedJob } from '../../../../src/protocol/requester/owed-receipts.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import { Requester } from '../../../../src/protocol/requester/requester.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import {
  anna,
  contributionOf,
  at,
  bert,
  cora,
  jobNumbered,
  offerOf,
  ofType,
  receiptOf,
  resultOf,
  self,
  specOf,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';

const job = jobNumbered(1);
const addresses = ['here:1'];

function requesterWith(...volunteers: PeerId[]): Requester {
  return requesterAfter([], ...volunteers);
}

function requesterAfter(ended: readonly EndedJob[], ...volunteers: PeerId[]): Requester {
  const requester = new Requester({
    self,
    addresses: () => addresses,
    awareness: new Awareness(),
    standings: new Standings(),
    random: createRandom(1),
    ended,
  });
  for (const peer of volunteers) requester.volunteerUp(peer);
  return requester;
}

/** A job whose split has ended, and what followed. */
function submit(
  requester: Requester,
  chunks: number,
  ms = 0,
  id: JobId = job,
  changes: Partial<JobSpec> = { trust: { quorum: 1 } },
): Effect[] {
  requester.submit(id, specOf(changes), ms);
  return [...requester.addChunks(id, chunks, at(ms)), ...requester.endSplit(id, at(ms))];
}

const ask = (count: number, of = job): VolunteerMessage => ({ type: 'ask', job: of, count });
const ended = (to: PeerId, of = job): Effect => ({
  type: 'send-to-volunteer',
  to,
  message: { type: 'job-ended', job: of },
});
const offers = (effects: readonly Effect[]): Offer[] =>
  ofType(effects, 'sign-offer').map(({ offer }) => offer);
const signed = (changes: Partial<Offer>): Effect => {
  const offer = { ...offerOf({ requester: self, addresses }).offer, ...changes };
  return { type: 'sign-offer', offer };
};

describe('offers', () => {
  test('the first chunks are offered at once, with how many replicas are open', () => {
    const effects = submit(requesterWith(), 10, 500, job, { trust: { quorum: 3 } });
    expect(effects).toEqual([
      signed({ sequence: 1, replicasOpen: 30, expiresAtMs: startUnixMs + 60_500 }),
    ]);
  });

  test('a job without chunks is not offered', () => {
    const requester = requesterWith();
    requester.submit(job, specOf(), 0);
    expect(requester.tick(at(30_000))).toEqual([]);
    expect(requester.dueAtMs).toBe(Infinity);
  });

  test('an offer is refreshed three times in its life', () => {
    const requester = requesterWith();
    submit(requester, 10);
    expect(requester.dueAtMs).toBe(20_000);
    expect(requester.tick(at(19_999))).toEqual([]);
    expect(requester.tick(at(20_000))).toEqual([
      signed({ sequence: 2, replicasOpen: 10, expiresAtMs: startUnixMs + 80_000 }),
    ]);
    expect(requester.dueAtMs).toBe(40_000);
  });

  test('chunks that come in quick succession make no flood of offers', () => {
    const requester = requesterWith();
    requester.submit(job, specOf(), 0);
    const effects: Effect[] = [];
    for (let ms = 0; ms < 3_000; ms += 10) effects.push(...requester.addChunks(job, 5, at(ms)));
    expect(offers(effects).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test('that nothing is left to lease is told after a second, and that there is again', () => {
    const requester = requesterWith(anna);
    submit(requester, 2);
    expect(offers(requester.handle(anna, ask(2), at(10)))).toEqual([]);
    const none = offers(requester.tick(at(1_000)));
    expect(none).toMatchObject([{ sequence: 2, replicasOpen: 0, closed: false }]);
    expect(offers(requester.tick(at(2_500)))).toEqual([]);
    const again = offers(requester.volunteerDown(anna, at(3_000)));
    expect(again).toMatchObject([{ sequence: 3, replicasOpen: 2 }]);
  });

  test('a change that came too soon to be told is told when its second is over', () => {
    const requester = requesterWith(anna);
    submit(requester, 2);
    requester.handle(anna, ask(2), at(10));
    requester.tick(at(1_000.3));
    expect(offers(requester.volunteerDown(anna, at(1_100)))).toEqual([]);
    expect(offers(requester.tick(at(1_500.3)))).toEqual([]);
    expect(requester.dueAtMs).toBe(2_000.3);
    expect(offers(requester.tick(at(2_000.3)))).toMatchObject([{ sequence: 3, replicasOpen: 2 }]);
  });

  test('a job that ends is offered once more, as closed, and its volunteers are told', () => {
    const requester = requesterWith(anna, bert);
    submit(requester, 2);
    expect(requester.end(job, at(5_000))).toEqual([
      ended(anna),
      ended(bert),
      signed({ sequence: 2, replicasOpen: 0, closed: true, expiresAtMs: startUnixMs + 65_000 }),
    ]);
    expect(requester.jobs).toEqual([]);
    expect(requester.end(job, at(5_001))).toEqual([]);
    expect(requester.dueAtMs).toBe(Infinity);
  });

  test('a job that was never offered ends without an offer', () => {
    const requester = requesterWith(anna);
    requester.submit(job, specOf(), 0);
    expect(requester.end(job, at(1))).toEqual([ended(anna)]);
  });

  test('a job whose chunks are all accepted is offered no more, and closed in the end', () => {
    const requester = requesterWith(anna);
    submit(requester, 1);
    requester.handle(anna, ask(1), at(10));
    const frame = { job, replicas: [resultOf({ lease: 1, chunk: 0 })] };
    const effects = requester.handle(anna, { type: 'results', frame }, at(20));
    expect(effects.map(({ type }) => type)).toEqual([
      'store-results',
      'send-to-volunteer',
      'all-accepted',
    ]);
    expect(requester.tick(at(50_000))).toEqual([]);
    expect(requester.dueAtMs).toBe(Infinity);
    expect(offers(requester.end(job, at(50_001)))).toMatchObject([{ closed: true }]);
  });

  test('busy jobs are offered no faster than others take it, and the rest is not forgotten', () => {
    const requester = requesterWith(anna);
    const rates = new OriginRates();
    const jobs = Array.from({ length: 64 }, (_, number) => jobNumbered(number));
    const made = jobs.flatMap((id) => offers(submit(requester, 1, 0, id)));
    for (let ms = 1_000; ms <= 60_000; ms += 1_000) {
      // Each has something to lease in one second, and nothing in the next.
      if (ms % 2_000 === 0) made.push(...offers(requester.volunteerDown(anna, at(ms))));
      else requester.volunteerUp(anna);
      for (const id of jobs) made.push(...offers(requester.handle(anna, ask(1, id), at(ms))));
      made.push(...offers(requester.tick(at(ms))));
      expect(requester.dueAtMs).toBeGreaterThan(ms);
    }
    for (const id of jobs) made.push(...offers(requester.end(id, at(61_000))));
    const lost = made.filter(({ requester: origin, expiresAtMs }) => {
      const sentAtMs = expiresAtMs - 60_000 - startUnixMs;
      if (!rates.allows(origin, sentAtMs)) return true;
      rates.spend(origin, sentAtMs);
      return false;
    });
    expect(lost).toEqual([]);
    for (const id of jobs) {
      const times = made.filter(({ job: of }) => of === id).map(({ expiresAtMs }) => expiresAtMs);
      const gapsMs = times.map((ms, index) => (times[index + 1] ?? ms) - ms);
      expect(Math.max(...gapsMs)).toBeLessThan(30_000);
    }
  });

  test('more jobs than others listen to wait until one has ended', () => {
    const requester = requesterWith();
    const many = limits.offersPerRequesterMax;
    const first = Array.from({ length: many }, (_, number) =>
      offers(submit(requester, 1, 0, jobNumbered(number))),
    );
    expect(first.flat()).toHaveLength(many);
    expect(offers(submit(requester, 1, 0, jobNumbered(many)))).toEqual([]);
    expect(offers(requester.tick(at(1_000)))).toEqual([]);
    expect(requester.dueAtMs).toBeGreaterThan(1_000);
    requester.end(jobNumbered(0), at(1_500));
    expect(offers(requester.tick(at(2_000)))).toMatchObject([{ job: jobNumbered(many) }]);
  });
});

describe('receipts', () => {
  const thanked = (to: PeerId, chunks: number, ms: number): Effect => {
    const computeSeconds = chunks * 0.01;
    const { receipt } = receiptOf({ requester: self, peer: to, chunks, computeSeconds });
    const message = {
      type: 'receipt',
      receipt: { ...receipt, issuedAtMs: at(ms).unixMs },
    } as const;
    return { type: 'send-to-volunteer', to, message };
  };
  const returned = (requester: Requester, peer: PeerId, ...leases: Lease[]): void => {
    requester.handle(peer, ask(leases.length), at(10));
    const frame = { job, replicas: leases.map((lease) => resultOf(lease)) };
    requester.handle(peer, { type: 'results', frame }, at(20));
  };
  const told = (effects: readonly Effect[]): Effect[] => ofType(effects, 'send-to-volunteer');

  test('who has done accepted work gets one before the end is told, and nobody else', () => {
    const requester = requesterWith(anna, bert, cora);
    submit(requester, 3);
    returned(requester, anna, { lease: 1, chunk: 0 }, { lease: 2, chunk: 1 });
    returned(requester, cora, { lease: 3, chunk: 2 });
    expect(told(requester.end(job, at(30)))).toEqual([
      thanked(anna, 2, 30),
      ended(anna),
      ended(bert),
      thanked(cora, 1, 30),
      ended(cora),
    ]);
  });

  test('a job that ends early gives them for what was accepted of it', () => {
    const requester = requesterWith(anna);
    submit(requester, 5);
    returned(requester, anna, { lease: 1, chunk: 0 });
    expect(told(requester.end(job, at(30)))).toEqual([thanked(anna, 1, 30), ended(anna)]);
  });

  test('a peer gives none to itself', () => {
    const requester = requesterWith(self);
    submit(requester, 1);
    returned(requester, self, { lease: 1, chunk: 0 });
    expect(told(requester.end(job, at(30)))).toEqual([ended(self)]);
  });

  test('who was away and delivers a result then gets it before it hears of the end', () => {
    const requester = requesterWith(anna);
    submit(requester, 2);
    returned(requester, anna, { lease: 1, chunk: 0 });
    requester.volunteerDown(anna, at(20));
    requester.end(job, at(30));
    requester.volunteerUp(anna);
    const frame = { job, replicas: [resultOf({ lease: 2, chunk: 1 })] };
    expect(requester.handle(anna, { type: 'results', frame }, at(40))).toEqual([
      thanked(anna, 1, 40),
      ended(anna),
    ]);
    const hold = { type: 'hold', job, leases: [] } as const;
    for (let times = 0; times < 3; times++) {
      expect(requester.handle(anna, hold, at(41))).toEqual([ended(anna)]);
    }
  });

  test('who was away at the end gets one when it is here again and asks, and nobody else', () => {
    const requester = requesterWith(anna);
    submit(requester, 1);
    returned(requester, anna, { lease: 1, chunk: 0 });
    requester.volunteerDown(anna, at(25));
    expect(told(requester.end(job, at(30)))).toEqual([]);
    for (const peer of [anna, bert]) requester.volunteerUp(peer);
    const hold = { type: 'hold', job, leases: [] } as const;
    expect(requester.handle(anna, hold, at(40))).toEqual([thanked(anna, 1, 40), ended(anna)]);
    expect(requester.handle(bert, hold, at(40))).toEqual([ended(bert)]);
  });

  test('what was on its way when it was given is answered with the end alone', () => {
    const requester = requesterWith(anna);
    submit(requester, 1);
    returned(requester, anna, { lease: 1, chunk: 0 });
    requester.end(job, at(30));
    expect(requester.handle(anna, ask(1), at(31))).toEqual([ended(anna)]);
  });

  test('those of an earlier process are given by this one', () => {
    const contributions = [contributionOf(anna, { accepted: 3, computeSeconds: 0.03 })];
    const past = { job, spec: specOf(), contributions, endedAtMs: startUnixMs };
    const requester = requesterAfter([past], anna);
    const hold = { type: 'hold', job, leases: [7] } as const;
    expect(requester.handle(anna, hold, at(40))).toEqual([thanked(anna, 3, 40), ended(anna)]);
  });
});

describe('volunteers', () => {
  test('what is said of a job that is not there is answered with its end', () => {
    const requester = requesterWith(anna);
    expect(requester.handle(anna, ask(1), at(0))).toEqual([ended(anna)]);
    const frame = { job, replicas: [resultOf({ lease: 1, chunk: 0 })] };
    expect(requester.handle(anna, { type: 'results', frame }, at(0))).toEqual([ended(anna)]);
  });

  test('who has no stream is not answered', () => {
    const requester = requesterWith();
    submit(requester, 1);
    expect(requester.handle(anna, ask(1), at(0))).toEqual([]);
  });

  test('an ask is served when chunks appear', () => {
    const requester = requesterWith(anna);
    requester.submit(job, specOf(), 0);
    expect(requester.handle(anna, ask(3), at(0))).toEqual([]);
    const effects = requester.addChunks(job, 2, at(5));
    expect(effects.map(({ type }) => type)).toEqual(['send-to-volunteer', 'sign-offer']);
    expect(effects[0]).toMatchObject({ to: anna, message: { type: 'leases' } });
  });

  test('the chunks that are open of all jobs are bounded, and none has to wait for others', () => {
    const requester = requesterWith(anna);
    const { leasesHeldMax, openChunksMax, openChunksEachMin } = limits;
    const other = jobNumbered(2);
    for (const id of [job, other]) {
      submit(requester, 2 * openChunksMax, 0, id, { trust: { quorum: 2 } });
    }
    for (let turn = 0; turn <= openChunksMax / leasesHeldMax; turn++) voteOnMore(job);
    expect(requester.job(job)?.table.open).toBe(openChunksMax);
    voteOnMore(other);
    expect(requester.job(other)?.table.open).toBe(openChunksEachMin);
    requester.end(job, at(9));
    voteOnMore(other);
    expect(requester.job(other)?.table.open).toBe(openChunksEachMin + leasesHeldMax);

    function voteOnMore(of: JobId): void {
      const effects = requester.handle(anna, ask(leasesHeldMax, of), at(1));
      const leases = ofType(effects, 'send-to-volunteer').flatMap(({ message }) =>
        message.type === 'leases' ? message.chunks : [],
      );
      const frame = { job: of, replicas: leases.map((lease) => resultOf(lease)) };
      requester.handle(anna, { type: 'results', frame }, at(2));
    }
  });

  test('what a volunteer held when it went away is leased to those who ask', () => {
    const requester = requesterWith(anna, bert);
    submit(requester, 2);
    requester.handle(anna, ask(2), at(10));
    expect(requester.handle(bert, ask(2), at(10))).toEqual([]);
    const effects = requester.volunteerDown(anna, at(20));
    const chunks = ofType(effects, 'send-to-volunteer').flatMap(({ to, message }) =>
      to === bert && message.type === 'leases' ? message.chunks.map(({ chunk }) => chunk) : [],
    );
    expect(chunks).toEqual([0, 1]);
    expect(requester.volunteers).toEqual(new Set([bert]));
  });

  test('totals go on over the jobs', () => {
    const requester = requesterWith(anna);
    for (const number of [1, 2]) {
      const id = jobNumbered(number);
      submit(requester, 1, 0, id);
      requester.handle(anna, ask(1, id), at(10));
      const frame = { job: id, replicas: [resultOf({ lease: 1, chunk: 0 })] };
      requester.handle(anna, { type: 'results', frame }, at(20));
      requester.end(id, at(30));
    }
    expect(requester.totals).toMatchObject({ leased: 2, returned: 2, chunksAccepted: 2 });
  });

  test('what is said of a job that is no more is nothing', () => {
    const requester = requesterWith(anna);
    expect(requester.addChunks(job, 1, at(0))).toEqual([]);
    expect(requester.endSplit(job, at(0))).toEqual([]);
    expect(requester.job(job)).toBeUndefined();
  });
});
