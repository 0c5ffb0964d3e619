import { expect, test } from 'vitest';

import type { SignedReceipt } from '../../../src/model/receipt.ts';
import { ReceiptsKeeper } from '../../../src/runtime/receipts-keeper.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { anna, bert, jobNumbered, receiptOf } from '../../support/protocol-fixtures.ts';
import { recordingLog } from '../../support/silent-log.ts';

const minuteMs = 60_000;
const waitingMax = 1024;

/** A disk that may be full. */
class SmallStore extends MemoryStore {
  isFull = true;
  /** Attempts to write. */
  puts = 0;

  override putReceipt(receipt: SignedReceipt): void {
    this.puts += 1;
    if (this.isFull) throw new Error('the disk is full');
    super.putReceipt(receipt);
  }
}

function keeping() {
  const { log, lines } = recordingLog('warn');
  const clock = { ms: 0 };
  const waiting = new Map<() => void, number>();
  const store = new SmallStore();
  const keeper = new ReceiptsKeeper({
    store,
    clock: { nowMs: () => clock.ms },
    timers: {
      after: (ms, run) => {
        waiting.set(run, clock.ms + ms);
        return () => waiting.delete(run);
      },
    },
    log,
  });
  function pass(ms: number): void {
    clock.ms += ms;
    for (const [run, atMs] of waiting) {
      if (atMs > clock.ms) continue;
      waiting.delete(run);
      run();
    }
  }
  /** Chunks of the receipts that are kept, the last one first. */
  const chunks = (): number[] => store.listReceipts().map(({ receipt }) => receipt.chunks);
  return { keeper, store, lines, pass, chunks, waiting };
}

const receiptNumbered = (number: number, requester = anna): SignedReceipt =>
  receiptOf({ job: jobNumbered(number), chunks: number, requester });

test('a receipt is kept as it comes', () => {
  const { keeper, store, chunks, waiting, lines } = keeping();
  store.isFull = false;
  keeper.keep(receiptNumbered(1));
  expect(chunks()).toEqual([1]);
  expect(waiting.size).toBe(0);
  expect(lines).toEqual([]);
});

test('what a full disk could not take is tried again after a minute, until it is kept', () => {
  const { keeper, store, pass, chunks, waiting, lines } = keeping();
  keeper.keep(receiptNumbered(1));
  pass(minuteMs - 1);
  expect(store.puts).toBe(1);
  pass(1);
  expect(store.puts).toBe(2);
  store.isFull = false;
  pass(minuteMs);
  expect(chunks()).toEqual([1]);
  expect(waiting.size).toBe(0);
  expect(lines).toEqual([expect.stringContaining("receipts can't be kept yet: the disk is full")]);
});

test('it is kept with the next receipt, before it', () => {
  const { keeper, store, chunks, waiting } = keeping();
  keeper.keep(receiptNumbered(1));
  store.isFull = false;
  keeper.keep(receiptNumbered(2));
  expect(chunks()).toEqual([2, 1]);
  expect(waiting.size).toBe(0);
});

test('of a job that sends another one meanwhile only the last is kept', () => {
  const { keeper, store, chunks } = keeping();
  keeper.keep(receiptOf({ chunks: 5 }));
  keeper.keep(receiptNumbered(2));
  keeper.keep(receiptOf({ chunks: 6 }));
  store.isFull = false;
  keeper.stop();
  expect(chunks()).toEqual([6, 2]);
});

test('at the end it is tried once more, and then no more', () => {
  const { keeper, store, waiting } = keeping();
  keeper.keep(receiptNumbered(1));
  keeper.stop();
  expect([store.puts, waiting.size]).toEqual([2, 0]);
});

test('no more than some wait, and the oldest goes of whoever has sent the most', () => {
  const { keeper, store, lines } = keeping();
  keeper.keep(receiptNumbered(1, bert));
  for (let number = 2; number <= waitingMax + 3; number++) keeper.keep(receiptNumbered(number));
  store.isFull = false;
  keeper.stop();
  const kept = store.listReceipts().map(({ receipt }) => receipt.chunks);
  expect(kept).toHaveLength(waitingMax);
  expect(kept.at(-1)).toBe(1);
  // Of Anna's the first three.
  expect(kept.at(-2)).toBe(5);
  const lost = lines.filter((line) => line.includes('receipts are lost: more than 1024 wait'));
  expect(lost).toHaveLength(1);
});
