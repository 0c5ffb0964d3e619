/** A volunteer whose stream to a requester is lost, and one that leaves. */

import { describe, expect, test } from 'vitest';

import { Awareness } from '../../../../src/protocol/awareness.ts';
import { CUT_MS_MAX } from '../../../../src/protocol/requester/grant.ts';
import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import { Volunteer } from '../../../../src/protocol/volunteer/volunteer.ts';
import {
  anna,
  digestNumbered,
  givenLimits,
  leasedChunks,
  offerOf,
  ofType,
  self,
  startUnixMs,
  valueOf,
} from '../../../support/protocol-fixtures.ts';
import {
  acknowledge,
  done,
  givenBack,
  job,
  leases,
  results,
  run,
  stopped,
  working,
} from '../../../support/protocol-volunteer.ts';

const chunks = leasedChunks(1, 3);
const holds = (...held: number[]) =>
  ({
    type: 'send-to-requester',
    to: anna,
    message: { type: 'hold', job, leases: held },
  }) as const;
const open = { type: 'open-work', requester: anna, addresses: ['anna:1'] } as const;

/** One of its three chunks runs. */
function cutAt(ms: number) {
  const { volunteer, book } = working(1);
  const [first] = volunteer.handle(anna, leases(chunks, job, 1_000_000), 1);
  expect(volunteer.requesterDown(anna, ms)).toEqual([]);
  return { volunteer, book, first };
}

describe('a cut', () => {
  test('lets what runs go on, and what came of it is the first word when it is over', () => {
    const { volunteer, first } = cutAt(100);
    expect(done(volunteer, first, 10, 500)).toEqual([]);
    expect(ofType(volunteer.tick(700), 'keep-unsent')).toMatchObject([
      { results: [{ requester: anna, addresses: ['anna:1'], replica: { lease: 1 } }] },
    ]);
    expect(volunteer.tick(1_100)).toEqual([open]);
    expect(volunteer.requesterUp(anna, 1_200)).toEqual([
      results(chunks.slice(0, 1)),
      holds(2, 3, 1),
      run(2, chunks.slice(1)),
      expect.objectContaining({ message: expect.objectContaining({ type: 'ask' }) }),
    ]);
    expect(volunteer.handle(anna, acknowledge(1), 1_300)).toEqual([
      { type: 'drop-unsent', requester: anna, job, leases: [1] },
    ]);
    expect(volunteer.unsent.size).toBe(0);
  });

  test('has results written that were sent and not acknowledged, and sends them again', () => {
    const { volunteer } = working(1);
    const [first] = volunteer.handle(anna, leases(chunks.slice(0, 1)), 1);
    expect(done(volunteer, first)).toContainEqual(results(chunks.slice(0, 1)));
    expect(volunteer.requesterDown(anna, 20).map(({ type }) => type)).toEqual(['keep-unsent']);
    expect(volunteer.tick(1_020)).toContainEqual(open);
    expect(volunteer.requesterUp(anna, 1_100)).toContainEqual(results(chunks.slice(0, 1)));
  });

  test('costs what waits in the queue after a while', () => {
    const { volunteer, first } = cutAt(100);
    volunteer.tick(100 + CUT_MS_MAX - 1);
    expect(volunteer.leasesHeld).toBe(3);
    volunteer.tick(100 + CUT_MS_MAX);
    expect([volunteer.leasesHeld, volunteer.chunksRunning]).toEqual([1, 1]);
    done(volunteer, first, 10, 40_000);
    expect([volunteer.leasesHeld, volunteer.unsent.get(anna)]).toEqual([0, 1]);
  });

  test('ends at once when its requester offers something anew', () => {
    const { volunteer, book, first } = cutAt(100);
    done(volunteer, first, 10, 500);
    for (const ms of [1_100, 3_100, 7_100]) {
      expect(volunteer.tick(ms)).toContainEqual(open);
      volunteer.requesterDown(anna, ms);
    }
    const ms = 10_000;
    expect(volunteer.tick(ms)).toEqual([]);
    const addresses = ['elsewhere:2'];
    const expiresAtMs = startUnixMs + 70_000;
    book.receive(offerOf({ sequence: 2, addresses, expiresAtMs }), startUnixMs);
    expect(ofType(volunteer.advance(ms), 'open-work')).toEqual([{ ...open, addresses }]);
  });
});

test('what an earlier process could not deliver is delivered, and the stream closed again', () => {
  const outcome = { type: 'result', digest: digestNumbered(1), value: valueOf(1) } as const;
  const replica = { lease: 1, chunk: 1, outcome, computeMs: 10 };
  const unsent = [{ requester: anna, addresses: ['anna:1'], job, replica }];
  const options = { self, slots: 1, limits: givenLimits, unsent };
  const volunteer = new Volunteer(options, new OfferBook(), new Awareness(), new Standings([]));
  expect(volunteer.dueAtMs).toBe(0);
  expect(volunteer.tick(1)).toEqual([open]);
  volunteer.requesterDown(anna, 100);
  expect(volunteer.tick(1_100)).toEqual([open]);
  expect(volunteer.requesterUp(anna, 1_200)).toEqual([results(leasedChunks(1, 1)), holds(1)]);
  expect(volunteer.handle(anna, { type: 'job-ended', job }, 1_300)).toEqual([
    { type: 'drop-unsent', requester: anna, job, leases: [1] },
    { type: 'close-work', requester: anna },
  ]);
});

describe('leaving', () => {
  test('gives back what waits at once, and what runs when its time is over', () => {
    const { volunteer } = working(1);
    const [first] = volunteer.handle(anna, leases(chunks), 1);
    expect(volunteer.leave(5_000, 100)).toEqual([givenBack(chunks.slice(1))]);
    expect(volunteer.tick(5_099)).toEqual([]);
    expect(volunteer.tick(5_100)).toEqual([{ type: 'stop-runs', runs: [1] }]);
    expect(stopped(volunteer, first, 5_110)).toEqual([
      givenBack(chunks.slice(0, 1)),
      { type: 'close-work', requester: anna },
      { type: 'drained' },
    ]);
  });

  test('waits for results to be acknowledged, and keeps them meanwhile', () => {
    const { volunteer } = working(1);
    const [first] = volunteer.handle(anna, leases(chunks.slice(0, 1)), 1);
    volunteer.leave(5_000, 5);
    expect(done(volunteer, first)).toEqual([results(chunks.slice(0, 1))]);
    expect(volunteer.isDrained).toBe(false);
    expect(volunteer.tick(300).map(({ type }) => type)).toEqual(['keep-unsent']);
    expect(volunteer.handle(anna, acknowledge(1), 400).map(({ type }) => type)).toEqual([
      'drop-unsent',
      'close-work',
      'drained',
    ]);
  });

  test('does not wait for who is away', () => {
    const { volunteer, first } = cutAt(100);
    volunteer.leave(5_000, 200);
    const effects = done(volunteer, first, 10, 300);
    expect(effects).toContainEqual({ type: 'drained' });
    expect(volunteer.stop(310).map(({ type }) => type)).toEqual(['keep-unsent']);
  });

  test('at once gives back even what runs', () => {
    const { volunteer } = working(1);
    volunteer.handle(anna, leases(chunks), 1);
    expect(volunteer.stop(2)).toEqual([givenBack([...chunks.slice(1), ...chunks.slice(0, 1)])]);
  });
});
