import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { ReadPace } from '../../../src/transport/read-pace.ts';

const MiB = 2 ** 20;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function paced() {
  const calls: string[] = [];
  const stream = { pause: () => calls.push('pause'), resume: () => calls.push('resume') };
  return { pace: new ReadPace(stream), calls };
}

test('twice as many offers as there may be are read at once, then the stream waits', () => {
  const { pace, calls } = paced();
  for (let frame = 0; frame < 8192 - 1; frame++) pace.read(0);
  expect(calls).toEqual([]);
  pace.read(4096);
  expect(calls).toEqual(['pause']);
  vi.advanceTimersByTime(2);
  expect(calls).toEqual(['pause', 'resume']);
});

test('it waits for as long as its bytes are too many, 2 MiB in a second', () => {
  const { pace, calls } = paced();
  pace.read(32 * MiB - 4096);
  pace.read(MiB - 4096);
  pace.read(MiB - 4096);
  vi.advanceTimersByTime(1023);
  expect(calls).toEqual(['pause']);
  vi.advanceTimersByTime(1);
  expect(calls).toEqual(['pause', 'resume']);
  pace.read(0);
  expect(calls).toEqual(['pause', 'resume', 'pause']);
});

test('a stream that is over is not touched', () => {
  const { pace, calls } = paced();
  pace.read(33 * MiB);
  pace.end();
  vi.advanceTimersByTime(10_000);
  expect(calls).toEqual(['pause']);
});
