/** What a volunteer gets for its work. */

import { expect, test } from 'vitest';

import { Awareness } from '../../../../src/protocol/awareness.ts';
import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import { Volunteer } from '../../../../src/protocol/volunteer/volunteer.ts';
import {
  anna,
  digestNumbered,
  givenLimits,
  leasedChunks,
  ofType,
  receiptOf,
  self,
  valueOf,
} from '../../../support/protocol-fixtures.ts';
import {
  acknowledge,
  done,
  job,
  leases,
  stopped,
  working,
} from '../../../support/protocol-volunteer.ts';

const message = { type: 'receipt', receipt: receiptOf({ job }) } as const;

test('a receipt is kept for a job that computed chunks were returned of', () => {
  const { volunteer } = working();
  const [run] = ofType(volunteer.handle(anna, leases(leasedChunks(1, 2)), 0), 'run');
  done(volunteer, run);
  const kept = [{ type: 'keep-receipt', receipt: message.receipt }];
  expect(volunteer.handle(anna, message, 20)).toEqual(kept);
  expect(volunteer.handle(anna, message, 21)).toEqual([]);
});

test('so it is for what an earlier process computed and this one delivers', () => {
  const outcome = { type: 'result', digest: digestNumbered(1), value: valueOf(1) } as const;
  const replica = { lease: 1, chunk: 1, outcome, computeMs: 10 };
  const unsent = [{ requester: anna, addresses: ['anna:1'], job, replica }];
  const options = { self, slots: 1, limits: givenLimits, unsent };
  const volunteer = new Volunteer(options, new OfferBook(), new Awareness(), new Standings());
  volunteer.tick(1);
  volunteer.requesterUp(anna, 10);
  volunteer.handle(anna, acknowledge(1), 20);
  const kept = [{ type: 'keep-receipt', receipt: message.receipt }];
  expect(volunteer.handle(anna, message, 30)).toEqual(kept);
});

test('chunks that came back as they were earn no receipt', () => {
  const { volunteer } = working();
  const [run] = ofType(volunteer.handle(anna, leases(leasedChunks(1, 2)), 0), 'run');
  stopped(volunteer, run);
  expect(volunteer.handle(anna, message, 20)).toEqual([]);
});

test('what is computed when the job is over earns none: it reaches nobody', () => {
  const { volunteer } = working();
  const [run] = ofType(volunteer.handle(anna, leases(leasedChunks(1, 2)), 0), 'run');
  volunteer.handle(anna, { type: 'job-ended', job }, 5);
  done(volunteer, run);
  expect(volunteer.handle(anna, message, 20)).toEqual([]);
});
