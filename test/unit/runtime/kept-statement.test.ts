import { expect, test } from 'vitest';

import { isCounted } from '../../../src/model/counted.ts';
import type { ReplicaResult } from '../../../src/model/replica.ts';
import { keptStatement } from '../../../src/runtime/kept-statement.ts';
import { signStatements } from '../../../src/wire/statement-codec.ts';
import { bea, lieAbout, resultOf } from '../../support/audit-samples.ts';
import { someJob } from '../../support/wire-samples.ts';

const value = new Uint8Array(0);

function result(lease: number, chunk: number, digest = resultOf(chunk)): ReplicaResult {
  const outcome = { type: 'result', digest, value } as const;
  return { lease, chunk, outcome, computeMs: 1, work: resultOf(9) };
}

function failure(lease: number, chunk: number): ReplicaResult {
  const outcome = { type: 'failure', failure: { kind: 'threw', detail: '' } } as const;
  return { lease, chunk, outcome, computeMs: 1 };
}

const replicas = [result(1, 10), failure(2, 11), result(3, 12), result(3, 12, lieAbout(12))];
const [signed] = signStatements({ job: someJob, replicas }, bea, bea.privateKey);
if (signed === undefined) throw new Error('nothing was signed');

/** Of each replica whether it counted. */
function countedOf(counted: readonly ReplicaResult[]): boolean[] {
  const { counted: bits } = keptStatement(signed ?? never(), counted);
  return replicas.map((_, at) => isCounted(bits, at));
}

function never(): never {
  throw new Error('nothing was signed');
}

test('of what counted it is kept where it is in the statement, in whatever order it comes', () => {
  expect(countedOf([result(3, 12), result(1, 10)])).toEqual([true, false, true, false]);
  expect(countedOf([failure(2, 11)])).toEqual([false, true, false, false]);
});

test('a result counts as what it was taken for, and by its lease, its chunk, and its kind', () => {
  expect(countedOf([result(1, 10, lieAbout(10))])).toEqual([true, false, false, false]);
  expect(countedOf([result(1, 11), result(2, 11)])).toEqual([false, false, false, false]);
});

test('nothing is kept beside a statement that counted as a whole', () => {
  const some = [result(1, 10), failure(2, 11)];
  const [whole] = signStatements({ job: someJob, replicas: some }, bea, bea.privateKey);
  expect(keptStatement(whole ?? never(), some)).toBe(whole);
});
