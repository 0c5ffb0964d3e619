import { describe, expect, test } from 'vitest';

import type { FailureKind } from '../../../../src/model/replica.ts';
import { OpenChunk, type Replica } from '../../../../src/protocol/requester/open-chunk.ts';
import { anna, bert, cora, digestNumbered } from '../../../support/protocol-fixtures.ts';

const replicaOf = (state: Replica['state'], lease = 1, peer = anna): Replica => {
  return { lease, peer, leasedAtMs: 10 * lease, deadlineMs: 99, state };
};

function openOf(...replicas: Replica[]): OpenChunk {
  const open = new OpenChunk(7);
  for (const replica of replicas) open.add(replica);
  return open;
}

const failing = (kind: FailureKind) => ({ kind, detail: `it ${kind}` });

test.each([
  { state: 'active' as const, mayTake: false, hasHeard: false, isLate: false },
  { state: 'expired' as const, mayTake: false, hasHeard: false, isLate: true },
  { state: 'rested' as const, mayTake: true, hasHeard: false, isLate: true },
  { state: 'revoked' as const, mayTake: false, hasHeard: false, isLate: false },
  { state: 'voted' as const, mayTake: false, hasHeard: true, isLate: false },
  { state: 'failed' as const, mayTake: false, hasHeard: true, isLate: false },
])('what a peer may whose replica is $state', ({ state, mayTake, hasHeard, isLate }) => {
  const open = openOf(replicaOf(state));
  expect(open.mayTake(anna)).toBe(mayTake);
  expect(open.hasHeard(anna)).toBe(hasHeard);
  expect(open.lateReplica(anna, 1) !== undefined).toBe(isLate);
  expect(open.lateReplica(anna, 2)).toBeUndefined();
  expect([open.mayTake(bert), open.hasHeard(bert)]).toEqual([true, false]);
  expect(open.lateReplica(bert, 1)).toBeUndefined();
});

test('a replica that came to nothing leaves no trace', () => {
  const replica = replicaOf('active');
  const open = openOf(replica, replicaOf('active', 2, bert));
  open.forget(replica);
  expect([open.mayTake(anna), open.mayTake(bert)]).toEqual([true, false]);
});

test('leases are promising whose peers have not been heard', () => {
  const open = openOf(
    replicaOf('voted', 1),
    replicaOf('active', 2),
    replicaOf('active', 3, bert),
    replicaOf('expired', 4, cora),
  );
  expect([open.promising(), open.newestMs()]).toEqual([1, 30]);
});

test('votes are grouped, and those withdrawn count no more', () => {
  const open = openOf();
  open.vote(anna, digestNumbered(1));
  open.vote(bert, digestNumbered(2));
  open.vote(cora, digestNumbered(1));
  open.fail(anna, failing('threw'));
  expect(open.groups).toEqual([
    { digest: digestNumbered(1), peers: [anna, cora] },
    { digest: digestNumbered(2), peers: [bert] },
  ]);
  open.withdraw(anna);
  open.withdraw(bert);
  expect(open.groups).toEqual([{ digest: digestNumbered(1), peers: [cora] }]);
});

describe('one that was decided and is open again', () => {
  test('keeps the votes that are left, and what was stored', () => {
    const open = OpenChunk.reopened(7, digestNumbered(1), [bert, cora], anna);
    expect([open.chunk, open.stored, open.decided]).toEqual([7, digestNumbered(1), false]);
    expect(open.groups).toEqual([{ digest: digestNumbered(1), peers: [bert, cora] }]);
    expect([open.active, open.promising()]).toEqual([0, 0]);
  });

  test('is given to none of those who had voted, the one that was caught included', () => {
    const open = OpenChunk.reopened(7, digestNumbered(1), [bert], anna);
    expect([anna, bert, cora].map((peer) => open.mayTake(peer))).toEqual([false, false, true]);
    expect(open.lateReplica(bert, 0)).toBeUndefined();
  });

  test('has no group without votes', () => {
    expect(OpenChunk.reopened(7, digestNumbered(1), [], anna).groups).toEqual([]);
  });
});

test('a failure is the chunk’s own when enough peers report the same one', () => {
  const open = openOf();
  const two = (peers: readonly unknown[]): boolean => peers.length >= 2;
  expect(open.commonFailure(() => true)).toBeUndefined();
  open.fail(anna, failing('threw'));
  open.fail(bert, failing('timed-out'));
  expect(open.commonFailure(two)).toBeUndefined();
  open.fail(cora, failing('threw'));
  expect(open.commonFailure(two)).toEqual({
    type: 'chunk-failed',
    chunk: 7,
    failure: failing('threw'),
    peers: [anna, cora],
  });
});

test('a dispute names who said what', () => {
  const open = openOf();
  open.vote(anna, digestNumbered(1));
  open.fail(bert, failing('threw'));
  expect(open.dispute(2)).toEqual({
    type: 'chunk-disputed',
    chunk: 7,
    quorum: 2,
    groups: [{ digest: digestNumbered(1), peers: [anna] }],
    failures: [{ peer: bert, kind: 'threw' }],
  });
});

test('who is asked again may have the chunk once more, and its vote counts once', () => {
  const open = new OpenChunk(3);
  const lease = { leasedAtMs: 0, deadlineMs: 9, state: 'voted' } as const;
  for (const [number, peer] of [anna, bert].entries()) {
    open.add({ ...lease, lease: number, peer });
    open.vote(peer, digestNumbered(number));
  }
  const [group] = open.groups;
  if (group === undefined) throw new Error('there are two groups');
  open.askAgain(group);
  expect([anna, bert].map((peer) => open.mayTake(peer))).toEqual([true, false]);
  open.vote(anna, digestNumbered(0));
  expect(group.peers).toEqual([anna]);
});
