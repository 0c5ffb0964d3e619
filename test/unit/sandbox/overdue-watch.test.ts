import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { type Overdue, OverdueWatch } from '../../../src/sandbox/overdue-watch.ts';
import { processNowMs, Progress } from '../../../src/sandbox/progress.ts';

const wallMsMax = 40;

// Time goes on as a test wants it: a busy machine that looks too late would find another verdict.
vi.mock(import('../../../src/sandbox/progress.ts'), async (importOriginal) => ({
  ...(await importOriginal()),
  processNowMs: () => performance.now(),
}));
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => void vi.useRealTimers());

/** What is said of a chunk that never ends, and how long that took. */
async function judged(
  cpuMs: () => Promise<number | undefined>,
): Promise<{ readonly overdue: Overdue | undefined; readonly afterMs: number }> {
  const progress = new Progress();
  progress.begin(7);
  const startedMs = processNowMs();
  progress.start(3, startedMs);
  let afterMs = 0;
  const watch = new OverdueWatch(progress, wallMsMax, cpuMs, () => {
    afterMs = processNowMs() - startedMs;
  });
  onTestFinished(() => watch.stop());
  await vi.advanceTimersByTimeAsync(10 * wallMsMax);
  return { overdue: watch.overdue, afterMs };
}

test('a chunk that had a processor for itself and took too long has timed out', async () => {
  const { overdue } = await judged(async () => Infinity);
  expect(overdue).toEqual({ chunk: 3, why: 'timed-out' });
});

test('a chunk whose thread can not be asked has timed out', async () => {
  const { overdue } = await judged(async () => undefined);
  expect(overdue).toEqual({ chunk: 3, why: 'timed-out' });
});

test('a chunk that the machine has no time for gets more, and is then called starved', async () => {
  const { overdue, afterMs } = await judged(async () => 0);
  expect(overdue).toEqual({ chunk: 3, why: 'starved' });
  expect(afterMs).toBeGreaterThanOrEqual(3 * wallMsMax);
});

test('a chunk is judged by its own time, whatever those before it were given', async () => {
  const progress = new Progress();
  progress.begin(7);
  progress.start(0, processNowMs());
  const cpuMsBefore = progress.read()?.startedCpuMs ?? 0;
  let cpuMs = cpuMsBefore;
  // The chunk before had a processor for itself, this one is given none.
  while (cpuMs < cpuMsBefore + 10 * wallMsMax) {
    progress.start(1, processNowMs());
    cpuMs = progress.read()?.startedCpuMs ?? 0;
  }
  const watch = new OverdueWatch(
    progress,
    wallMsMax,
    async () => cpuMs,
    () => undefined,
  );
  onTestFinished(() => watch.stop());
  await vi.advanceTimersByTimeAsync(10 * wallMsMax);
  expect(watch.overdue).toEqual({ chunk: 1, why: 'starved' });
});

test('a starved chunk that uses its second chance to loop has timed out', async () => {
  let asked = 0;
  const { overdue } = await judged(async () => (asked++ === 0 ? 0 : Infinity));
  expect(overdue).toEqual({ chunk: 3, why: 'timed-out' });
  expect(asked).toBe(2);
});

test('a chunk that may take longer than a timer waits is not looked at all the time', () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  try {
    const never = (): Promise<undefined> => Promise.resolve(undefined);
    new OverdueWatch(new Progress(), 2 ** 32 - 1, never, () => undefined).stop();
    expect(timers.mock.calls.map(([, waitMs]) => waitMs)).toEqual([2 ** 31 - 1]);
  } finally {
    timers.mockRestore();
  }
});
