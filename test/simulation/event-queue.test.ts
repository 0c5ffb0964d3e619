import { expect, test } from 'vitest';

import { createRandom } from '../../src/protocol/random.ts';
import { EventQueue } from '../support/simulator/event-queue.ts';

test('what is earliest comes first, and of one moment what was queued first', () => {
  const random = createRandom(1);
  const queue = new EventQueue<{ readonly atMs: number; readonly order: number }>();
  const queued: { readonly atMs: number; readonly order: number }[] = [];
  const taken: typeof queued = [];
  for (let order = 0; order < 5_000; order++) {
    // Few moments, so that many things fall on the same.
    const item = { atMs: Math.floor(random.next() * 500), order };
    queue.push(item.atMs, item);
    queued.push(item);
  }
  expect(queue.size).toBe(5_000);
  while (queue.nextAtMs < Infinity) {
    const { nextAtMs } = queue;
    const item = queue.pop();
    expect(item?.atMs).toBe(nextAtMs);
    if (item !== undefined) taken.push(item);
  }
  const inOrder = queued.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order);
  expect(taken).toEqual(inOrder);
  expect(queue.pop()).toBeUndefined();
});

test('things are queued while others are taken', () => {
  const queue = new EventQueue<number>();
  queue.push(3, 3);
  queue.push(1, 1);
  expect(queue.pop()).toBe(1);
  queue.push(2, 2);
  expect([queue.pop(), queue.pop(), queue.pop()]).toEqual([2, 3, undefined]);
});
