import { describe, expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { PeerId } from '../../../../src/model/ids.ts';
import type { JobSpec } from '../../../../src/model/job.ts';
import type { RequesterSend } from '../../../../src/model/messages.ts';
import type { Lease } from '../../../../src/model/replica.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { LeaseTable } from '../../../../src/protocol/requester/lease-table.ts';
import { RequesterJob } from '../../../../src/protocol/requester/requester-job.ts';
import { emptyTotals } from '../../../../src/protocol/requester/tally.ts';
import {
  anna,
  bert,
  cora,
  digestNumbered,
  failureOf,
  jobNumbered,
  ofType,
  resultOf,
  specOf,
  valueOf,
} from '../../../support/protocol-fixtures.ts';

const job = jobNumbered(1);

function jobOf(changes: Partial<JobSpec>): RequesterJob {
  const spec = specOf(changes);
  return new RequesterJob(job, spec, new LeaseTable(job, spec, emptyTotals()), 0);
}

function runOf(chunks: number, changes: Partial<JobSpec> = {}): RequesterJob {
  const run = jobOf(changes);
  run.table.addChunks(chunks);
  run.table.endSplit();
  return run;
}

const trustAll = { trust: { quorum: 1 } };
const stored = (...chunks: number[]): Effect => ({
  type: 'store-results',
  job,
  results: chunks.map((chunk) => ({
    chunk,
    digest: digestNumbered(chunk),
    value: valueOf(chunk),
  })),
});
const sent = (to: PeerId, message: RequesterSend): Effect => ({
  type: 'send-to-volunteer',
  to,
  message,
});
const acknowledged = (to: PeerId, ...leases: number[]) =>
  sent(to, { type: 'acknowledge', job, leases });

/** Who was leased how many, frame by frame. */
function grants(effects: readonly Effect[]): [PeerId, number][] {
  return ofType(effects, 'send-to-volunteer').flatMap(({ to, message }) =>
    message.type === 'leases' ? [[to, message.chunks.length] as [PeerId, number]] : [],
  );
}

function ask(run: RequesterJob, peer: PeerId, count: number, nowMs = 0): Lease[] {
  run.ask(peer, count);
  return ofType(run.serve(nowMs), 'send-to-volunteer').flatMap(({ to, message }) =>
    to === peer && message.type === 'leases' ? message.chunks : [],
  );
}

/** The right results of a peer's leases. */
function give(run: RequesterJob, peer: PeerId, leases: readonly Lease[], nowMs: number): Effect[] {
  const replicas = leases.map((lease) => resultOf(lease));
  return run.results(peer, replicas, nowMs);
}

describe('asks', () => {
  test('an ask is answered with leases and how long they last', () => {
    const run = runOf(100);
    run.ask(anna, 2);
    const chunks = [
      { lease: 1, chunk: 0 },
      { lease: 2, chunk: 1 },
    ];
    expect(run.serve(0)).toEqual([sent(anna, { type: 'leases', job, leaseMs: 12_000, chunks })]);
    expect(run.serve(0)).toEqual([]);
  });

  test('an ask stands until there are chunks', () => {
    const run = jobOf(trustAll);
    run.ask(anna, 5);
    expect(run.serve(0)).toEqual([]);
    run.table.addChunks(3);
    expect(grants(run.serve(1))).toEqual([[anna, 3]]);
    run.table.addChunks(3);
    expect(grants(run.serve(2))).toEqual([[anna, 2]]);
  });

  test('scarce leases reach everybody in turn', () => {
    const run = jobOf(trustAll);
    const askers = [anna, bert, cora];
    for (const peer of askers) run.ask(peer, 10);
    const served = [1, 2, 3, 4].flatMap((ms) => {
      run.table.addChunks(1);
      return grants(run.serve(ms));
    });
    expect(served).toEqual([
      [anna, 1],
      [bert, 1],
      [cora, 1],
      [anna, 1],
    ]);
  });

  test('the rest of a job is shared, so that nobody gets the whole tail', () => {
    const run = runOf(60, trustAll);
    run.ask(anna, 30);
    run.ask(bert, 30);
    const got = new Map<PeerId, number>();
    for (const [peer, count] of grants(run.serve(0))) got.set(peer, (got.get(peer) ?? 0) + count);
    expect(got.get(anna)).toBe(30);
    expect(got.get(bert)).toBe(30);
  });

  test('a demand is never more than a volunteer may hold', () => {
    const run = jobOf(trustAll);
    for (let times = 0; times < 10; times++) run.ask(anna, limits.leasesHeldMax);
    run.table.addChunks(3 * limits.leasesHeldMax);
    expect(grants(run.serve(0))).toEqual([[anna, limits.leasesHeldMax]]);
    expect(grants(run.serve(0))).toEqual([]);
  });

  test('a peer that went away is served no more', () => {
    const run = runOf(0);
    run.ask(anna, 5);
    run.peerGone(anna, 0);
    run.table.addChunks(5);
    expect(run.serve(0)).toEqual([]);
  });
});

describe('results', () => {
  test('accepted results are stored before the volunteer hears that they have arrived', () => {
    const run = runOf(10, trustAll);
    const leases = ask(run, anna, 2);
    expect(give(run, anna, leases, 5)).toEqual([stored(0, 1), acknowledged(anna, 1, 2)]);
  });

  test('results that decide nothing are acknowledged too, and so are those never leased', () => {
    const run = runOf(10);
    const [lease] = ask(run, anna, 1);
    if (lease === undefined) throw new Error('no lease');
    const forged = { lease: 99, chunk: 3 };
    expect(run.results(anna, [resultOf(lease), resultOf(forged)], 5)).toEqual([
      acknowledged(anna, 1, 99),
    ]);
  });

  test('that all chunks are accepted is said once, after the last result was stored', () => {
    const run = runOf(2, trustAll);
    const leases = ask(run, anna, 5);
    const frame = leases.map((lease) => resultOf(lease));
    const effects = run.results(anna, frame, 5);
    expect(effects).toEqual([
      stored(0, 1),
      acknowledged(anna, 1, 2),
      { type: 'all-accepted', job },
    ]);
    expect(run.over).toBe(true);
    expect(run.results(anna, frame, 6)).toEqual([acknowledged(anna, 1, 2)]);
    expect([run.complete(), run.serve(7), run.tick(9_999)]).toEqual([[], [], []]);
    expect(run.dueAtMs).toBe(Infinity);
  });

  test('the job is not complete while split may yield more', () => {
    const run = jobOf(trustAll);
    run.table.addChunks(1);
    const leases = ask(run, anna, 1);
    give(run, anna, leases, 1);
    expect(run.complete()).toEqual([]);
    run.table.endSplit();
    expect(run.complete()).toEqual([{ type: 'all-accepted', job }]);
    expect(run.complete()).toEqual([]);
  });

  test('leases of a decided chunk that are still out are revoked', () => {
    const run = runOf(2, trustAll);
    const [quick, slow] = ask(run, anna, 2);
    if (quick === undefined || slow === undefined) throw new Error('no leases');
    run.results(anna, [resultOf(quick)], 10);
    const [twin] = ask(run, bert, 1, 1_000);
    if (twin === undefined) throw new Error('no twin');
    expect(run.results(bert, [resultOf(twin)], 1_001)).toEqual([
      stored(1),
      sent(anna, { type: 'revoke', job, leases: [slow.lease] }),
      acknowledged(bert, twin.lease),
      { type: 'all-accepted', job },
    ]);
  });

  test('when a chunk fails the job, what was accepted before is stored, and nothing after', () => {
    const run = runOf(3, trustAll);
    const [first, second, third] = ask(run, anna, 3);
    if (first === undefined || second === undefined || third === undefined) throw new Error();
    const frame = [resultOf(first), failureOf(second), resultOf(third)];
    const effects = run.results(anna, frame, 5);
    const failure = { kind: 'threw', detail: 'it threw' } as const;
    expect(effects).toEqual([
      stored(0),
      {
        type: 'job-failed',
        job,
        failure: { type: 'chunk-failed', chunk: 1, failure, peers: [anna] },
      },
      acknowledged(anna, 1, 2, 3),
    ]);
    expect([run.over, run.serve(6)]).toEqual([true, []]);
  });
});

describe('checks', () => {
  test('an idle job needs no wake, one that waits for somebody does', () => {
    const run = runOf(5);
    run.serve(0);
    expect(run.dueAtMs).toBe(Infinity);
    ask(run, anna, 1, 100);
    expect(run.dueAtMs).toBe(600);
    run.tick(600);
    expect(run.dueAtMs).toBe(1_100);
  });

  test('traffic does not put off the look for expired leases', () => {
    const run = runOf(1_000, trustAll);
    ask(run, bert, 1);
    let nowMs = 0;
    const reachedBert = () => run.table.tally.list().find(({ peer }) => peer === bert)?.expired;
    while (nowMs < 20_000) {
      nowMs += 100;
      const leases = ask(run, anna, 1, nowMs);
      give(run, anna, leases, nowMs);
      if (nowMs >= run.dueAtMs) run.tick(nowMs);
    }
    expect(reachedBert()).toBe(1);
  });

  test('a lease that expired is leased to who has been asking', () => {
    const run = runOf(1, trustAll);
    ask(run, anna, 1);
    run.ask(bert, 1);
    expect(grants(run.tick(11_999))).toEqual([]);
    expect(grants(run.tick(12_500))).toEqual([[bert, 1]]);
  });
});

describe('what a person is told', () => {
  test('progress in numbers', () => {
    const run = runOf(40);
    const leases = ask(run, anna, 20);
    ask(run, bert, 20);
    give(run, anna, leases.slice(0, 5), 1_000);
    const wrong = resultOf({ lease: 21, chunk: 0 }, 99);
    const right = [22, 23].map((lease) => resultOf({ lease, chunk: lease - 21 }));
    run.results(bert, [wrong, ...right], 2_000);
    expect(run.progress(4_000)).toEqual({
      job,
      chunks: 40,
      splitEnded: true,
      accepted: 2,
      inFlight: 17,
      disputed: 1,
      peers: 2,
      chunksPerSecond: 1,
      remainingMs: 38_000,
    });
  });

  test('time left is unknown while split goes on', () => {
    const run = jobOf(trustAll);
    run.table.addChunks(10);
    const leases = ask(run, anna, 1);
    give(run, anna, leases, 1_000);
    expect(run.progress(1_000)).toMatchObject({ chunksPerSecond: 2, splitEnded: false });
    expect(run.progress(1_000)).not.toHaveProperty('remainingMs');
  });

  test('nothing is called stalled in the first seconds without progress', () => {
    expect(runOf(5).progress(2_999)).not.toHaveProperty('stalled');
  });

  test('why nothing moves: there is no chunk yet', () => {
    expect(runOf(0).progress(3_000).stalled).toBe('split has not yielded a chunk yet');
  });

  test('why nothing moves: nobody computes', () => {
    expect(runOf(5).progress(3_000).stalled).toBe('no peer computes this job');
  });

  test('why nothing moves: a quorum needs more peers than there are', () => {
    const run = runOf(2);
    const leases = ask(run, anna, 10);
    give(run, anna, leases, 10);
    expect(run.progress(3_010).stalled).toBe(
      '2 chunks wait for another peer: 2 different peers must agree, and only 1 computes this job',
    );
    const three = runOf(1, { trust: { quorum: 3 } });
    for (const peer of [anna, bert]) {
      const held = ask(three, peer, 10);
      give(three, peer, held, 10);
    }
    expect(three.progress(3_010).stalled).toBe(
      '1 chunk waits for another peer: 3 different peers must agree, and only 2 compute this job',
    );
  });

  test('why nothing moves: all disagree', () => {
    const run = runOf(1);
    for (const [number, peer] of [anna, bert].entries()) {
      const leases = ask(run, peer, 10);
      run.results(
        peer,
        leases.map((lease) => resultOf(lease, number)),
        10,
      );
    }
    expect(run.progress(3_010).stalled).toBe(
      '1 chunk waits for one more peer: replicas disagree, and all 2 peers here have had their say',
    );
  });

  test('why nothing moves: some failed', () => {
    const run = runOf(1);
    for (const [peer, kind] of [
      [anna, 'threw'],
      [bert, 'timed-out'],
    ] as const) {
      const leases = ask(run, peer, 10);
      run.results(
        peer,
        leases.map((lease) => failureOf(lease, kind)),
        10,
      );
    }
    expect(run.progress(3_010).stalled).toBe(
      '1 chunk waits for another peer: all 2 here have had their say',
    );
  });

  test('chunks that are being computed are no stall', () => {
    const run = runOf(5, trustAll);
    ask(run, anna, 5);
    expect(run.progress(9_000)).not.toHaveProperty('stalled');
  });

  test('the report names who did what, the most useful first', () => {
    const run = runOf(3, trustAll);
    const few = ask(run, anna, 1);
    const many = ask(run, bert, 2);
    give(run, anna, few, 10);
    give(run, bert, many, 1_500);
    const nothing = { lost: 0, late: 0, failed: 0, expired: 0 };
    const did = (count: number) => ({ leased: count, returned: count, accepted: count });
    expect(run.report(2_000.4)).toEqual({
      chunks: 3,
      accepted: 3,
      disputes: 0,
      wallMs: 2_000,
      caught: [],
      contributions: [
        { peer: bert, ...did(2), ...nothing, computeSeconds: 0.02 },
        { peer: anna, ...did(1), ...nothing, computeSeconds: 0.01 },
      ],
    });
  });
});
