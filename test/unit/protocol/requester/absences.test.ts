import { expect, test } from 'vitest';

import { Absences } from '../../../../src/protocol/requester/absences.ts';
import type { Active } from '../../../../src/protocol/requester/lease-book.ts';
import { OpenChunk } from '../../../../src/protocol/requester/open-chunk.ts';
import { anna, bert, cora } from '../../../support/protocol-fixtures.ts';

/** Leases of two chunks that Anna has; they bear the chunks' numbers. */
function leased(): Active[] {
  return [1, 2].map((lease) => {
    const open = new OpenChunk(lease);
    return { open, replica: leaseOf(open, anna, lease) };
  });
}

function leaseOf(open: OpenChunk, peer: typeof anna, lease: number) {
  const replica = { lease, peer, leasedAtMs: 0, deadlineMs: 60_000, state: 'active' } as const;
  open.add(replica);
  return replica;
}

const anything = () => true;

test('chunks of who is away are there to be taken, each once', () => {
  const absences = new Absences();
  absences.begin(anna, leased(), 30_000);
  expect([absences.has(anna), absences.has(bert), absences.alone]).toEqual([true, false, 2]);
  expect(absences.takeAlone(({ chunk }) => chunk === 2)?.chunk).toBe(2);
  expect(absences.takeAlone(anything)?.chunk).toBe(1);
  expect([absences.takeAlone(anything), absences.alone]).toEqual([undefined, 0]);
});

test('those that somebody who is here computes as well are left to it, while it is here', () => {
  const absences = new Absences();
  const [first, second] = leased();
  if (first === undefined || second === undefined) throw new Error('no leases');
  absences.begin(anna, [first, second], 30_000);
  const twin = leaseOf(first.open, bert, 9);
  expect(absences.takeAlone(anything)).toBe(second.open);
  expect(absences.takeAlone(anything)).toBeUndefined();
  absences.begin(bert, [{ open: first.open, replica: twin }], 30_000);
  expect(absences.takeAlone(anything)).toBe(first.open);
});

test('what has come back, or who has, is not to be taken', () => {
  const absences = new Absences();
  absences.begin(anna, leased(), 30_000);
  absences.settle(anna, 1);
  absences.settle(cora, 2);
  expect(absences.alone).toBe(1);
  absences.end(anna);
  expect([absences.has(anna), absences.takeAlone(anything)]).toEqual([false, undefined]);
});

test('an absence is over after its time', () => {
  const absences = new Absences();
  absences.begin(anna, leased(), 30_000);
  expect([absences.isOver(anna, 29_999), absences.isOver(anna, 30_000)]).toEqual([false, true]);
  expect(absences.isOver(bert, 99_999)).toBe(false);
  absences.sweep(29_999);
  expect(absences.has(anna)).toBe(true);
  absences.sweep(30_000);
  expect(absences.has(anna)).toBe(false);
});
