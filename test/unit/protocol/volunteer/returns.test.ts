import { expect, test } from 'vitest';

import { ranReplicas, returnTo } from '../../../../src/protocol/volunteer/returns.ts';
import {
  anna,
  digestNumbered,
  jobNumbered,
  leasedChunks,
} from '../../../support/protocol-fixtures.ts';

test('what was learnt of a run is of those chunks that were computed', () => {
  const result = { type: 'result', digest: digestNumbered(1), value: new Uint8Array(9) } as const;
  const failure = { type: 'failure', failure: { kind: 'threw', detail: 'no' } } as const;
  const outcomes = [
    { outcome: result, computeMs: 3 },
    { outcome: failure, computeMs: 2 },
    { outcome: { type: 'returned' } as const, computeMs: 0 },
  ];
  const { computed, computedMs, resultBytes } = ranReplicas(leasedChunks(1, 4), outcomes);
  expect([computed, computedMs, resultBytes]).toEqual([2, 5, 9]);
});

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
