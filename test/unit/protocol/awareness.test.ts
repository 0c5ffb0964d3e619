import { expect, test } from 'vitest';

import { Awareness } from '../../../src/protocol/awareness.ts';

test('a healthy peer waits as long as it should, and no longer', () => {
  const awareness = new Awareness();
  awareness.woke(-Infinity, 0);
  awareness.woke(-0.7, 1_000);
  awareness.woke(20, 2_000);
  awareness.answered();
  expect([awareness.scale, awareness.deadlineMs(1_500, 1_000)]).toEqual([1, 2_500]);
});

test('who gets no answers is up to nine times as patient, and less so with every answer', () => {
  const awareness = new Awareness();
  const scales = (['missed', 'missed', 'answered'] as const).map((what) => {
    awareness[what]();
    return awareness.scale;
  });
  expect(scales).toEqual([2, 3, 2]);
  for (let times = 0; times < 100; times++) awareness.missed();
  expect([awareness.scale, awareness.deadlineMs(0, 1_000)]).toEqual([9, 9_000]);
});

test('a timer that fired late makes patient, and each second more so', () => {
  const awareness = new Awareness();
  awareness.woke(400, 10_000);
  expect(awareness.scale).toBe(2);
  awareness.woke(900, 11_000);
  expect(awareness.scale).toBe(3);
  // Neither was long enough for an answer to be missed that had come.
  expect(awareness.deadlineMs(5_000, 1_000)).toBe(8_000);
});

test('after it was asleep nobody is judged before they had time to answer', () => {
  const awareness = new Awareness();
  awareness.woke(2_500, 100_000);
  expect(awareness.deadlineMs(5_000, 1_000)).toBe(104_000);
  expect(awareness.deadlineMs(101_000, 1_000)).toBe(105_000);
});

test('time without trouble heals, one point in ten seconds', () => {
  const awareness = new Awareness();
  awareness.woke(3_000, 100_000);
  expect(awareness.scale).toBe(5);
  const scales = [109_999, 110_000, 110_001, 119_999, 120_000].map((ms) => {
    awareness.woke(0, ms);
    return awareness.scale;
  });
  expect(scales).toEqual([5, 4, 4, 4, 3]);
});
