import { expect, test } from 'vitest';

import { digest } from '../../../src/model/ids.ts';
import { ChunkVotes } from '../../../src/runtime/chunk-votes.ts';
import { digestsOf } from '../../support/audit-samples.ts';
import { digestNumbered } from '../../support/protocol-fixtures.ts';

const [a, b, work, otherWork] = [1, 2, 3, 4].map((number) => digestNumbered(number));
if (!a || !b || !work || !otherWork) throw new Error('four digests are needed');

let leases = 0;
const by = (peer: number, lease = (leases += 1)) => ({ peer, lease });

test('votes on the accepted result of the same work are group 0, the others have their own', () => {
  const votes = new ChunkVotes(digestsOf(a, b));
  votes.add(0, by(7), a, work);
  votes.add(1, by(7), b, otherWork);
  votes.add(0, by(8), b, work);
  votes.add(0, by(9), a, otherWork);
  votes.add(0, by(6), a, work);
  votes.add(0, by(5), b, work);
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
  for (let vote = 0; vote < 5; vote++) votes.add(0, by(7), digestNumbered(10 + vote), work);
  votes.add(1, by(7), b, work);
  expect([votes.of(0).length, votes.of(1).length]).toEqual([2, 1]);
});

test('an answer to one lease is kept once', () => {
  const votes = new ChunkVotes(digestsOf(a));
  const said = [by(7, 1), by(7, 1), by(8, 1), by(7, 2), by(7, 2)];
  expect(said.map((each) => votes.add(0, each, a, work))).toEqual([true, false, true, true, false]);
  expect(votes.of(0).map(({ peer }) => peer)).toEqual([7, 8, 7]);
});

test('work of zeros is work like any other', () => {
  const votes = new ChunkVotes(digestsOf(a));
  const none = digest('0'.repeat(64));
  expect(votes.work(0, 0)).toBeUndefined();
  votes.add(0, by(7), a, none);
  votes.add(0, by(8), a, work);
  const [first, second] = votes.of(0);
  expect([first?.group, votes.work(0, 0)]).toEqual([0, none]);
  expect([second?.group, votes.work(0, second?.group ?? 0)]).toEqual([1, work]);
});

test('many votes and many other results are kept, each peer twice, each answer once', () => {
  const votes = new ChunkVotes(digestsOf(a));
  const say = (peer: number, lease: number, result: number) =>
    votes.add(0, by(peer, lease), digestNumbered(10 + result), work);
  for (let peer = 0; peer < 3000; peer++) expect(say(peer, peer, peer)).toBe(true);
  expect([say(2000, 2000, 5), say(3, 3, 5)]).toEqual([false, false]);
  const all = votes.of(0);
  expect(all).toHaveLength(3000);
  expect(all.map(({ group }) => votes.result(0, group))).toEqual(
    all.map(({ peer }) => digestNumbered(10 + peer)),
  );
});

test('in a crowd the same results are still one group', () => {
  const votes = new ChunkVotes(digestsOf(a));
  for (let peer = 0; peer < 40; peer++)
    votes.add(0, by(peer), digestNumbered(10 + (peer % 3)), work);
  votes.add(0, by(50), a, work);
  votes.add(0, by(51), a, otherWork);
  votes.add(0, by(52), a, otherWork);
  const groups = votes.of(0).map(({ group }) => group);
  expect(new Set(groups.slice(0, 40)).size).toBe(3);
  expect(groups.slice(40)).toEqual([0, groups[41], groups[41]]);
});

test('thousands of votes of one chunk take no longer than as many of different ones', () => {
  const votes = new ChunkVotes(digestsOf(a));
  const before = process.cpuUsage();
  for (let peer = 0; peer < 50_000; peer++) votes.add(0, by(peer), digestNumbered(peer), work);
  // 0.2 s; looked through one by one it was a minute.
  expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
});
