import { describe, expect, test } from 'vitest';

import { memoryBytesMaxFor } from '../../../src/cli/peer-options.ts';

const MiB = 2 ** 20;

describe('the memory that a volunteer gives a chunk where nobody says', () => {
  test.each([
    ['1 GiB where there is plenty', 64 * 1024, 8, 1024],
    ["a slot's share of half the machine's", 8 * 1024, 8, 512],
    ['no less than jobs ask by default, on many cores', 8 * 1024, 64, 256],
    ['half of a very small machine', 256, 1, 128],
    ['as for one slot where there is none', 1024, 0, 512],
  ])('is %s: of %d MiB and %d slots, %d MiB', (_what, machine, slots, memory) => {
    expect(memoryBytesMaxFor(machine * MiB, slots)).toBe(memory * MiB);
  });
});
