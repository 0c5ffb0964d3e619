import { expect, test } from 'vitest';

import { ChunkVotes } from '../../../src/runtime/chunk-votes.ts';
import { digestsOf } from '../../support/audit-samples.ts';
import { digestNumbered } from '../../support/protocol-fixtures.ts';

const [a, b, work, otherWork] = [1, 2, 3, 4].map((number) => digestNumbered(number));
if (!a || !b || !work || !otherWork) throw new Error('four digests are needed');

test('votes on the accepted result of the same work are group 0, the others have their own', () => {
  const votes = new ChunkVotes(digestsOf(a, b));
  votes.add(0, 7, a, work);
  votes.add(1, 7, b, otherWork);
  votes.add(0, 8, b, work);
  votes.add(0, 9, a, otherWork);
  votes.add(0, 6, a, work);
  votes.add(0, 5, b, work);
  const groups = votes.of(0);
  expect(groups.map(({ peer }) => peer)).toEqual([7, 8, 9, 6, 5]);
  const [first, wrong, other, again, alike] = groups.map(({ group }) => group);
  expect([first, again]).toEqual([0, 0]);
  expect(alike).toBe(wrong);
  expect(other).not.toBe(wrong);
  expect([votes.result(0, wrong ?? 0), votes.work(0, wrong ?? 0)]).toEqual([b, work]);
  expect([votes.result(0, other ?? 0), votes.work(0, other ?? 0)]).toEqual([a, otherWork]);
  expect([votes.result(0, 0), votes.work(0, 0)]).toEqual([a, work]);
  expect(votes.of(1)).toEqual([{ peer: 7, group: 0 }]);
});

test('of one peer two votes on a chunk are kept', () => {
  const votes = new ChunkVotes(digestsOf(a, b));
  for (let vote = 0; vote < 5; vote++) votes.add(0, 7, digestNumbered(10 + vote), work);
  votes.add(1, 7, b, work);
  expect([votes.of(0).length, votes.of(1).length]).toEqual([2, 1]);
});

test('many votes and many other results are kept', () => {
  const votes = new ChunkVotes(digestsOf(a));
  for (let peer = 0; peer < 3000; peer++) votes.add(0, peer, digestNumbered(10 + peer), work);
  const all = votes.of(0);
  expect(all).toHaveLength(3000);
  expect(all.map(({ group }) => votes.result(0, group))).toEqual(
    all.map(({ peer }) => digestNumbered(10 + peer)),
  );
});
