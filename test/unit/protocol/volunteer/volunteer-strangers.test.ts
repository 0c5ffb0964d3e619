/** A volunteer among requesters who mean it harm, or each other. */

import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import type { Unsent } from '../../../../src/model/unsent.ts';
import { Awareness } from '../../../../src/protocol/awareness.ts';
import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import { Volunteer } from '../../../../src/protocol/volunteer/volunteer.ts';
import {
  anna,
  bert,
  cora,
  digestNumbered,
  givenLimits,
  leasedChunks,
  offerOf,
  ofType,
  self,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';
import {
  acknowledge,
  asked,
  done,
  ended,
  givenBack,
  job,
  leases,
  program,
  working,
} from '../../../support/protocol-volunteer.ts';

test('a stranger that ends its job of the same name stops its own runs and no others', () => {
  const { volunteer } = working(2, { requester: bert });
  volunteer.requesterUp(bert, 0);
  volunteer.handle(anna, leases(leasedChunks(1, 1)), 1);
  expect(volunteer.tick(500)).toContainEqual(asked(5, bert));
  volunteer.handle(bert, leases(leasedChunks(2, 1)), 501);
  expect(volunteer.chunksRunning).toBe(2);
  const over = { type: 'job-ended', job } as const;
  const stops = [bert, anna].map((peer) => ofType(volunteer.handle(peer, over, 502), 'stop-runs'));
  expect(stops).toEqual([[{ type: 'stop-runs', runs: [2] }], [{ type: 'stop-runs', runs: [1] }]]);
});

test('inputs larger than was foreseen are held up to a bound, the rest given back', () => {
  const { volunteer } = working(1);
  const input = new Uint8Array(2 ** 20);
  const flood = (first: number) =>
    leasedChunks(first, 30).map((chunk) => Object.assign(chunk, { input }));
  // It has computed small inputs, many of them in no time.
  const [quick] = ofType(volunteer.handle(anna, leases(leasedChunks(1, 1)), 1), 'run');
  done(volunteer, quick, 1);
  const [one, two] = [flood(11), flood(41)];
  const [first] = ofType(volunteer.handle(anna, leases(one), 11), 'run');
  expect(volunteer.handle(anna, leases(two), 11)).toContainEqual(givenBack(two.slice(2)));
  expect(volunteer.leasesHeld).toBe(32);
  // What was computed, revoked or has expired makes room again: the 25 of a run, and two.
  done(volunteer, first, 60_000, 12);
  volunteer.handle(anna, { type: 'revoke', job, leases: [41, 42] }, 13);
  const more = flood(81);
  expect(volunteer.handle(anna, leases(more), 13)).toContainEqual(givenBack(more.slice(27)));
});

/** Computes Anna's job and Bert's, and there are some who owe results of so many MiB. */
function amongOwing(valuesMiB: readonly (readonly [PeerId, number])[]) {
  const unsent = valuesMiB.map(([requester, MiB], index): Unsent => {
    const value = new Uint8Array(MiB * 2 ** 20);
    const outcome = { type: 'result', digest: digestNumbered(1), value } as const;
    const replica = { lease: index, chunk: index, outcome, computeMs: 1 };
    return { requester, addresses: ['there:1'], job, replica };
  });
  const book = new OfferBook();
  for (const requester of [anna, bert]) book.receive(offerOf({ requester }), startUnixMs);
  const options = { self, slots: 1, limits: givenLimits, unsent };
  const volunteer = new Volunteer(options, book, new Awareness(), new Standings());
  for (const requester of new Set(valuesMiB.map(([peer]) => peer))) {
    volunteer.requesterUp(requester, 0);
  }
  volunteer.requesterUp(anna, 0);
  volunteer.programReady(program, 0);
  return volunteer;
}

test('who owes too much for the memory here is cut off, and others are computed for', () => {
  // 352 MiB: as much as may be, and what results have beside their values.
  const volunteer = amongOwing(Array.from({ length: 22 }, () => [bert, 16] as const));
  const [run] = ofType(volunteer.handle(anna, leases(leasedChunks(1, 2)), 1), 'run');
  const effects = done(volunteer, run, 1);
  expect(ofType(effects, 'close-work')).toEqual([{ type: 'close-work', requester: bert }]);
  expect(ofType(effects, 'drop-unsent')).toMatchObject([{ requester: bert }]);
  expect([...volunteer.unsent]).toEqual([[anna, 1]]);
  expect(ofType(effects, 'run')).toHaveLength(1);
});

test('who waits for others to acknowledge is computed for as soon as they do', () => {
  // 20 MiB are left: more than bert owes, and less than anna.
  const volunteer = amongOwing([
    [cora, 197],
    [bert, 15],
  ]);
  const [run] = ofType(volunteer.handle(anna, leases(leasedChunks(1, 2)), 1), 'run');
  const value = new Uint8Array(24 * 2 ** 20);
  const outcome = { type: 'result', digest: digestNumbered(1), value } as const;
  const effects = ended(volunteer, run, [{ outcome, computeMs: 1 }]);
  expect(ofType(effects, 'run')).toEqual([]);
  expect(ofType(volunteer.handle(bert, acknowledge(1), 20), 'run')).toHaveLength(1);
});
