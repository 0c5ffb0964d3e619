/** What a volunteer gets for its work. */

import { expect, test } from 'vitest';

import { anna, leasedChunks, ofType, receiptOf } from '../../support/protocol-fixtures.ts';
import { done, job, leases, stopped, working } from '../../support/protocol-volunteer.ts';

const message = { type: 'receipt', receipt: receiptOf({ job }) } as const;

test('a receipt is kept for a job that computed chunks were returned of', () => {
  const { volunteer } = working();
  const [run] = ofType(volunteer.handle(anna, leases(leasedChunks(1, 2)), 0), 'run');
  done(volunteer, run);
  const kept = [{ type: 'keep-receipt', receipt: message.receipt }];
  expect(volunteer.handle(anna, message, 20)).toEqual(kept);
  expect(volunteer.handle(anna, message, 21)).toEqual([]);
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
