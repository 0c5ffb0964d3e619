import { expect, test } from 'vitest';

import { LeaseBook } from '../../../../src/protocol/requester/lease-book.ts';
import { OpenChunk } from '../../../../src/protocol/requester/open-chunk.ts';
import { REST_MS, Rests } from '../../../../src/protocol/requester/rests.ts';
import { anna, bert } from '../../../support/protocol-fixtures.ts';

/** Leases of Anna and Bert that expired, a second apart. */
function restingOf() {
  const book = new LeaseBook();
  const rests = new Rests();
  const open = new OpenChunk(0);
  for (const peer of [anna, bert]) book.grant(open, peer, 0, 9);
  const [first, second] = book.releaseAll(() => true);
  if (first === undefined || second === undefined) throw new Error('no leases');
  rests.begin(first, 0);
  rests.begin(second, 1_000);
  return { rests, open, first, second };
}

test('a peer may not have its chunk again before its rest is over', () => {
  const { rests, open, first, second } = restingOf();
  expect(open.replicas.map(({ state }) => state)).toEqual(['expired', 'expired']);
  expect(rests.end(REST_MS - 1)).toEqual([]);
  expect([anna, bert].map((peer) => open.mayTake(peer))).toEqual([false, false]);
  expect(rests.end(REST_MS)).toMatchObject([first]);
  expect([anna, bert].map((peer) => open.mayTake(peer))).toEqual([true, false]);
  expect(rests.end(9 * REST_MS)).toMatchObject([second]);
  expect(rests.end(9 * REST_MS)).toEqual([]);
});

test('who has returned it meanwhile does not get it again', () => {
  const { rests, open, first, second } = restingOf();
  first.replica.state = 'voted';
  expect(rests.end(9 * REST_MS)).toMatchObject([second]);
  expect(open.mayTake(anna)).toBe(false);
});
