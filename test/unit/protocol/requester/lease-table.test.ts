import { describe, expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { PeerId } from '../../../../src/model/ids.ts';
import { LeaseTable } from '../../../../src/protocol/requester/lease-table.ts';
import { replicasMax } from '../../../../src/protocol/requester/quorum.ts';
import { emptyTotals } from '../../../../src/protocol/requester/tally.ts';
import {
  anna,
  bert,
  cora,
  dora,
  digestNumbered,
  failureOf,
  jobNumbered,
  peerNumbered,
  resultOf,
  returnOf,
  self,
  specOf,
} from '../../../support/protocol-fixtures.ts';
import {
  accepted,
  chunksOf,
  contribution,
  counted,
  leaseOne,
  tableOf,
  unknown,
} from '../../../support/protocol-leases.ts';

describe('leasing', () => {
  test('the first peer gets fresh chunks in order, each under a lease of its own', () => {
    const table = tableOf(3);
    expect(table.lease(anna, 2, 0)).toEqual([
      { lease: 1, chunk: 0 },
      { lease: 2, chunk: 1 },
    ]);
    expect(table.lease(anna, 2, 0)).toEqual([{ lease: 3, chunk: 2 }]);
    expect(table.lease(anna, 2, 0)).toEqual([]);
  });

  test('the replicas of a chunk go to different peers, open ones before fresh ones', () => {
    const table = tableOf(4, { trust: { quorum: 3 } });
    expect(chunksOf(table.lease(anna, 2, 0))).toEqual([0, 1]);
    expect(chunksOf(table.lease(bert, 3, 0))).toEqual([0, 1, 2]);
    expect(chunksOf(table.lease(cora, 9, 0))).toEqual([0, 1, 2, 3]);
    expect(chunksOf(table.lease(dora, 9, 0))).toEqual([2, 3]);
    expect(chunksOf(table.lease(dora, 9, 0))).toEqual([]);
  });

  test('chunks that split yields later are leased when they are there', () => {
    const table = new LeaseTable(jobNumbered(1), specOf(), emptyTotals());
    expect(table.lease(anna, 5, 0)).toEqual([]);
    table.addChunks(2);
    expect(chunksOf(table.lease(anna, 5, 0))).toEqual([0, 1]);
    table.addChunks(1);
    expect(chunksOf(table.lease(anna, 5, 0))).toEqual([2]);
    expect(table.chunks).toBe(3);
  });

  test('open replicas are those of fresh chunks and those that open chunks still want', () => {
    const table = tableOf(10);
    expect(table.replicasOpen).toBe(20);
    table.lease(anna, 4, 0);
    expect(table.replicasOpen).toBe(16);
    table.lease(bert, 3, 0);
    expect(table.replicasOpen).toBe(13);
  });

  test('with a quorum of one, one replica of a chunk is leased and its result accepted', () => {
    const table = tableOf(1, { trust: { quorum: 1 } });
    const lease = leaseOne(table, anna);
    expect(table.lease(bert, 1, 0)).toEqual([]);
    expect(table.result(anna, resultOf(lease), 1)).toEqual(accepted(0));
  });
});

describe('results', () => {
  test('equal digests from as many peers as the quorum are accepted', () => {
    const table = tableOf(1);
    expect(table.result(anna, resultOf(leaseOne(table, anna)), 1)).toEqual(counted);
    expect(table.result(bert, resultOf(leaseOne(table, bert)), 2)).toEqual(accepted(0));
    expect(contribution(table, anna)).toEqual({
      leased: 1,
      returned: 1,
      accepted: 1,
      computeSeconds: 0.01,
    });
  });

  test('a dispute is settled by one more peer, and who disagreed has lost', () => {
    const table = tableOf(1);
    table.result(anna, resultOf(leaseOne(table, anna)), 1);
    expect(table.result(bert, resultOf(leaseOne(table, bert), 99), 2)).toEqual(counted);
    expect([table.disputed, table.disputesEver, table.replicasOpen]).toEqual([1, 1, 1]);
    expect(table.lease(anna, 1, 3)).toEqual([]);
    expect(table.lease(bert, 1, 3)).toEqual([]);
    expect(table.result(cora, resultOf(leaseOne(table, cora)), 4)).toEqual(accepted(0));
    expect([table.disputed, table.disputesEver, table.inFlight]).toEqual([0, 1, 0]);
    expect(contribution(table, bert)).toMatchObject({ returned: 1, lost: 1 });
    expect(contribution(table, cora)).toMatchObject({ returned: 1, accepted: 1 });
  });

  test('a result that was not leased so is unknown and changes nothing', () => {
    const table = tableOf(2);
    const lease = leaseOne(table, anna);
    const forged = [
      table.result(bert, resultOf(lease), 1),
      table.result(anna, resultOf({ ...lease, chunk: 1 }), 1),
      table.result(anna, resultOf({ ...lease, lease: 77 }), 1),
      table.result(anna, returnOf({ ...lease, lease: 0 }), 1),
    ];
    expect(forged).toEqual([unknown, unknown, unknown, unknown]);
    expect([table.inFlight, table.activeLeases, table.replicasOpen]).toEqual([1, 1, 3]);
    expect(contribution(table, anna)).toEqual({ leased: 1 });
    expect(contribution(table, bert)).toBeUndefined();
    expect(table.result(anna, resultOf(lease), 1)).toEqual(counted);
  });

  test('a result that comes twice counts once', () => {
    const table = tableOf(1);
    const lease = leaseOne(table, anna);
    expect(table.result(anna, resultOf(lease), 1)).toEqual(counted);
    expect(table.result(anna, resultOf(lease), 1)).toEqual(unknown);
    expect(contribution(table, anna)).toMatchObject({ returned: 1 });
  });

  test('a job is given up when as many replicas as the bound allows disagree', () => {
    const table = tableOf(1);
    const peers = Array.from({ length: replicasMax(2) }, (_, number) => peerNumbered(number));
    const settlements = peers.map((peer, number) =>
      table.result(peer, resultOf(leaseOne(table, peer), 100 + number), 1),
    );
    expect(settlements.slice(0, -1)).toEqual(peers.slice(1).map(() => counted));
    expect(settlements.at(-1)).toEqual({
      type: 'job-failed',
      failure: {
        type: 'chunk-disputed',
        chunk: 0,
        quorum: 2,
        groups: peers.map((peer, number) => ({
          digest: digestNumbered(100 + number),
          peers: [peer],
        })),
        failures: [],
      },
    });
  });

  test('large results of undecided chunks hold back no chunk', () => {
    const table = tableOf(300);
    const value = new Uint8Array(limits.resultBytesDefault);
    for (const { lease, chunk } of table.lease(anna, 200, 0)) {
      const outcome = { type: 'result', digest: digestNumbered(chunk), value } as const;
      table.result(anna, { lease, chunk, outcome, computeMs: 1 }, 1);
    }
    expect(chunksOf(table.lease(anna, 100, 2))).toHaveLength(100);
  });
});

describe('failures', () => {
  const failed = (kind: 'threw' | 'timed-out', peers: readonly PeerId[]) => ({
    type: 'job-failed',
    failure: { type: 'chunk-failed', chunk: 0, failure: { kind, detail: `it ${kind}` }, peers },
  });

  test('a chunk that fails the same way at as many peers as the quorum fails the job', () => {
    const table = tableOf(1);
    expect(table.result(anna, failureOf(leaseOne(table, anna)), 1)).toEqual(counted);
    const settlement = table.result(bert, failureOf(leaseOne(table, bert)), 2);
    expect(settlement).toEqual(failed('threw', [anna, bert]));
  });

  test('a chunk that fails at the requester itself fails the job at once', () => {
    const table = tableOf(1);
    const settlement = table.result(self, failureOf(leaseOne(table, self), 'timed-out'), 1);
    expect(settlement).toEqual(failed('timed-out', [self]));
  });

  test('failures of different kinds are each somebody else’s trouble, and others decide', () => {
    const totals = emptyTotals();
    const table = tableOf(1, {}, totals);
    expect(table.result(anna, failureOf(leaseOne(table, anna), 'threw'), 1)).toEqual(counted);
    expect(table.result(bert, failureOf(leaseOne(table, bert), 'timed-out'), 1)).toEqual(counted);
    expect(table.result(cora, resultOf(leaseOne(table, cora)), 1)).toEqual(counted);
    expect(table.result(dora, resultOf(leaseOne(table, dora)), 1)).toEqual(accepted(0));
    expect(totals.failures).toEqual({ ...emptyTotals().failures, 'timed-out': 1, threw: 1 });
    expect(contribution(table, anna)).toMatchObject({ returned: 1, failed: 1 });
  });

  test('a chunk that comes back uncomputed is leased again, to the same peer too', () => {
    const table = tableOf(1, { trust: { quorum: 1 } });
    for (let times = 0; times < 20; times++) {
      expect(table.result(anna, returnOf(leaseOne(table, anna)), 1)).toEqual(counted);
    }
    expect(contribution(table, anna)).toEqual({ leased: 20 });
    expect([table.inFlight, table.activeLeases, table.replicasOpen]).toEqual([0, 0, 1]);
  });
});

describe('bounds', () => {
  test('a peer holds at most its buffer of leases, whatever it asks', () => {
    const table = tableOf(10_000, { trust: { quorum: 1 } });
    const held = table.lease(anna, 10_000, 0);
    expect(held).toHaveLength(limits.leasesHeldMax);
    expect(table.lease(anna, 10, 0)).toEqual([]);
    for (const lease of held.slice(0, 3)) table.result(anna, resultOf(lease), 1);
    expect(table.lease(anna, 10, 1)).toHaveLength(3);
  });

  test('past the most open chunks only replicas of those are leased', () => {
    const table = tableOf(limits.openChunksMax + 100);
    const opened = openAll(table);
    expect(opened).toBe(limits.openChunksMax);
    const leases = table.lease(bert, 2, 1);
    expect(chunksOf(leases)).toEqual([0, 1]);
    for (const lease of leases)
      expect(table.result(bert, resultOf(lease), 2).type).toBe('accepted');
    expect(chunksOf(table.lease(anna, 9, 3))).toEqual([opened, opened + 1]);

    /** Anna votes on every chunk she can get. */
    function openAll(full: LeaseTable): number {
      let votes = 0;
      for (;;) {
        const leases = full.lease(anna, limits.leasesHeldMax, 0);
        if (leases.length === 0) return votes;
        for (const lease of leases) full.result(anna, resultOf(lease), 1);
        votes += leases.length;
      }
    }
  });

  test('no more chunks are opened than there is room for at present', () => {
    let room = 3;
    const table = new LeaseTable(jobNumbered(1), specOf(), emptyTotals(), () => room);
    table.addChunks(10);
    table.lease(anna, 9, 0);
    expect(table.open).toBe(3);
    room = 1;
    expect(table.lease(bert, 9, 0)).toHaveLength(3);
    expect(table.lease(cora, 9, 0)).toEqual([]);
    room = 5;
    expect(chunksOf(table.lease(cora, 9, 0))).toEqual([3, 4]);
  });

  test('past the most contributors newcomers get nothing, and those known go on', () => {
    const table = tableOf(2 * limits.contributorsMax, { trust: { quorum: 1 } });
    for (let number = 0; number < limits.contributorsMax; number++) {
      table.lease(peerNumbered(number), 1, 0);
    }
    expect(table.lease(anna, 1, 0)).toEqual([]);
    expect(table.lease(peerNumbered(0), 1, 0)).toHaveLength(1);
    expect(table.tally.size).toBe(limits.contributorsMax);
  });
});
