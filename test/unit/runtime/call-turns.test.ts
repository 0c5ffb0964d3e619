import { expect, test } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import { CallTurns } from '../../../src/runtime/call-turns.ts';
import { anna, bert } from '../../support/protocol-fixtures.ts';

const begun = () => new Promise(setImmediate);

test('of one volunteer one thing is done at a time, and of others theirs beside it', async () => {
  const turns = new CallTurns();
  const started: number[] = [];
  const ends = [0, 1, 2].map(() => Promise.withResolvers<string>());
  const take = (peer: PeerId, number: number) =>
    turns.take(peer, async () => {
      started.push(number);
      return ends[number]?.promise;
    });
  const results = [take(anna, 0), take(anna, 1), take(bert, 2)];
  await begun();
  expect(started).toEqual([0, 2]);
  ends[2]?.resolve('of bert');
  expect(await results[2]).toBe('of bert');
  ends[0]?.resolve('of anna');
  expect(await results[0]).toBe('of anna');
  await begun();
  expect(started).toEqual([0, 2, 1]);
});

test('a turn that ends in an error is over all the same', async () => {
  const turns = new CallTurns();
  const first = turns.take(anna, () => Promise.reject(new Error('the sandbox is gone')));
  const second = turns.take(anna, async () => 'an answer');
  await expect(first).rejects.toThrow('the sandbox is gone');
  expect(await second).toBe('an answer');
});

test('who has broken three calls is done, and nobody else', () => {
  const turns = new CallTurns();
  turns.broke(anna);
  turns.broke(anna);
  expect(turns.isDone(anna)).toBe(false);
  turns.broke(anna);
  expect([turns.isDone(anna), turns.isDone(bert)]).toEqual([true, false]);
});
