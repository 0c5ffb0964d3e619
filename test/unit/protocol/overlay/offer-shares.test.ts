import { expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import { OfferShares } from '../../../../src/protocol/overlay/offer-shares.ts';
import { anna, bert, cora } from '../../../support/protocol-fixtures.ts';

test('who has the most offers is known, and who is next when it has lost some', () => {
  const shares = new OfferShares();
  expect(shares.greatest).toBe(undefined);
  for (const key of ['a1', 'a2', 'a3']) shares.add(anna, key);
  for (const key of ['b1', 'b2']) shares.add(bert, key);
  shares.add(cora, 'c1');
  expect([shares.greatest, shares.count(anna), shares.count(bert)]).toEqual([anna, 3, 2]);
  shares.delete(anna, 'a1');
  shares.delete(anna, 'a2');
  expect([shares.greatest, shares.count(anna)]).toEqual([bert, 1]);
  for (const key of ['a3', 'b1', 'b2', 'c1']) {
    for (const requester of [anna, bert, cora]) shares.delete(requester, key);
  }
  expect([shares.greatest, shares.count(bert)]).toEqual([undefined, 0]);
});

test('of those with as many, the one whose last news is oldest comes first', () => {
  const shares = new OfferShares();
  shares.add(anna, 'a1');
  shares.add(bert, 'b1');
  expect(shares.greatest).toBe(anna);
  shares.add(anna, 'a1');
  expect([shares.greatest, shares.count(anna)]).toEqual([bert, 1]);
});

test('a requester’s offers stand in the order of their news', () => {
  const shares = new OfferShares();
  for (const key of ['a1', 'a2', 'a3', 'a1']) shares.add(anna, key);
  expect([...shares.keysOf(anna)]).toEqual(['a2', 'a3', 'a1']);
  expect([...shares.keysOf(bert)]).toEqual([]);
});

test('what was never there can be deleted', () => {
  const shares = new OfferShares();
  shares.add(anna, 'a1');
  shares.delete(anna, 'a2');
  shares.delete(bert, 'a1');
  expect([shares.greatest, shares.count(anna)]).toEqual([anna, 1]);
});

test('a requester with as many offers as it may have is the greatest', () => {
  const shares = new OfferShares();
  for (let number = 0; number < limits.offersPerRequesterMax; number++) {
    shares.add(bert, `b${number}`);
  }
  shares.add(anna, 'a1');
  expect(shares.greatest).toBe(bert);
});
