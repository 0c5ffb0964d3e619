import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { blobMsMax } from '../../../src/transport/blob-pace.ts';

test.each([
  [0, 60_000],
  [1, 60_001],
  [32_000, 61_000],
  [26_000_000, 872_500],
  [limits.moduleBytesMax, 2_157_152],
])('%d bytes may take %d ms', (bytes, ms) => {
  expect(blobMsMax(bytes)).toBe(ms);
});
