import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { fillFrames } from '../../../src/wire/frame-filling.ts';

const asIs = (bytes: number): number => bytes;

test('items that fit travel in one frame, in order', () => {
  expect(fillFrames([3, 1, 2], 3, asIs)).toEqual([[3, 1, 2]]);
  expect(fillFrames([], 3, asIs)).toEqual([[]]);
});

test('a frame holds so many items and no more', () => {
  const items = Array.from({ length: 201 }, () => 1);
  expect(fillFrames(items, 100, asIs).map((frame) => frame.length)).toEqual([100, 100, 1]);
});

test('a frame is closed once it is filled, so that it stays under its bound', () => {
  const items = Array.from({ length: 5 }, () => limits.chunkInputBytesMax);
  const frames = fillFrames(items, 100, asIs);
  expect(frames.map((frame) => frame.length)).toEqual([2, 2, 1]);
  const largest = Math.max(...frames.map((frame) => frame.reduce((sum, bytes) => sum + bytes)));
  expect(largest).toBeLessThan(limits.frameBytesMax);
});
