/**
 * Cuts many items into frames: few enough items and bytes in each to stay under the frame's bound.
 */

import { limits } from '../model/limits.ts';

/** Frames in order; at least one, so that an empty list is sent as such. */
export function fillFrames<T>(
  items: readonly T[],
  itemsMax: number,
  bytesOf: (item: T) => number,
): readonly (readonly T[])[] {
  const frames: T[][] = [];
  let frame: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const isFull = frame.length === itemsMax || bytes >= limits.frameFillBytes;
    if (isFull) {
      frames.push(frame);
      frame = [];
      bytes = 0;
    }
    frame.push(item);
    bytes += bytesOf(item);
  }
  frames.push(frame);
  return frames;
}
