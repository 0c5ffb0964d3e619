import { describe, expect, test } from 'vitest';

import type { SignedReceipt } from '../../../src/model/receipt.ts';
import type { Destination } from '../../../src/model/unsent.ts';
import type { Effect } from '../../../src/protocol/events.ts';
import { Receipts } from '../../../src/protocol/receipts.ts';
import { anna, bert, jobNumbered, receiptOf, self } from '../../support/protocol-fixtures.ts';

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
