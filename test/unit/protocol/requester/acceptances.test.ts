import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { Acceptances } from '../../../../src/protocol/requester/acceptances.ts';
import { anna, bert, cora, digestNumbered } from '../../../support/protocol-fixtures.ts';

const both = (peers: readonly PeerId[]) => peers.length >= 2;

function acceptancesOf(...peers: PeerId[][]): Acceptances {
  const acceptances = new Acceptances();
  for (const [chunk, voters] of peers.entries()) {
    acceptances.add(chunk, digestNumbered(chunk), voters);
  }
  return acceptances;
}

test('those fall that rest on a peer’s word, and not on enough others', () => {
  const acceptances = acceptancesOf([anna, bert], [bert, cora], [anna, bert, cora], [anna]);
  expect(acceptances.withdraw(anna, both)).toEqual([
    { chunk: 0, digest: digestNumbered(0), peers: [bert] },
    { chunk: 3, digest: digestNumbered(3), peers: [] },
  ]);
  const holding = [0, 1, 2, 3].map((chunk) => acceptances.holds(chunk, digestNumbered(chunk)));
  expect(holding).toEqual([false, true, true, false]);
});

test('a peer’s word is taken away once, and another’s then weighs what is left', () => {
  const acceptances = acceptancesOf([anna, bert, cora]);
  expect(acceptances.withdraw(anna, both)).toEqual([]);
  expect(acceptances.withdraw(anna, () => false)).toEqual([]);
  expect(acceptances.withdraw(bert, both)).toMatchObject([{ chunk: 0, peers: [cora] }]);
  expect(acceptances.withdraw(cora, both)).toEqual([]);
});

test('who is asked whether the others suffice is told of the others', () => {
  const asked: (readonly PeerId[])[] = [];
  acceptancesOf([anna, bert], [cora]).withdraw(bert, (others) => asked.push(others) > 0);
  expect(asked).toEqual([[anna]]);
});

test('a chunk may be accepted again, by another result', () => {
  const acceptances = acceptancesOf([anna]);
  acceptances.withdraw(anna, both);
  acceptances.add(0, digestNumbered(9), [bert, cora]);
  expect([0, 9].map((number) => acceptances.holds(0, digestNumbered(number)))).toEqual([
    false,
    true,
  ]);
});

test('what becomes of a group later is not what was accepted', () => {
  const peers = [anna, bert];
  const acceptances = acceptancesOf(peers);
  peers.push(cora);
  expect(acceptances.withdraw(cora, both)).toEqual([]);
  expect(acceptances.holds(7, digestNumbered(7))).toBe(false);
});
