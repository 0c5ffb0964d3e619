import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import type { Unsent } from '../../../../src/model/unsent.ts';
import { Awareness } from '../../../../src/protocol/awareness.ts';
import { Deliveries, type Engaged } from '../../../../src/protocol/volunteer/deliveries.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import { RequesterLinks } from '../../../../src/protocol/volunteer/requester-links.ts';
import {
  anna,
  digestNumbered,
  jobNumbered,
  offerOf,
  ofType,
  peerNumbered,
  self,
  startUnixMs,
  valueOf,
} from '../../../support/protocol-fixtures.ts';

const job = jobNumbered(1);
const nothing: Engaged = {
  isRunning: () => false,
  has: () => false,
  destinations: [],
  isOver: false,
};

function owed(requester: PeerId, count = 1, value = valueOf(1)): Unsent[] {
  return Array.from({ length: count }, (_, index) => {
    const lease = index + 1;
    const outcome = { type: 'result', digest: digestNumbered(1), value } as const;
    const replica = { lease, chunk: lease, outcome, computeMs: 1 };
    return { requester, addresses: ['there:1'], job, replica };
  });
}

/** On the slowest line that is waited for. */
function timeOf(bytes: number): number {
  return Math.ceil(bytes / 32);
}

/** Nothing is computed: there are only results to be delivered. */
function postman(unsent: readonly Unsent[]) {
  const links = new RequesterLinks(self, new Awareness());
  const book = new OfferBook();
  const deliveries = new Deliveries({ self, links, book, unsent });
  const up = (peer: PeerId, nowMs: number): Effect[] => {
    links.cameUp(peer, nowMs);
    return deliveries.cameUp(peer, new Map(), nowMs);
  };
  const down = (peer: PeerId, nowMs: number): void => {
    links.wentDown(peer, nowMs);
    deliveries.wentDown(peer);
  };
  /** @returns to whom streams are opened */
  const opened = (nowMs: number, engaged = nothing): PeerId[] => {
    const effects = deliveries.advance(engaged, nowMs);
    links.forgetOverdue(nowMs, deliveries.outbox.waiting);
    return ofType(effects, 'open-work').map(({ requester }) => requester);
  };
  return { deliveries, book, up, down, opened };
}

describe('a requester that acknowledges', () => {
  test('keeps its stream, however slowly: a disk may take its time', () => {
    const { deliveries, up, opened } = postman(owed(anna, 10));
    opened(0);
    up(anna, 10);
    for (let lease = 1; lease <= 9; lease++) {
      deliveries.acknowledged(anna, job, [lease], lease * 59_000);
      expect(deliveries.advance(nothing, lease * 59_000)).toEqual([]);
    }
    deliveries.acknowledged(anna, job, [10], 600_000);
    const closed = { type: 'close-work', requester: anna };
    expect(deliveries.advance(nothing, 600_000)).toEqual([closed]);
  });

  test('after a minute without one is let go, and tried again', () => {
    const { deliveries, up, opened } = postman(owed(anna));
    opened(0);
    up(anna, 10);
    const lateMs = 60_000 + timeOf(deliveries.outbox.owedBytes(anna));
    expect(lateMs).toBeLessThan(60_050);
    expect(deliveries.dueAtMs).toBe(lateMs);
    expect(deliveries.advance(nothing, lateMs - 1)).toEqual([]);
    expect(ofType(deliveries.advance(nothing, lateMs), 'close-work')).toHaveLength(1);
    expect([opened(lateMs + 999), opened(lateMs + 1_000)]).toEqual([[], [anna]]);
  });

  test('has the time for large results that a slow line takes, and no more', () => {
    const { deliveries, up, opened } = postman(owed(anna, 2, new Uint8Array(4 * 2 ** 20)));
    opened(0);
    up(anna, 10);
    expect(deliveries.advance(nothing, 300_000)).toEqual([]);
    deliveries.acknowledged(anna, job, [1], 300_000);
    const lateMs = 360_000 + timeOf(deliveries.outbox.owedBytes(anna));
    expect(deliveries.dueAtMs).toBe(lateMs);
    expect(deliveries.advance(nothing, lateMs - 1)).toEqual([]);
    expect(ofType(deliveries.advance(nothing, lateMs), 'close-work')).toHaveLength(1);
  });
});

describe('a requester that is there and acknowledges nothing', () => {
  test.each([
    ['empty acknowledgements', []],
    ['acknowledgements of what it never got', [77]],
  ])('is not kept for %s', (_what, leases) => {
    const { deliveries, up, opened } = postman(owed(anna));
    opened(0);
    up(anna, 10);
    deliveries.acknowledged(anna, job, leases, 50_000);
    expect(ofType(deliveries.advance(nothing, 60_050), 'close-work')).toHaveLength(1);
  });

  test('is left alone for longer each time, though it comes up and offers something anew', () => {
    const { book, up, down, opened } = postman(owed(anna));
    const attempts: number[] = [];
    for (let ms = 0; ms < 1_000_000; ms += 1_000) {
      const expiresAtMs = startUnixMs + ms + 60_000;
      book.receive(offerOf({ sequence: ms + 1, expiresAtMs }), startUnixMs + ms);
      if (opened(ms).length === 0) continue;
      attempts.push(ms / 1_000);
      up(anna, ms);
      down(anna, ms);
    }
    expect(attempts).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811]);
  });

  test('and then does is tried again soon after a cut', () => {
    const { deliveries, up, down, opened } = postman(owed(anna, 2));
    for (const ms of [0, 1_000, 3_000]) {
      expect(opened(ms)).toEqual([anna]);
      up(anna, ms);
      down(anna, ms);
    }
    expect(opened(7_000)).toEqual([anna]);
    up(anna, 7_000);
    deliveries.acknowledged(anna, job, [1], 7_010);
    down(anna, 7_020);
    expect(opened(8_020)).toEqual([anna]);
  });

  test('lets those behind it have their turn', () => {
    const bad = Array.from({ length: 8 }, (_, number) => peerNumbered(number));
    const { up, opened } = postman([...bad, anna].flatMap((peer) => owed(peer)));
    const order: PeerId[] = [];
    for (let ms = 0; ms <= 130_000; ms += 1_000) {
      for (const peer of opened(ms)) {
        order.push(peer);
        up(peer, ms);
      }
    }
    expect(order.slice(0, 9)).toEqual([...bad, anna]);
  });
});

describe('while others wait for its place', () => {
  const value = new Uint8Array(16 * 2 ** 20);
  const bad = Array.from({ length: 4 }, (_, number) => peerNumbered(number));

  /** Four requesters have all places, and the last one waits. */
  function crowded() {
    const crowd = postman([...bad.flatMap((peer) => owed(peer, 1, value)), ...owed(anna)]);
    expect(crowd.opened(0)).toEqual(bad);
    for (const peer of bad) crowd.up(peer, 0);
    return crowd;
  }

  test('a requester that takes nothing has half a minute', () => {
    const { deliveries, opened } = crowded();
    expect(deliveries.dueAtMs).toBe(30_000);
    expect([opened(29_999), opened(30_000)]).toEqual([[], [anna]]);
  });

  test('no more give way than wait', () => {
    const { deliveries } = crowded();
    expect(ofType(deliveries.advance(nothing, 30_000), 'close-work')).toHaveLength(1);
    expect(ofType(deliveries.advance(nothing, 30_999), 'close-work')).toEqual([]);
  });

  test('one that takes large results at the least rate keeps its own', () => {
    const { deliveries, opened } = crowded();
    for (let ms = 2_048; ms <= 500_000; ms += 2_048) {
      for (const peer of bad) deliveries.took(peer, 64 * 2 ** 10, ms);
      expect(opened(ms)).toEqual([]);
    }
    expect(opened(530_000)).toEqual([anna]);
  });

  test('what was taken is not paid for again when it is acknowledged', () => {
    const mebibyte = new Uint8Array(2 ** 20);
    const many = bad.flatMap((peer) => owed(peer, 10, mebibyte));
    const { deliveries, up, opened } = postman([...many, ...owed(anna)]);
    expect(opened(0)).toEqual(bad);
    for (const peer of bad) up(peer, 0);
    // At two thirds of the least rate the half minute that comes first is used up by the second.
    let givenUpMs = 0;
    for (let lease = 1; givenUpMs === 0 && lease <= 10; lease++) {
      const ms = lease * 49_152;
      for (const peer of bad) deliveries.took(peer, 2 ** 20, ms);
      for (const peer of bad) deliveries.acknowledged(peer, job, [lease], ms);
      if (opened(ms).length > 0) givenUpMs = ms;
    }
    expect(givenUpMs).toBe(2 * 49_152);
  });

  test('what this peer delivers to itself takes no place, and gives up none', () => {
    const { deliveries, up, opened } = postman(owed(self));
    up(self, 0);
    expect(deliveries.takeOver(self)).toEqual([]);
    for (const peer of bad) deliveries.add({ requester: peer, addresses: ['there:1'], job }, [], 0);
    const others = [...bad, anna].flatMap((peer) => owed(peer));
    for (const { replica, ...to } of others) deliveries.add(to, [replica], 0);
    expect(opened(200)).toEqual(bad);
    for (const peer of bad) up(peer, 200);
    const closed = ofType(deliveries.advance(nothing, 30_200), 'close-work');
    expect(closed.map(({ requester }) => requester)).toEqual(bad.slice(0, 1));
  });

  test('one that acknowledges something small now and then does not', () => {
    const many = bad.flatMap((peer) => owed(peer, 4_000));
    const { deliveries, up, opened } = postman([...many, ...owed(anna)]);
    expect(opened(0)).toEqual(bad);
    for (const peer of bad) up(peer, 0);
    for (let lease = 1; lease <= 3; lease++) {
      for (const peer of bad) deliveries.acknowledged(peer, job, [lease], lease * 9_900);
      expect(opened(lease * 9_900)).toEqual([]);
    }
    expect(opened(30_100)).toEqual([anna]);
  });

  test('sixteen that take nothing are behind an honest one within two minutes', () => {
    const strangers = Array.from({ length: 16 }, (_, number) => peerNumbered(number));
    const all = [...strangers.flatMap((peer) => owed(peer)), ...owed(anna)];
    const { up, opened } = postman(all);
    const served: PeerId[] = [];
    for (let ms = 0; ms <= 120_000; ms += 1_000) {
      const peers = opened(ms);
      served.push(...peers);
      for (const peer of peers) up(peer, ms);
    }
    expect(served.slice(0, 17)).toEqual([...strangers, anna]);
  });
});

describe('a stream that was open for work', () => {
  const others = Array.from({ length: 9 }, (_, number) => peerNumbered(number));

  /** This peer computed for all of them. */
  function parted() {
    const post = postman(others.flatMap((peer) => owed(peer)));
    const engaged = { ...nothing, has: () => true };
    const destinations = post.deliveries.outbox.destinations;
    expect(post.opened(0, { ...engaged, destinations })).toEqual(others);
    for (const peer of others) post.up(peer, 0);
    return { ...post, last: others.map((peer) => post.deliveries.takeOver(peer)) };
  }

  test('is kept for what is owed, as far as there is room for it', () => {
    const { last } = parted();
    expect(last.slice(0, 8)).toEqual(others.slice(0, 8).map(() => []));
    expect(ofType(last[8] ?? [], 'close-work')).toEqual([
      { type: 'close-work', requester: others[8] },
    ]);
  });

  test('and found none waits for its turn, with all that was sent', () => {
    const { deliveries, opened } = parted();
    const [ninth] = others.slice(8);
    if (ninth === undefined) throw new Error('there is no ninth');
    expect(opened(29_999)).toEqual([]);
    expect(opened(30_000)).toEqual([ninth]);
    expect(deliveries.outbox.waiting.get(ninth)).toBe(1);
  });

  test('that nothing is owed over is closed', () => {
    const { deliveries, up, opened } = postman(owed(anna));
    opened(0);
    up(anna, 0);
    deliveries.acknowledged(anna, job, [1], 10);
    expect(deliveries.takeOver(anna)).toEqual([{ type: 'close-work', requester: anna }]);
  });
});

test('many that are gone are each left alone for longer, though there are few streams', () => {
  const gone = Array.from({ length: 40 }, (_, number) => peerNumbered(number));
  const { down, opened } = postman(gone.flatMap((peer) => owed(peer)));
  const attempts = new Map<PeerId, number>();
  for (let ms = 0; ms < 3_600_000; ms += 250) {
    for (const peer of opened(ms)) {
      attempts.set(peer, (attempts.get(peer) ?? 0) + 1);
      down(peer, ms);
    }
  }
  // 1 s, 2 s and so on to 5 minutes, and then each 5 minutes: within an hour some 20.
  expect(attempts.size).toBe(40);
  for (const count of attempts.values()) {
    expect(count).toBeGreaterThan(15);
    expect(count).toBeLessThan(22);
  }
});

describe('when all is over', () => {
  const over = { ...nothing, isOver: true };

  test('who acknowledges has one more minute in all', () => {
    const { deliveries, up, opened } = postman(owed(anna, 10));
    opened(0);
    up(anna, 10);
    deliveries.advance(over, 20);
    for (const ms of [20_000, 40_000]) deliveries.acknowledged(anna, job, [ms / 20_000], ms);
    expect([deliveries.isExpecting, deliveries.dueAtMs]).toEqual([true, 60_000]);
    expect(ofType(deliveries.advance(over, 60_000), 'close-work')).toHaveLength(1);
    expect([deliveries.isExpecting, deliveries.outbox.waiting.get(anna)]).toEqual([false, 8]);
  });

  test('nobody is dialled any more', () => {
    const { opened } = postman(owed(anna));
    expect([opened(0, over), opened(600_000, over)]).toEqual([[], []]);
  });
});
