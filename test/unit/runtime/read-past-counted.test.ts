/** What an earlier process did not count when it came is not counted later either. */

import { expect, test } from 'vitest';

import { countedBits } from '../../../src/model/counted.ts';
import { readPast } from '../../../src/runtime/read-past.ts';
import {
  allResults,
  bea,
  chunksCount,
  someAudit,
  statementsOf,
} from '../../support/audit-samples.ts';
import { MemoryStore } from '../../support/memory-store.ts';

test('a result that was not waited for any more is no vote after a new start', async () => {
  const { job, spec } = await someAudit();
  const store = new MemoryStore();
  store.putJob({ job, spec, state: 'running' });
  // Leases are numbered from 1, one for each chunk.
  store.commit([{ job, leases: [{ peer: bea.peer, first: 1, chunks: [0, 1, 2, 3] }] }]);
  const [signed] = statementsOf(job, spec, bea, allResults());
  const counted = countedBits([true, false, true, true]);
  if (signed === undefined || counted === undefined) throw new Error('nothing was signed');
  store.commit([{ job, statements: [{ ...signed, counted }] }]);
  const past = await readPast({ job, spec, chunks: chunksCount, splitEnded: true }, store);
  expect(past.votes.map(({ chunk }) => chunk)).toEqual([0, 2, 3]);
  expect(past.counts.get(bea.peer)).toMatchObject({ leased: 4, returned: 3 });
  expect(past.leases.map(({ chunk }) => chunk)).toEqual([1]);
});
