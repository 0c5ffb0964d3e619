import { expect, test } from 'vitest';

import { leaseLengthMs, twinAfterMs } from '../../../../src/protocol/requester/grant.ts';
import { Turnaround } from '../../../../src/protocol/requester/turnaround.ts';

test('before the first result is back a lease goes by the limit alone, and nothing is late', () => {
  const turnaround = new Turnaround(4_000);
  expect(turnaround.leaseMs).toBe(leaseLengthMs(4_000, undefined));
  expect(turnaround.twinAfterMs).toBe(Infinity);
});

test('then both go by the mean, in which one result more weighs a twentieth', () => {
  const turnaround = new Turnaround(4_000);
  turnaround.add(1_000);
  turnaround.add(3_000);
  expect(turnaround.leaseMs).toBe(leaseLengthMs(4_000, 1_100));
  expect(turnaround.twinAfterMs).toBe(twinAfterMs(1_100));
});
