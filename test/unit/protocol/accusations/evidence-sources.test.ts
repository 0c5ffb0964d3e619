import { expect, test } from 'vitest';

import { EvidenceSources } from '../../../../src/protocol/accusations/evidence-sources.ts';

const minute = 60_000;

function sourcesAfter(...reachedAt: string[]) {
  const sources = new EvidenceSources();
  for (const address of reachedAt) sources.spend(address, 0);
  return (addresses: string[], ms = 0) => sources.left({ addresses }, ms);
}

test('a network has two pieces at once, then one in half an hour', () => {
  const left = sourcesAfter('8.8.1.1:1', '8.8.2.2:1', '8.8.1.1:1');
  expect([left(['8.8.9.9:7']), left(['8.9.1.1:1'])]).toEqual([0, 2]);
  expect(left(['8.8.9.9:7'], 30 * minute)).toBe(1);
  expect(left(['8.8.9.9:7'], 24 * 60 * minute)).toBe(2);
});

test('of several networks that with the least counts, and of them two', () => {
  const left = sourcesAfter('8.8.1.1:1');
  expect(left(['9.9.1.1:1', '8.8.1.1:1'])).toBe(1);
  expect(left(['9.9.1.1:1', '7.7.1.1:1', '8.8.1.1:1'])).toBe(2);
});

test('nearby each machine counts', () => {
  const left = sourcesAfter('192.168.1.1:1', '[fe80::1]:1', 'node-1:1');
  expect([left(['192.168.1.1:2']), left(['192.168.1.2:1'])]).toEqual([1, 2]);
  expect([left(['[fe80::1]:2']), left(['[fe80::2]:1'])]).toEqual([1, 2]);
  expect([left(['node-1:2']), left(['node-2:1'])]).toEqual([1, 2]);
});
