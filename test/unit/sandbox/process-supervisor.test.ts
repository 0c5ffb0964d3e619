import { expect, test } from 'vitest';

import { restartDelayMs } from '../../../src/sandbox/process-supervisor.ts';

test('a process that dies again and again is waited for twice as long each time', () => {
  const delays = [1, 2, 3, 4, 9, 10, 50, 2000].map(restartDelayMs);
  expect(delays).toEqual([100, 200, 400, 800, 25_600, 30_000, 30_000, 30_000]);
});
