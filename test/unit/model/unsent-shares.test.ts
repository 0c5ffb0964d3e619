import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { UnsentShares } from '../../../src/model/unsent-shares.ts';
import { anna, bert, cora } from '../../support/protocol-fixtures.ts';

const { unsentMax, unsentBytesMax } = limits;

test('while there is room for all, nobody gives anything up', () => {
  const shares = new UnsentShares();
  expect([shares.over, shares.most('bytes')]).toEqual([undefined, undefined]);
  shares.add(anna, unsentBytesMax - 1);
  shares.add(bert, 1, unsentMax - 1);
  expect(shares.over).toBeUndefined();
});

test('with too many bytes whoever has the most of them gives up, until there is room', () => {
  const shares = new UnsentShares();
  shares.add(anna, 10, 3);
  shares.add(bert, unsentBytesMax - 10);
  shares.add(cora, 9);
  expect(shares.over).toBe(bert);
  shares.remove(bert, unsentBytesMax - 10);
  expect([shares.over, shares.most('bytes'), shares.most('count')]).toEqual([
    undefined,
    anna,
    anna,
  ]);
});

test('with too many results whoever has the most of them gives up', () => {
  const shares = new UnsentShares();
  shares.add(anna, unsentBytesMax);
  shares.add(bert, 0, unsentMax);
  expect(shares.over).toBe(bert);
  shares.remove(bert, 0);
  expect(shares.over).toBeUndefined();
});
