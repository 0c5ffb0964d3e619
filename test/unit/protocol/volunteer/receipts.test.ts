import { describe, expect, test } from 'vitest';

import type { SignedReceipt } from '../../../../src/model/receipt.ts';
import type { Destination } from '../../../../src/model/unsent.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { Receipts } from '../../../../src/protocol/volunteer/receipts.ts';
import { anna, bert, jobNumbered, receiptOf, self } from '../../../support/protocol-fixtures.ts';

const jobOf = (number = 1, requester = anna): Destination => ({
  requester,
  addresses: [],
  job: jobNumbered(number),
});
const kept = (receipt: SignedReceipt): Effect[] => [{ type: 'keep-receipt', receipt }];

describe('a receipt', () => {
  test('of the requester that work was returned to is kept', () => {
    const receipts = new Receipts(self, []);
    receipts.worked(jobOf());
    expect(receipts.take(anna, receiptOf(), 0)).toEqual(kept(receiptOf()));
  });

  test.each<[string, SignedReceipt]>([
    ['for a job that nothing was returned of', receiptOf({ job: jobNumbered(2) })],
    ['of another requester for a job of the same id', receiptOf({ requester: bert })],
    ['for the work of another', receiptOf({ peer: bert })],
  ])('%s is none, whoever sends it', (_what, receipt) => {
    const receipts = new Receipts(self, []);
    receipts.worked(jobOf());
    expect(receipts.take(anna, receipt, 0)).toEqual([]);
    expect(receipts.take(bert, receipt, 0)).toEqual([]);
  });

  test('that another passes on is none, and its requester may still send it', () => {
    const receipts = new Receipts(self, []);
    receipts.worked(jobOf());
    expect(receipts.take(bert, receiptOf(), 0)).toEqual([]);
    expect(receipts.take(anna, receiptOf(), 0)).toEqual(kept(receiptOf()));
  });

  test('comes once for a job, however often work was returned', () => {
    const receipts = new Receipts(self, []);
    receipts.worked(jobOf());
    receipts.worked(jobOf());
    expect(receipts.take(anna, receiptOf(), 0)).toEqual(kept(receiptOf()));
    expect(receipts.take(anna, receiptOf({ chunks: 9 }), 1)).toEqual([]);
  });

  test('comes for work of an earlier process that this one delivers', () => {
    const receipts = new Receipts(self, [jobOf(), jobOf()]);
    expect(receipts.take(anna, receiptOf(), 0)).toEqual(kept(receiptOf()));
    expect(receipts.take(anna, receiptOf(), 1)).toEqual([]);
  });

  test("is not given for this peer's work for itself", () => {
    const receipts = new Receipts(self, []);
    receipts.worked(jobOf(1, self));
    expect(receipts.take(self, receiptOf({ requester: self }), 0)).toEqual([]);
  });
});

describe('when its requester is there again', () => {
  const asked = (receipts: Receipts, requester = anna) =>
    receipts.withAwaited(requester, new Map([[jobNumbered(9), [4, 5]]]));

  test('it is asked for, beside what is held of other jobs', () => {
    const receipts = new Receipts(self, []);
    for (const to of [jobOf(1), jobOf(9), jobOf(2, bert)]) receipts.worked(to);
    expect([...asked(receipts)]).toEqual([
      [jobNumbered(9), [4, 5]],
      [jobNumbered(1), []],
    ]);
  });

  test('it is not, once it has come, or the job has ended without one', () => {
    const receipts = new Receipts(self, []);
    for (const to of [jobOf(1), jobOf(2), jobOf(3)]) receipts.worked(to);
    receipts.take(anna, receiptOf(), 0);
    receipts.ended(anna, jobNumbered(2));
    receipts.ended(bert, jobNumbered(3));
    expect([...asked(receipts).keys()]).toEqual([jobNumbered(9), jobNumbered(3)]);
    expect(receipts.take(anna, receiptOf({ job: jobNumbered(2) }), 1)).toEqual([]);
  });

  test('no more are asked for than are taken at once', () => {
    const receipts = new Receipts(self, []);
    for (let number = 0; number < 100; number++) receipts.worked(jobOf(number));
    expect(asked(receipts).size).toBe(64);
  });
});

test('64 receipts are taken at once, then one in a second', () => {
  const receipts = new Receipts(self, []);
  const take = (number: number, nowMs: number): boolean => {
    receipts.worked(jobOf(number));
    return receipts.take(anna, receiptOf({ job: jobNumbered(number) }), nowMs).length > 0;
  };
  const taken = Array.from({ length: 70 }, (_, number) => take(number, 0));
  expect(taken.filter(Boolean)).toHaveLength(64);
  expect([take(70, 999), take(70, 1_000), take(71, 1_000)]).toEqual([false, true, false]);
});

test('the jobs longest ago are forgotten when there are too many', () => {
  const receipts = new Receipts(self, []);
  for (let number = 0; number <= 1_024; number++) receipts.worked(jobOf(number));
  expect(receipts.take(anna, receiptOf({ job: jobNumbered(0) }), 0)).toEqual([]);
  expect(receipts.take(anna, receiptOf({ job: jobNumbered(1) }), 0)).toHaveLength(1);
});
