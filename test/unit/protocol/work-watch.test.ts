import { describe, expect, test } from 'vitest';

import { Awareness } from '../../../src/protocol/awareness.ts';
import { WorkWatch } from '../../../src/protocol/work-watch.ts';
import { anna, bert, peerNumbered } from '../../support/protocol-fixtures.ts';

const quiet = { pings: [], silent: [] };
const ping = (peer: typeof anna, id: number) => ({ pings: [{ peer, id }], silent: [] });
const gaveUp = (peer: typeof anna) => ({ pings: [], silent: [peer] });

function watching() {
  const awareness = new Awareness();
  const watch = new WorkWatch(awareness, { idleMs: 5_000, pongMs: 8_000 });
  watch.heard(anna, 1_000);
  return { awareness, watch };
}

describe('silence', () => {
  test('is met with one ping, and then given up', () => {
    const { watch } = watching();
    expect([watch.dueAtMs, watch.look(5_999)]).toEqual([6_000, quiet]);
    expect(watch.look(6_000)).toEqual(ping(anna, 1));
    expect([watch.dueAtMs, watch.look(13_999)]).toEqual([14_000, quiet]);
    expect(watch.look(14_000)).toEqual(gaveUp(anna));
    expect([watch.dueAtMs, watch.look(99_000)]).toEqual([Infinity, quiet]);
  });

  test('ends with any word', () => {
    const { watch } = watching();
    watch.look(6_000);
    watch.heard(anna, 13_000);
    expect([watch.look(14_000), watch.dueAtMs]).toEqual([quiet, 18_000]);
    expect(watch.look(18_000)).toEqual(ping(anna, 2));
  });

  test('of somebody whose silence does not matter costs nothing', () => {
    const { watch } = watching();
    const isNeeded = () => false;
    expect([watch.look(6_000, isNeeded), watch.dueAtMs]).toEqual([quiet, Infinity]);
    expect(watch.look(99_000)).toEqual(ping(anna, 1));
    // Waiting begins anew when it is needed again.
    watch.look(100_000, isNeeded);
    expect(watch.look(200_000)).toEqual(ping(anna, 2));
  });

  test('of who is gone is no news', () => {
    const { watch } = watching();
    watch.forget(anna);
    expect([watch.dueAtMs, watch.look(99_000)]).toEqual([Infinity, quiet]);
  });
});

describe('patience', () => {
  test('grows with this peer’s own trouble', () => {
    const { awareness, watch } = watching();
    watch.look(6_000);
    awareness.missed();
    expect([watch.look(14_000), watch.dueAtMs]).toEqual([quiet, 22_000]);
    watch.pong(anna, 1);
    expect(awareness.scale).toBe(1);
  });

  test('is not won by answers that nobody asked for', () => {
    const { awareness, watch } = watching();
    awareness.missed();
    watch.pong(anna, 0);
    watch.pong(bert, 1);
    watch.look(6_000);
    watch.pong(anna, 7);
    expect(awareness.scale).toBe(2);
    watch.pong(anna, 1);
    watch.pong(anna, 1);
    expect(awareness.scale).toBe(1);
  });

  test('doubles for one that was given up and came back', () => {
    const { watch } = watching();
    const waits: number[] = [];
    for (let times = 0; times < 6; times++) {
      const startMs = 1_000_000 * times;
      watch.heard(anna, startMs);
      expect(watch.look(startMs + 5_000).pings).toHaveLength(1);
      waits.push(watch.dueAtMs - startMs - 5_000);
      expect(watch.look(watch.dueAtMs)).toEqual(gaveUp(anna));
    }
    expect(waits).toEqual([8_000, 16_000, 32_000, 64_000, 64_000, 64_000]);
  });

  test('is remembered for as many as may be connected', () => {
    const { watch } = watching();
    const waitOf = (peer: typeof anna): number => {
      watch.heard(peer, 0);
      watch.look(5_000);
      return watch.dueAtMs - 5_000;
    };
    watch.look(6_000);
    expect(watch.look(14_000)).toEqual(gaveUp(anna));
    for (let number = 0; number < 1_023; number++) {
      waitOf(peerNumbered(number));
      watch.look(14_000);
    }
    expect(waitOf(anna)).toBe(16_000);
    watch.forget(anna);
    waitOf(bert);
    watch.look(14_000);
    expect(waitOf(anna)).toBe(8_000);
  });
});
