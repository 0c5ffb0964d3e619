import { expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { ComputedReplica } from '../../../../src/model/unsent.ts';
import { Parcel } from '../../../../src/protocol/volunteer/parcel.ts';
import { anna, digestNumbered, jobNumbered, valueOf } from '../../../support/protocol-fixtures.ts';

const to = { requester: anna, addresses: ['anna:1'], job: jobNumbered(1) };
const many = limits.statementReplicasMax;

const replica = (lease: number): ComputedReplica => ({
  lease,
  chunk: lease,
  outcome: { type: 'result', digest: digestNumbered(lease), value: valueOf(lease) },
  computeMs: 1,
});

function parcelOf(count: number, nowMs = 0): Parcel {
  const parcel = new Parcel(to);
  for (let lease = 1; lease <= count; lease++) parcel.add(replica(lease), nowMs);
  return parcel;
}

const leases = (replicas: readonly ComputedReplica[]): number[] =>
  replicas.map(({ lease }) => lease);

test('results wait until a statement is full, and what is over goes on waiting', () => {
  const parcel = parcelOf(many - 1);
  expect(parcel.due(10, false)).toEqual([]);
  for (const lease of [many, many + 1]) parcel.add(replica(lease), 20);
  expect(parcel.due(20, false)).toHaveLength(many);
  expect(parcel.sendAtMs).toBe(70);
  expect([parcel.due(69, false), leases(parcel.due(70, false))]).toEqual([[], [many + 1]]);
});

test('nothing waits when nothing more is to come', () => {
  const parcel = parcelOf(2);
  expect(leases(parcel.due(0, true))).toEqual([1, 2]);
  expect(parcel.due(0, true)).toEqual([]);
});

test('after a cut all is sent again that was not acknowledged, in its order', () => {
  const parcel = parcelOf(3);
  parcel.due(0, true);
  parcel.add(replica(4), 5);
  expect([parcel.take(2), parcel.take(2)]).toEqual(['unkept', undefined]);
  parcel.gatherAgain();
  expect(leases(parcel.due(5, true))).toEqual([1, 3, 4]);
});

test('what is kept is kept once', () => {
  const parcel = parcelOf(2, 1_000);
  expect(parcel.keepAtMs).toBe(1_200);
  expect(parcel.keep()).toEqual([
    { ...to, replica: replica(1) },
    { ...to, replica: replica(2) },
  ]);
  expect([parcel.keepAtMs, parcel.keep()]).toEqual([Infinity, []]);
  parcel.add(replica(3), 2_000);
  expect(parcel.keep()).toHaveLength(1);
  expect([parcel.take(1), parcel.size]).toEqual(['kept', 2]);
});

test('what was computed by some time is told apart, sent or not', () => {
  const parcel = parcelOf(2);
  parcel.due(0, true);
  parcel.add(replica(3), 5);
  parcel.add(replica(4), 6);
  expect([parcel.leasesUntil(-1), parcel.leasesUntil(5)]).toEqual([[], [1, 2, 3]]);
});

test('its bytes are those of what is in it', () => {
  const parcel = parcelOf(2);
  const { bytes } = parcel;
  parcel.add(replica(2), 5);
  expect(parcel.bytes).toBe(bytes);
  for (const lease of parcel.leases) parcel.take(lease);
  expect([parcel.bytes, parcel.size, parcel.oldestMs]).toEqual([0, 0, Infinity]);
});
