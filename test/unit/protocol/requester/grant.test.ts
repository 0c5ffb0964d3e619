import { describe, expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import {
  grantSize,
  leaseLengthMs,
  openRoom,
  twinAfterMs,
} from '../../../../src/protocol/requester/grant.ts';
import { jobNumbered } from '../../../support/protocol-fixtures.ts';

describe('leases granted at a time', () => {
  test.each([
    { demand: 100, remaining: Infinity, askers: 1, granted: 100 },
    { demand: 100, remaining: 1000, askers: 1, granted: 100 },
    { demand: 100, remaining: 100, askers: 1, granted: 50 },
    { demand: 100, remaining: 101, askers: 1, granted: 51 },
    { demand: 100, remaining: 100, askers: 5, granted: 10 },
    { demand: 4, remaining: 100, askers: 5, granted: 4 },
    { demand: 100, remaining: 3, askers: 50, granted: 1 },
    { demand: 100, remaining: 0, askers: 2, granted: 1 },
    { demand: 0, remaining: 100, askers: 2, granted: 0 },
    { demand: 100, remaining: 100, askers: 0, granted: 50 },
  ])('$demand wanted, $remaining left, $askers asking: $granted', (given) => {
    expect(grantSize(given.demand, given.remaining, given.askers)).toBe(given.granted);
  });
});

describe('chunks of a job that may be open', () => {
  const { openChunksMax, openChunksEachMin } = limits;

  test.each([
    { open: [70], room: openChunksMax },
    { open: [70, 0, 100], room: openChunksMax - 100 },
    // Those that bound theirs by themselves.
    { open: [70, undefined], room: openChunksMax },
    { open: [0, openChunksMax], room: openChunksEachMin },
    { open: [0, openChunksMax / 2, openChunksMax], room: openChunksEachMin },
  ])('$open are open of it and of others: $room', ({ open, room }) => {
    const runs = open.map((count, index) => ({
      job: jobNumbered(index),
      table: count === undefined ? {} : { open: count },
    }));
    expect(openRoom(jobNumbered(0), runs)).toBe(room);
  });
});

describe('how long a lease lasts', () => {
  test.each([
    { wallMsMax: 1_000, turnaroundMs: undefined, leaseMs: 12_000 },
    { wallMsMax: 60_000, turnaroundMs: undefined, leaseMs: 130_000 },
    { wallMsMax: 1_000, turnaroundMs: 0, leaseMs: 11_000 },
    { wallMsMax: 1_000, turnaroundMs: 500, leaseMs: 15_000 },
    { wallMsMax: 1_000, turnaroundMs: 0.01, leaseMs: 11_001 },
    { wallMsMax: 2 ** 32 - 1, turnaroundMs: undefined, leaseMs: 2 ** 32 - 1 },
  ])('$wallMsMax ms a chunk, $turnaroundMs ms as usual: $leaseMs ms', (given) => {
    expect(leaseLengthMs(given.wallMsMax, given.turnaroundMs)).toBe(given.leaseMs);
  });
});

describe('how old a lease is before it gets a twin', () => {
  test.each([
    { turnaroundMs: undefined, twinMs: Infinity },
    { turnaroundMs: 1, twinMs: 500 },
    { turnaroundMs: 250, twinMs: 500 },
    { turnaroundMs: 3_000, twinMs: 6_000 },
  ])('$turnaroundMs ms as usual: $twinMs ms', ({ turnaroundMs, twinMs }) => {
    expect(twinAfterMs(turnaroundMs)).toBe(twinMs);
  });
});
