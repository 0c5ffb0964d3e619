/** A requester whose volunteers fall silent, and come back. */

import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import type { VolunteerMessage } from '../../../../src/model/messages.ts';
import { Awareness } from '../../../../src/protocol/awareness.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import { Requester } from '../../../../src/protocol/requester/requester.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import {
  anna,
  at,
  bert,
  cora,
  jobNumbered,
  ofType,
  resultOf,
  self,
  specOf,
} from '../../../support/protocol-fixtures.ts';

const job = jobNumbered(1);
const ask = (count: number): VolunteerMessage => ({ type: 'ask', job, count });
const results = (...leases: { lease: number; chunk: number }[]): VolunteerMessage => ({
  type: 'results',
  frame: { job, replicas: leases.map((lease) => resultOf(lease)) },
});
const ping = (to: PeerId, id: number): Effect => ({
  type: 'send-to-volunteer',
  to,
  message: { type: 'ping', id },
});
const closed = (volunteer: PeerId): Effect => ({ type: 'close-volunteer', volunteer });

/** A job of two chunks, whose leases Anna has; nobody doubts anybody unless told. */
function leasing(quorum = 1, wallMsMax = 60_000) {
  const requester = new Requester({
    self,
    addresses: () => ['here:1'],
    awareness: new Awareness(),
    standings: new Standings(),
    random: createRandom(1),
  });
  for (const peer of [anna, bert]) requester.volunteerUp(peer);
  const { limits } = specOf();
  requester.submit(job, specOf({ trust: { quorum }, limits: { ...limits, wallMsMax } }), 0);
  requester.addChunks(job, 2, at(0));
  requester.endSplit(job, at(0));
  requester.handle(anna, ask(2), at(0));
  return requester;
}

/** What the passing of time leads to, offers left out. */
function untilMs(requester: Requester, fromMs: number, toMs: number) {
  const seen: { ms: number; effect: Effect }[] = [];
  for (let ms = fromMs; ms <= toMs; ms += 500) {
    for (const effect of requester.tick(at(ms))) {
      if (effect.type !== 'sign-offer') seen.push({ ms, effect });
    }
  }
  return seen;
}

const leasedTo = (effects: readonly Effect[], peer: PeerId) =>
  ofType(effects, 'send-to-volunteer').flatMap(({ to, message }) =>
    to === peer && message.type === 'leases' ? message.chunks : [],
  );

describe('a volunteer that holds leases and falls silent', () => {
  test('is pinged, and then loses them to whoever asked, and its stream', () => {
    const requester = leasing();
    requester.handle(bert, ask(2), at(100));
    requester.handle(bert, { type: 'pong', id: 0 }, at(10_000));
    const seen = untilMs(requester, 500, 14_000);
    const leaseMs = 60_000 + 10_000 + 8 * (60_000 / 8);
    const chunks = [
      { lease: 3, chunk: 0 },
      { lease: 4, chunk: 1 },
    ];
    // Half of a fair share, and half of what is left.
    expect(seen).toEqual([
      { ms: 5_500, effect: ping(anna, 1) },
      { ms: 13_500, effect: closed(anna) },
      ...[chunks.slice(0, 1), chunks.slice(1)].map((each) => ({
        ms: 13_500,
        effect: {
          type: 'send-to-volunteer',
          to: bert,
          message: { type: 'leases', job, leaseMs, chunks: each },
        },
      })),
    ]);
    expect(requester.volunteers).toEqual(new Set([bert]));
  });

  test('keeps them while it answers, however long its chunks take', () => {
    const requester = leasing();
    for (let fromMs = 500; fromMs < 60_000; fromMs += 2_000) {
      for (const { ms, effect } of untilMs(requester, fromMs, fromMs + 1_500)) {
        if (effect.type !== 'send-to-volunteer' || effect.message.type !== 'ping') {
          throw new Error(`a ${effect.type}`);
        }
        const { id } = effect.message;
        expect(requester.handle(anna, { type: 'pong', id }, at(ms + 3_000))).toEqual([]);
      }
    }
    expect(requester.volunteers).toEqual(new Set([anna, bert]));
  });

  test('shares nothing with another one that fell silent at the same time', () => {
    const requester = leasing();
    requester.volunteerUp(cora);
    // Bert has one lease, and would take more.
    requester.addChunks(job, 1, at(0));
    requester.handle(bert, ask(5), at(0));
    requester.handle(cora, ask(5), at(13_000));
    const seen = untilMs(requester, 500, 13_500).map(({ effect }) => effect);
    expect(seen.slice(0, 4)).toEqual([ping(anna, 1), ping(bert, 2), closed(anna), closed(bert)]);
    expect(leasedTo(seen, bert)).toEqual([]);
    expect(leasedTo(seen, cora).map(({ chunk }) => chunk)).toEqual([0, 1, 2]);
  });

  test('is given twice the time after it came back', () => {
    const requester = leasing();
    untilMs(requester, 500, 13_500);
    expect(requester.volunteers).toEqual(new Set([bert]));
    requester.volunteerUp(anna);
    requester.handle(anna, ask(2), at(20_000));
    const seen = untilMs(requester, 20_500, 60_000).map(({ ms, effect: { type } }) => [ms, type]);
    expect(seen).toContainEqual([25_500, 'send-to-volunteer']);
    expect(seen).toContainEqual([41_500, 'close-volunteer']);
  });
});

describe('what a volunteer that was given up sends later', () => {
  test('is nothing while it has no stream', () => {
    const requester = leasing();
    untilMs(requester, 500, 13_500);
    expect(requester.handle(anna, results({ lease: 1, chunk: 0 }), at(14_000))).toEqual([]);
    expect(requester.volunteerDown(anna, at(14_000))).toEqual([]);
  });

  test('counts when it is back, and what it still has is kept for it', () => {
    const requester = leasing(2);
    untilMs(requester, 500, 13_500);
    requester.volunteerUp(anna);
    expect(requester.handle(anna, results({ lease: 1, chunk: 0 }), at(14_000))).toEqual([
      acknowledge(1),
    ]);
    expect(requester.handle(anna, { type: 'hold', job, leases: [1, 2] }, at(14_100))).toEqual([
      revoke(1),
    ]);
    expect(leasedTo(requester.handle(anna, ask(1), at(14_200)), anna)).toEqual([]);
    const others = leasedTo(requester.handle(bert, ask(2), at(14_300)), bert);
    expect(new Set(others.map(({ chunk }) => chunk))).toEqual(new Set([0, 1]));
    const stored = requester.handle(bert, results(...others), at(14_400));
    expect(stored[0]).toMatchObject({ type: 'store-results', results: [{ chunk: 0 }] });
    expect(requester.handle(anna, results({ lease: 2, chunk: 1 }), at(60_000))[0]).toMatchObject({
      type: 'store-results',
      results: [{ chunk: 1 }],
    });
  });

  test('counts for nothing once it has asked again without a word of what it had', () => {
    const requester = leasing(2);
    untilMs(requester, 500, 13_500);
    requester.volunteerUp(anna);
    const anew = leasedTo(requester.handle(anna, ask(2), at(14_000)), anna);
    expect(anew).toEqual([
      { lease: 3, chunk: 0 },
      { lease: 4, chunk: 1 },
    ]);
    expect(requester.handle(anna, results({ lease: 1, chunk: 0 }), at(14_100))).toEqual([
      acknowledge(1),
    ]);
    const others = leasedTo(requester.handle(bert, ask(2), at(14_200)), bert);
    const stored = requester.handle(bert, results(...others), at(14_300));
    expect(ofType(stored, 'store-results')).toEqual([]);
  });

  test('counts as late when it comes after its time, and its chunk is open', () => {
    const requester = leasing(2);
    untilMs(requester, 500, 34_000);
    expect(requester.job(job)?.table.leases.held(anna)).toBe(0);
    requester.volunteerUp(anna);
    requester.handle(anna, results({ lease: 1, chunk: 0 }), at(44_000));
    const others = leasedTo(requester.handle(bert, ask(2), at(44_100)), bert);
    const stored = requester.handle(bert, results(...others), at(44_200));
    expect(ofType(stored, 'store-results')).toMatchObject([{ results: [{ chunk: 0 }] }]);
  });
});

const acknowledge = (...leases: number[]): Effect => ({
  type: 'send-to-volunteer',
  to: anna,
  message: { type: 'acknowledge', job, leases },
});

const revoke = (...leases: number[]): Effect => ({
  type: 'send-to-volunteer',
  to: anna,
  message: { type: 'revoke', job, leases },
});

describe('a volunteer whose stream breaks', () => {
  const chunksOf = (effects: readonly Effect[], to: PeerId): number[] =>
    leasedTo(effects, to).map(({ chunk }) => chunk);

  test('holds nobody up: with nothing else to lease, its chunks go to who is idle at once', () => {
    const requester = leasing();
    requester.volunteerDown(anna, at(100));
    expect(requester.job(job)?.table.replicasOpen).toBe(2);
    expect(chunksOf(requester.handle(bert, ask(1), at(101)), bert)).toEqual([0]);
    expect(chunksOf(requester.handle(bert, ask(5), at(102)), bert)).toEqual([1]);
    expect(requester.job(job)?.table.replicasOpen).toBe(0);
    // It has computed one all the same, and was first.
    requester.volunteerUp(anna);
    const stored = requester.handle(anna, results({ lease: 1, chunk: 0 }), at(500));
    expect(ofType(stored, 'store-results')).toMatchObject([{ results: [{ chunk: 0 }] }]);
  });

  test('keeps its chunks while there are others', () => {
    const requester = leasing();
    requester.addChunks(job, 2, at(50));
    requester.volunteerDown(anna, at(100));
    expect(chunksOf(requester.handle(bert, ask(2), at(101)), bert)).toEqual([2, 3]);
  });

  test('and that gave back what it held leaves nothing to be kept', () => {
    const requester = leasing(2);
    const back = { outcome: { type: 'returned' }, computeMs: 0 } as const;
    const replicas = [0, 1].map((chunk) => Object.assign({ lease: chunk + 1, chunk }, back));
    requester.handle(anna, { type: 'results', frame: { job, replicas } }, at(50));
    requester.volunteerDown(anna, at(100));
    expect(requester.job(job)?.table.leases.isAway(anna)).toBe(false);
  });
});

describe('pings', () => {
  test('of volunteers are answered at once', () => {
    expect(leasing().handle(bert, { type: 'ping', id: 7 }, at(1))).toEqual([
      { type: 'send-to-volunteer', to: bert, message: { type: 'pong', id: 7 } },
    ]);
  });

  test('of strangers are not answered', () => {
    expect(leasing().handle(cora, { type: 'ping', id: 7 }, at(1))).toEqual([]);
  });

  test('go to nobody without leases', () => {
    const requester = leasing();
    requester.handle(bert, ask(5), at(0));
    requester.handle(anna, results({ lease: 1, chunk: 0 }, { lease: 2, chunk: 1 }), at(10));
    expect(untilMs(requester, 500, 60_000)).toEqual([]);
  });

  test('don’t go to this very peer', () => {
    const requester = leasing();
    requester.volunteerDown(anna, at(0));
    requester.volunteerUp(self);
    expect(leasedTo(requester.handle(self, ask(1), at(10)), self)).toHaveLength(1);
    expect(untilMs(requester, 500, 60_000)).toEqual([]);
  });
});
