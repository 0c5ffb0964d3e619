import { expect, test, vi } from 'vitest';

import { OverdueWatch } from '../../../src/sandbox/overdue-watch.ts';
import { Progress } from '../../../src/sandbox/progress.ts';

test('a chunk that may take longer than a timer waits is not looked at all the time', () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  try {
    new OverdueWatch(new Progress(), 2 ** 32 - 1, () => undefined).stop();
    expect(timers.mock.calls.map(([, waitMs]) => waitMs)).toEqual([2 ** 31 - 1]);
  } finally {
    timers.mockRestore();
  }
});
