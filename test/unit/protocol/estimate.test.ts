import { describe, expect, test } from 'vitest';

import { MovingMean, RateMeter } from '../../../src/protocol/estimate.ts';

describe('a moving mean', () => {
  test('is unknown before the first sample, and the first sample after it', () => {
    const mean = new MovingMean(0.1);
    expect(mean.value).toBeUndefined();
    mean.add(40);
    expect(mean.value).toBe(40);
  });

  test('moves to a new sample by its weight', () => {
    const mean = new MovingMean(0.25);
    mean.add(100);
    mean.add(200);
    expect(mean.value).toBe(125);
  });

  test('forgets what was long ago', () => {
    const mean = new MovingMean(0.3);
    mean.add(1_000_000);
    for (let times = 0; times < 100; times++) mean.add(5);
    expect(mean.value).toBeCloseTo(5, 6);
  });
});

/** A clock's reading after months of uptime, not on a bucket's edge. */
const lateMs = 9_876_543_210.123;

describe.each([0, 123.4, lateMs])('a rate that starts at %d ms', (startMs) => {
  test('is 0 before anything happened', () => {
    expect(new RateMeter().perSecond(startMs)).toBe(0);
  });

  test('is events a second since the first, while that is less than the window', () => {
    const rate = new RateMeter();
    for (let ms = 0; ms < 5_000; ms += 100) rate.add(1, startMs + ms);
    expect(rate.perSecond(startMs + 5_000)).toBeCloseTo(10, 6);
  });

  test('follows the last ten seconds, whatever was before', () => {
    const rate = new RateMeter();
    for (let ms = 0; ms < 30_000; ms += 100) rate.add(7, startMs + ms);
    for (let ms = 30_000; ms < 45_000; ms += 100) rate.add(2, startMs + ms);
    const perSecond = rate.perSecond(startMs + 45_000);
    expect(perSecond).toBeGreaterThan(19);
    expect(perSecond).toBeLessThan(21);
  });

  test('falls to 0 in an idle gap, and what was before the gap never comes back', () => {
    const rate = new RateMeter();
    for (let ms = 0; ms < 5_000; ms += 100) rate.add(1, startMs + ms);
    expect(rate.perSecond(startMs + 65_000)).toBe(0);
    rate.add(5, startMs + 65_000);
    const perSecond = rate.perSecond(startMs + 65_000);
    expect(perSecond).toBeGreaterThanOrEqual(0.5);
    expect(perSecond).toBeLessThan(0.53);
  });

  test('of a single burst is never more than over half a second', () => {
    const rate = new RateMeter();
    rate.add(100, startMs);
    expect(rate.perSecond(startMs)).toBe(200);
  });
});
