/** What `Store` promises of results that were not acknowledged. */

import { describe, expect, onTestFinished, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import type { Unsent } from '../../src/model/unsent.ts';
import type { Store } from '../../src/ports.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { anna, bert, cora, digestNumbered, jobNumbered } from '../support/protocol-fixtures.ts';
import { stores } from './stores.ts';

const mostMiB = limits.unsentBytesMax / 2 ** 20;
const to = { requester: anna, addresses: ['anna:1', '192.0.2.7:7420'], job: jobNumbered(1) };

function resultOf(lease: number, value: Uint8Array = Uint8Array.of(lease & 255)): Unsent {
  const outcome = { type: 'result', digest: digestOf(value), value } as const;
  const work = digestNumbered(lease);
  return { ...to, replica: { lease, chunk: lease + 10, outcome, computeMs: 2.5, work } };
}

const failure: Unsent = {
  requester: bert,
  addresses: [],
  job: jobNumbered(2),
  replica: {
    lease: 2 ** 40,
    chunk: 0,
    outcome: { type: 'failure', failure: { kind: 'threw', detail: 'Error: no\n  at compute' } },
    computeMs: 7,
  },
};

const newYearMs = Date.UTC(2026, 0, 1);

const leasesIn = (store: Store): number[] =>
  store.listUnsent(0).map(({ replica }) => replica.lease);

describe.each(stores)('a store of %s', (_name, open) => {
  async function opened(): Promise<Store> {
    const store = await open();
    onTestFinished(() => store.close());
    return store;
  }

  test('gives back what was not acknowledged, in its order', async () => {
    const store = await opened();
    expect(store.listUnsent(0)).toEqual([]);
    store.putUnsent([resultOf(2), failure], 1_000);
    store.putUnsent([resultOf(1)], 2_000);
    const kept = store.listUnsent(0);
    expect(kept).toMatchObject([to, { requester: bert, addresses: [] }, to]);
    expect(kept.map(({ replica }) => replica.outcome.type)).toEqual([
      'result',
      'failure',
      'result',
    ]);
    expect(kept.map(({ replica }) => plain(replica))).toEqual(
      [resultOf(2), failure, resultOf(1)].map(({ replica }) => plain(replica)),
    );
  });

  test('forgets what was delivered, of its own requester and job alone', async () => {
    const store = await opened();
    store.putUnsent([resultOf(1), resultOf(2), resultOf(3)], 1_000);
    store.dropUnsent(bert, to.job, [1]);
    store.dropUnsent(anna, jobNumbered(9), [1]);
    expect(leasesIn(store)).toEqual([1, 2, 3]);
    store.dropUnsent(anna, to.job, [3, 1, 77]);
    expect(leasesIn(store)).toEqual([2]);
  });

  test('keeps one result a lease', async () => {
    const store = await opened();
    store.putUnsent([resultOf(1), resultOf(2)], 1_000);
    store.putUnsent([resultOf(1, Uint8Array.of(9))], 2_000);
    expect(leasesIn(store)).toEqual([2, 1]);
  });

  test('forgets what was kept for too long', async () => {
    const store = await opened();
    store.putUnsent([resultOf(1)], newYearMs);
    store.putUnsent([resultOf(2)], newYearMs + 1);
    expect(store.listUnsent(newYearMs + 1).map(({ replica }) => replica.lease)).toEqual([2]);
    expect(leasesIn(store)).toEqual([2]);
  });

  test('does not hold for old what was kept while the clock was not set', async () => {
    const store = await opened();
    store.putUnsent([resultOf(1)], 1_000);
    expect(store.listUnsent(newYearMs).map(({ replica }) => replica.lease)).toEqual([1]);
  });

  test('past the most results the oldest go', async () => {
    const store = await opened();
    const many = Array.from({ length: limits.unsentMax }, (_, lease) => resultOf(lease));
    store.putUnsent(many, 1_000);
    store.putUnsent([resultOf(limits.unsentMax), resultOf(limits.unsentMax + 1)], 2_000);
    const leases = leasesIn(store);
    expect([leases.length, leases[0], leases.at(-1)]).toEqual([
      limits.unsentMax,
      2,
      limits.unsentMax + 1,
    ]);
  });

  test('past the most bytes the oldest go', async () => {
    const store = await opened();
    const large = (lease: number): Unsent =>
      resultOf(lease, new Uint8Array(1024 * 1024).fill(lease));
    for (let lease = 0; lease < mostMiB + 2; lease++) store.putUnsent([large(lease)], 1_000);
    const leases = leasesIn(store);
    expect([leases.length, leases[0]]).toEqual([mostMiB, 2]);
  });

  test('who has the most gives up first, and nobody else loses anything', async () => {
    const store = await opened();
    const small = Array.from({ length: 100 }, (_, lease) => resultOf(lease));
    store.putUnsent(small, 1_000);
    for (const requester of [bert, cora]) {
      for (let lease = 0; lease < mostMiB / 2 + 8; lease++) {
        const value = new Uint8Array(1024 * 1024).fill(lease);
        store.putUnsent([{ ...resultOf(lease, value), requester }], 2_000);
      }
    }
    const count = (of: Unsent['requester']): number =>
      store.listUnsent(0).filter(({ requester }) => requester === of).length;
    // The two have all but a MiB, and the small ones are a part of that.
    expect([count(anna), count(bert) + count(cora)]).toEqual([100, mostMiB - 1]);
    expect(Math.abs(count(bert) - count(cora))).toBe(1);
  });
});

/** Bytes as SQLite gives them back are of another class. */
function plain(replica: Unsent['replica']): unknown {
  const { outcome } = replica;
  if (outcome.type !== 'result') return replica;
  return { ...replica, outcome: { ...outcome, value: [...outcome.value] } };
}
