import { expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import { anna, bert, cora, dora, failureOf, resultOf } from '../../../support/protocol-fixtures.ts';
import { evidenceOf } from '../../../support/protocol-evidence.ts';
import { chunksOf, leaseOne } from '../../../support/protocol-leases.ts';

test('a second vote goes to another network, where there is a chunk for it', () => {
  const { table, networks, compute } = evidenceOf({ chunks: 2 });
  networks.up(anna, '8.8.1.1');
  networks.up(bert, '9.9.1.1');
  networks.up(cora, '8.8.2.2');
  for (const peer of [anna, bert]) compute(peer);
  // Chunk 0 has waited longer, and is of the network that it is in itself.
  expect(leaseOne(table, cora).chunk).toBe(1);
});

test('where there is no other, to the same network', () => {
  const { table, networks, compute } = evidenceOf({ chunks: 2 });
  for (const peer of [anna, bert, cora]) networks.up(peer, '8.8.1.1');
  for (const peer of [anna, bert]) compute(peer);
  expect(leaseOne(table, cora).chunk).toBe(0);
});

test('who lets leases expire holds fewer at a time, and more again with each result', () => {
  const { table } = evidenceOf({ chunks: 10_000, passed: [[anna, 50]] });
  const expireMs = 1e9;
  const restedMs = expireMs + 60_000;
  const held = (nowMs: number): number => table.lease(anna, limits.leasesHeldMax, nowMs).length;
  expect(held(0)).toBe(limits.leasesHeldMax);
  table.expire(expireMs);
  expect(held(restedMs)).toBe(1);
  table.peerGone(anna);
  table.result(anna, resultOf(leaseOne(table, anna, restedMs)), restedMs);
  expect(held(restedMs)).toBe(2);
});

test('failures count as well, and are of the peer alone', () => {
  const { table } = evidenceOf({ chunks: 100, passed: [[dora, 50]] });
  for (let failed = 0; failed < 20; failed++) {
    table.result(dora, failureOf(leaseOne(table, dora)), 1);
  }
  expect(table.lease(dora, 10, 0)).toHaveLength(1);
  expect(chunksOf(table.lease(bert, 3, 0))).toHaveLength(3);
});
