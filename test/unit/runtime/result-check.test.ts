import { expect, test } from 'vitest';

import type { ReplicaResult } from '../../../src/model/replica.ts';
import { otherWork } from '../../../src/runtime/result-check.ts';
import { anna, digestNumbered, jobNumbered } from '../../support/protocol-fixtures.ts';
import { someResult } from '../../support/wire-samples.ts';

const job = jobNumbered(1);
const pages = { workOf: async (chunk: number) => digestNumbered(chunk) };
const expectsAll = { expects: () => true };
const right = (chunk: number): ReplicaResult => ({
  ...someResult(chunk),
  chunk,
  work: digestNumbered(chunk),
});
const wrong = (chunk: number): ReplicaResult => ({ ...right(chunk), work: digestNumbered(99) });

test('results of the work that was leased are fine', async () => {
  const frame = { job, replicas: [right(1), right(2)] };
  expect(await otherWork(anna, frame, expectsAll, pages)).toBeUndefined();
});

test('the first result of other work is named', async () => {
  const frame = { job, replicas: [right(1), wrong(2), wrong(3)] };
  expect(await otherWork(anna, frame, expectsAll, pages)).toBe(2);
});

test('nobody has pages read for what answers no lease, or is no result', async () => {
  const reads: number[] = [];
  const counting = {
    workOf: async (chunk: number) => {
      reads.push(chunk);
      return digestNumbered(chunk);
    },
  };
  const returned = { ...right(1), outcome: { type: 'returned' } } as const;
  const table = { expects: (_peer: unknown, { chunk }: { chunk: number }) => chunk === 3 };
  const frame = { job, replicas: [returned, wrong(2), right(3)] };
  expect(await otherWork(anna, frame, table, counting)).toBeUndefined();
  expect(reads).toEqual([3]);
});

test('a result whose input is gone since can only be late', async () => {
  const gone = { workOf: async () => undefined };
  expect(await otherWork(anna, { job, replicas: [wrong(1)] }, expectsAll, gone)).toBeUndefined();
});
