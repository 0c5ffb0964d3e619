import { describe, expect, test } from 'vitest';

import {
  FORWARD_JOIN_PACE,
  SHUFFLE_EVERY_MS,
  SHUFFLE_PACE,
  WalkPace,
} from '../../../../src/protocol/overlay/walk-pace.ts';

const pace = { countMax: 4, everyMs: 100 };

describe('what is received', () => {
  test('is taken up to its pace, and dropped beyond it', () => {
    const walks = new WalkPace(pace);
    const verdicts = Array.from({ length: 5 }, () => walks.received(0));
    expect(verdicts).toEqual(['take', 'take', 'take', 'take', 'drop']);
    expect(walks.received(99)).toBe('drop');
    expect(walks.received(100)).toBe('take');
  });

  test('is a flood after 64 too many in a row', () => {
    const walks = new WalkPace(pace);
    const verdicts = Array.from({ length: 4 + 65 }, () => walks.received(0));
    expect(verdicts.indexOf('flood')).toBe(4 + 64);
  });

  test('is no flood while some of it is taken', () => {
    const walks = new WalkPace(pace);
    const verdicts = Array.from({ length: 1_000 }, (_, index) => walks.received(index * 10));
    expect(new Set(verdicts)).toEqual(new Set(['take', 'drop']));
  });
});

test.each([
  ['shuffles', SHUFFLE_PACE],
  ['forwarded joins', FORWARD_JOIN_PACE],
])('%s as fast as they may be sent are all taken, even when some come together', (_, pace) => {
  const sender = new WalkPace(pace);
  const receiver = new WalkPace(pace);
  const waiting: number[] = [];
  const verdicts = new Set<string>();
  for (let ms = 0; ms < 600_000; ms += 100) {
    if (sender.maySend(ms)) waiting.push(ms);
    // What was sent within five seconds arrives at once.
    if (ms % 5_000 === 0)
      for (const _sent of waiting.splice(0)) verdicts.add(receiver.received(ms));
  }
  expect(verdicts).toEqual(new Set(['take']));
});

test('a correct neighbour needs less than half of what it may send', () => {
  // Seven links for each shuffle, over five links.
  const everyMs = SHUFFLE_EVERY_MS / (7 / 5);
  const sender = new WalkPace(SHUFFLE_PACE);
  for (let ms = 0; ms < 3_600_000; ms += everyMs / 2) expect(sender.maySend(ms)).toBe(true);
});
