/** A volunteer with leases that it can't run, whoever's fault that is: they are in nobody's way. */

import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import type { Offer } from '../../../../src/model/offer.ts';
import type { LeasedChunk } from '../../../../src/model/replica.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import type { Volunteer } from '../../../../src/protocol/volunteer/volunteer.ts';
import {
  anna,
  bert,
  cora,
  digestNumbered,
  jobNumbered,
  leasedChunks,
  offerOf,
  ofType,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';
import {
  acknowledge,
  givenBack,
  job,
  leases,
  program,
  volunteerWith,
  working,
} from '../../../support/protocol-volunteer.ts';

const berts = jobNumbered(2);
const fromBert = { requester: bert, job: berts, addresses: ['bert:1'] };
const unloaded = digestNumbered(0xbad);

const asks = (effects: readonly Effect[], to: PeerId) =>
  ofType(effects, 'send-to-requester').filter(
    (effect) => effect.to === to && effect.message.type === 'ask',
  );

type Seen = { readonly ms: number; readonly effect: Effect };

/** Every second, as somebody who answers each ping at once, and says nothing else. */
function watched(volunteer: Volunteer, fromMs: number, untilMs: number) {
  const seen: Seen[] = [];
  for (let ms = fromMs; ms <= untilMs; ms += 1_000) {
    for (const effect of volunteer.tick(ms)) {
      seen.push({ ms, effect });
      if (effect.type !== 'send-to-requester' || effect.message.type !== 'ping') continue;
      volunteer.handle(effect.to, { type: 'pong', id: effect.message.id }, ms);
    }
  }
  return seen;
}

/** How many leases went back uncomputed, and when. */
function givenBackIn(seen: readonly Seen[]) {
  return seen.flatMap(({ ms, effect }) => {
    if (effect.type !== 'send-to-requester' || effect.message.type !== 'results') return [];
    const { replicas } = effect.message.frame;
    const count = replicas.filter(({ outcome }) => outcome.type === 'returned').length;
    return count === 0 ? [] : [{ ms, count }];
  });
}

/** @param from the number of the first */
function jobsFrom(from: number, count: number, requester: PeerId, more: Partial<Offer> = {}) {
  return Array.from({ length: count }, (_, index): Partial<Offer> => ({
    requester,
    job: jobNumbered(from + index),
    ...more,
  }));
}

const MIB = 2 ** 20;

/** Results of 1 MiB. */
function large(volunteer: Volunteer, run: number, chunks: readonly LeasedChunk[], nowMs: number) {
  const outcomes = chunks.map(({ chunk }) => ({
    outcome: { type: 'result', digest: digestNumbered(chunk), value: new Uint8Array(MIB) } as const,
    computeMs: 20,
  }));
  return volunteer.runDone({ type: 'run-done', run, outcomes }, nowMs);
}

/** Anna gives whatever is asked for and acknowledges nothing, until nothing more is run for her. */
function fullOfAnna() {
  const { volunteer, book, effects } = working(1);
  const open = [...effects];
  let last = 0;
  for (let effect = open.shift(); effect !== undefined; effect = open.shift()) {
    if (effect.type === 'run') open.push(...large(volunteer, effect.run, effect.chunks, 10));
    if (effect.type !== 'send-to-requester' || effect.message.type !== 'ask') continue;
    const chunks = leasedChunks(last + 1, effect.message.count);
    last += chunks.length;
    open.push(...volunteer.handle(anna, leases(chunks, job, 3_600_000), 10));
  }
  expect([volunteer.chunksRunning, volunteer.leasesQueued > 0]).toEqual([0, true]);
  return { volunteer, book };
}

describe('who acknowledges nothing', () => {
  test('gets nothing more computed, while others are asked', () => {
    const { volunteer, book } = fullOfAnna();
    expect(volunteer.unsent.get(anna)).toBeGreaterThanOrEqual(16);
    book.receive(offerOf(fromBert), startUnixMs);
    volunteer.advance(20);
    volunteer.requesterUp(bert, 20);
    const effects = volunteer.programReady(program, 20);
    expect([asks(effects, bert).length, asks(effects, anna).length]).toEqual([1, 0]);
  });

  test('and has the only job costs no time: nothing is due but its pings', () => {
    const { volunteer } = fullOfAnna();
    volunteer.tick(1_000);
    expect(volunteer.dueAtMs).toBe(10_000);
  });

  test('and does so after all gets all that was computed counted, and goes on', () => {
    const { volunteer } = fullOfAnna();
    watched(volunteer, 1_000, 30_000);
    const held = volunteer.leasesHeld;
    const all = Array.from({ length: 1_000 }, (_, index) => index + 1);
    const effects = volunteer.handle(anna, acknowledge(...all), 30_001);
    expect(ofType(effects, 'run').length).toBeGreaterThan(0);
    expect([volunteer.unsent.size, volunteer.leasesHeld]).toEqual([0, held]);
  });

  test('keeps nobody from finishing: leases go back soon, and results are kept', () => {
    const { volunteer } = fullOfAnna();
    const queued = volunteer.leasesQueued;
    const owed = volunteer.unsent.get(anna);
    const [kept] = ofType(volunteer.finish(1_000), 'keep-unsent');
    expect(kept?.results).toHaveLength(owed ?? 0);
    const seen = watched(volunteer, 1_000, 100_000);
    expect(givenBackIn(seen)).toEqual([{ ms: 11_000, count: queued }]);
    const drained = seen.find(({ effect }) => effect.type === 'drained');
    // 10 s until the leases go back, and 60 s for the results.
    expect([drained?.ms, volunteer.unsent.get(anna)]).toEqual([71_000, owed]);
  });

  test('is not waited for who acknowledges one result in a while, or none in many words', () => {
    const { volunteer } = fullOfAnna();
    volunteer.finish(1_000);
    let drainedAtMs = Infinity;
    for (let ms = 1_000; ms <= 100_000; ms += 1_000) {
      const effects = [
        ...volunteer.handle(anna, acknowledge(), ms),
        ...volunteer.handle(anna, acknowledge(Math.floor(ms / 10_000)), ms),
        ...volunteer.tick(ms),
      ];
      if (ofType(effects, 'drained').length > 0) drainedAtMs = Math.min(drainedAtMs, ms);
    }
    expect(drainedAtMs).toBeLessThanOrEqual(90_000);
  });
});

describe('leases of a job whose program is not there', () => {
  test('are given back at once: they can’t have been asked for', () => {
    const { volunteer } = volunteerWith(1, { program: unloaded });
    volunteer.advance(0);
    volunteer.requesterUp(anna, 0);
    const chunks = leasedChunks(1, 10);
    expect(volunteer.handle(anna, leases(chunks), 1)).toEqual([givenBack(chunks)]);
    expect(volunteer.leasesHeld).toBe(0);
  });
});

describe('when all places are taken', () => {
  test('by one whose jobs come to nothing, another comes before its own others', () => {
    const jobs = jobsFrom(10, 20, anna, { program: unloaded });
    const { volunteer, book } = volunteerWith(1, ...jobs);
    volunteer.advance(0);
    volunteer.requesterUp(anna, 0);
    book.receive(offerOf(fromBert), startUnixMs);
    const opened = watched(volunteer, 0, 12_000).filter(
      ({ effect }) => effect.type === 'open-work' && effect.requester === bert,
    );
    expect(opened.map(({ ms }) => ms)).toEqual([11_000]);
  });

  test('the one that makes room gives back what waits', () => {
    const { volunteer, book } = fullOfAnna();
    const queued = volunteer.leasesQueued;
    for (const each of jobsFrom(10, 7, cora)) book.receive(offerOf(each), startUnixMs);
    book.receive(offerOf(fromBert), startUnixMs);
    const seen = watched(volunteer, 1_000, 60_000);
    expect(givenBackIn(seen)).toEqual([{ ms: 11_000, count: queued }]);
    expect([volunteer.leasesHeld, volunteer.requesters]).toEqual([0, [anna]]);
  });
});

test('a requester that vanishes leaves its place at hand to others at once', () => {
  const { volunteer, book } = working(1);
  book.receive(offerOf(fromBert), startUnixMs);
  volunteer.advance(0);
  volunteer.requesterUp(bert, 0);
  volunteer.programReady(program, 0);
  volunteer.handle(anna, leases(leasedChunks(1, 3), job, 100_000), 1);
  const effects = volunteer.requesterDown(anna, 100);
  expect([asks(effects, bert).length, volunteer.leasesHeld]).toEqual([1, 3]);
});
