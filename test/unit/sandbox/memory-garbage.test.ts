import { expect, test } from 'vitest';

import { MemoryGarbage } from '../../../src/sandbox/memory-garbage.ts';

const MiB = 1024 * 1024;

test('a collection is asked for each time that 128 MiB were let go', () => {
  let collections = 0;
  const garbage = new MemoryGarbage(() => {
    collections += 1;
  });
  const counts = [100, 27, 1, 127, 1, 500].map((size) => {
    garbage.add(size * MiB);
    return collections;
  });
  expect(counts).toEqual([0, 0, 1, 1, 2, 3]);
});

test('memories of no size count as well, since each takes addresses', () => {
  let collections = 0;
  const garbage = new MemoryGarbage(() => {
    collections += 1;
  });
  for (let n = 0; n < 4096; n += 1) garbage.add(0);
  expect(collections).toBe(4);
});

test('memories that were let go are given back to the system', () => {
  const garbage = new MemoryGarbage();
  const [pages, memories] = [1024, 20];
  const before = process.memoryUsage.rss();
  let peak = 0;
  for (let n = 0; n < memories; n += 1) {
    fill(pages);
    peak = Math.max(peak, process.memoryUsage.rss() - before);
    garbage.add(64 * MiB);
  }
  // All of them would be 1280 MiB.
  expect(peak).toBeLessThan(512 * MiB);
});

function fill(pages: number): void {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  new Uint8Array(memory.buffer).fill(1);
}
