/** A volunteer among requesters who mean it harm, or each other. */

import { expect, test } from 'vitest';

import { anna, bert, leasedChunks, ofType } from '../../support/protocol-fixtures.ts';
import { asked, done, givenBack, job, leases, working } from '../../support/protocol-volunteer.ts';

test('a stranger that ends its job of the same name stops nobody else’s runs', () => {
  const { volunteer } = working(2, { requester: bert });
  volunteer.requesterUp(bert, 0);
  volunteer.handle(anna, leases(leasedChunks(1, 1)), 1);
  expect(volunteer.tick(500)).toContainEqual(asked(5, bert));
  volunteer.handle(bert, leases(leasedChunks(2, 1)), 501);
  expect(volunteer.chunksRunning).toBe(2);
  const ended = { type: 'job-ended', job } as const;
  expect(ofType(volunteer.handle(bert, ended, 502), 'stop-runs')).toEqual([]);
  expect(ofType(volunteer.handle(anna, ended, 502), 'stop-runs')).toEqual([
    { type: 'stop-runs', job },
  ]);
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
