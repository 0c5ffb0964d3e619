import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import { VerifiedChunks } from '../../../../src/protocol/requester/verified-chunks.ts';
import { anna, bert, cora, digestNumbered } from '../../../support/protocol-fixtures.ts';

const digestOf = (chunk: number) => digestNumbered(1_000 + chunk);

function verifiedOf(count: number, seed = 1): VerifiedChunks {
  const verified = new VerifiedChunks(createRandom(seed));
  for (let chunk = 0; chunk < count; chunk++) verified.add(chunk, digestOf(chunk), []);
  return verified;
}

/** All that a peer gets, in order, when it asks often. */
function takeAll(verified: VerifiedChunks, peer: PeerId, asks = 100): number[] {
  const taken: number[] = [];
  for (let asked = 0; asked < asks; asked++) {
    const found = verified.take(peer);
    if (found === undefined) continue;
    expect(found.digest).toBe(digestOf(found.chunk));
    taken.push(found.chunk);
  }
  return taken;
}

const inOrder = (chunks: readonly number[]) => [...chunks].sort((a, b) => a - b);

test('where nothing is verified there is nothing to take', () => {
  const verified = verifiedOf(0);
  expect([verified.size, verified.take(anna)]).toEqual([0, undefined]);
});

test('each peer is given each chunk once, none that it has computed', () => {
  const verified = verifiedOf(4);
  verified.add(4, digestOf(4), [anna, bert]);
  expect(inOrder(takeAll(verified, anna))).toEqual([0, 1, 2, 3]);
  expect(inOrder(takeAll(verified, bert))).toEqual([0, 1, 2, 3]);
  expect(inOrder(takeAll(verified, cora))).toEqual([0, 1, 2, 3, 4]);
  expect(verified.size).toBe(5);
});

test('chunks are drawn, not given in turn', () => {
  const orders = [1, 2, 3].map((seed) => takeAll(verifiedOf(8, seed), anna).join(' '));
  expect(new Set(orders).size).toBe(3);
});

test('what is not believed any more is not given', () => {
  const verified = verifiedOf(3);
  verified.delete(1);
  verified.delete(77);
  expect(verified.size).toBe(2);
  expect(inOrder(takeAll(verified, anna))).toEqual([0, 2]);
});

test('at most 1,024 are kept, of early and late ones alike', () => {
  const verified = verifiedOf(20_480);
  expect(verified.size).toBe(1_024);
  const taken = takeAll(verified, anna, 20_000);
  expect(taken.length).toBeGreaterThan(1_000);
  const early = taken.filter((chunk) => chunk < 10_240).length;
  // Half of them, give or take four standard deviations.
  expect(early).toBeGreaterThan(512 - 64);
  expect(early).toBeLessThan(512 + 64);
});
