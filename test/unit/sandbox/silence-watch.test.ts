import { Worker } from 'node:worker_threads';

import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { SilenceWatch } from '../../../src/sandbox/silence-watch.ts';

const silentMsMax = 5_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Watches a thread; tells how many periods it has got before it was found silent. */
async function periodsOf(worker: Worker): Promise<number> {
  const onSilent = vi.fn<() => void>();
  const watch = new SilenceWatch(worker, silentMsMax, onSilent);
  onTestFinished(() => watch.stop());
  let seconds = 0;
  while (onSilent.mock.calls.length === 0 && seconds < 1_000) {
    await vi.advanceTimersByTimeAsync(1_000);
    seconds += 1;
  }
  return Math.floor((seconds * 1_000) / silentMsMax);
}

/** One that says nothing, not even how much of a processor it had. */
function mute(): Worker {
  const worker = new Worker('', { eval: true });
  onTestFinished(async () => void (await worker.terminate()));
  vi.spyOn(worker, 'cpuUsage').mockReturnValue(new Promise(() => {}));
  vi.spyOn(worker.performance, 'eventLoopUtilization').mockReturnValue({
    idle: 0,
    active: 0,
    utilization: 0,
  });
  return worker;
}

function processUses(msEachSecond: number): void {
  const cpuUsage = vi.spyOn(process, 'cpuUsage').mockImplementation(() => ({
    user: Date.now() * msEachSecond,
    system: 0,
  }));
  onTestFinished(() => cpuUsage.mockRestore());
}

test('a thread that can not even say what it had is given time while nobody has any', async () => {
  processUses(10);
  expect(await periodsOf(mute())).toBeGreaterThanOrEqual(10);
});

test('a thread that says nothing while the processor is busy with it is silent', async () => {
  processUses(1_000);
  expect(await periodsOf(mute())).toBe(1);
});
