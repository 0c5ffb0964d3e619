import { expect, test } from 'vitest';

import { FreshChunks } from '../../../../src/protocol/requester/fresh-chunks.ts';
import { createRandom } from '../../../../src/protocol/random.ts';

function drawAll(fresh: FreshChunks): number[] {
  const drawn: number[] = [];
  for (let next = fresh.draw(); next !== undefined; next = fresh.draw()) drawn.push(next);
  return drawn;
}

test('every chunk is drawn once, whenever it is added', () => {
  const fresh = new FreshChunks(createRandom(1));
  expect(fresh.draw()).toBeUndefined();
  fresh.add(3);
  const first = drawAll(fresh);
  fresh.add(20_000);
  expect(fresh.size).toBe(20_000);
  const drawn = [...first, ...drawAll(fresh)];
  expect(drawn.sort((a, b) => a - b)).toEqual(Array.from({ length: 20_003 }, (_, at) => at));
  expect(fresh.size).toBe(0);
  expect(fresh.chunks).toBe(20_003);
});

test('the order tells nothing of what comes next, but stays near the front', () => {
  const fresh = new FreshChunks(createRandom(1));
  fresh.add(40_000);
  const drawn = drawAll(fresh);
  let highest = -1;
  const records = drawn.filter((chunk) => {
    const isRecord = chunk > highest;
    highest = Math.max(highest, chunk);
    return isRecord;
  });
  // In order all of them were.
  expect(records.length).toBeLessThan(drawn.length / 20);
  expect(Math.max(...drawn.map((chunk, at) => chunk - at))).toBeLessThan(4_096);
});
