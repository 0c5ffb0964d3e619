import { expect, test } from 'vitest';

import { returnTo } from '../../../src/protocol/returns.ts';
import { anna, jobNumbered, leasedChunks } from '../../support/protocol-fixtures.ts';

test('leases that are given back carry no result and took no time', () => {
  const job = jobNumbered(1);
  const replicas = [7, 8].map((number) => ({
    lease: number,
    chunk: number,
    outcome: { type: 'returned' },
    computeMs: 0,
  }));
  expect(returnTo(anna, job, leasedChunks(7, 2))).toEqual({
    type: 'send-to-requester',
    to: anna,
    message: { type: 'results', frame: { job, replicas } },
  });
});
