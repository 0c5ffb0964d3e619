import { expect, test } from 'vitest';

import { OpenChunk } from '../../../../src/protocol/requester/open-chunk.ts';
import { Votes } from '../../../../src/protocol/requester/votes.ts';
import { anna, bert, digestNumbered } from '../../../support/protocol-fixtures.ts';

/** Anna and Bert have voted on chunk 0, for different results, and Anna on chunk 1. */
function votesOf() {
  const votes = new Votes();
  const [first, second] = [new OpenChunk(0), new OpenChunk(1)];
  const cast = (open: OpenChunk, peer: typeof anna, number: number): void => {
    open.vote(peer, digestNumbered(number));
    votes.add(peer, open);
  };
  cast(first, anna, 1);
  cast(first, bert, 2);
  cast(second, anna, 1);
  return { votes, first, second };
}

test('a peer’s votes are those on undecided chunks', () => {
  const { votes, first, second } = votesOf();
  expect([...votes.of(anna)]).toEqual([first, second]);
  votes.end(first);
  expect([[...votes.of(anna)], [...votes.of(bert)]]).toEqual([[second], []]);
});

test('votes that count no more are taken out of their chunks', () => {
  const { votes, first, second } = votesOf();
  expect(votes.withdraw(anna)).toEqual([first, second]);
  expect(first.groups).toEqual([{ digest: digestNumbered(2), peers: [bert] }]);
  expect(second.groups).toEqual([]);
  expect([[...votes.of(anna)], [...votes.of(bert)]]).toEqual([[], [first]]);
  expect(votes.withdraw(anna)).toEqual([]);
});
