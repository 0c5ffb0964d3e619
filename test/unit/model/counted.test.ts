import { expect, test } from 'vitest';

import { countedBits, isCounted } from '../../../src/model/counted.ts';

test('which results counted is kept in bits, and nothing where all did', () => {
  expect(countedBits([true, true])).toBeUndefined();
  expect(isCounted(undefined, 63)).toBe(true);
  const flags = Array.from({ length: 20 }, (_, at) => at % 3 === 0 || at === 19);
  const bits = countedBits(flags);
  expect(bits).toHaveLength(3);
  expect(flags.map((_, at) => isCounted(bits, at))).toEqual(flags);
  expect(isCounted(bits, 64)).toBe(false);
});
