import { expect, test } from 'vitest';

import { BoundedMap } from '../../../src/protocol/bounded-map.ts';

test('what was put longest ago makes room, however often it is looked up', () => {
  const map = new BoundedMap<string, number>(2);
  map.put('a', 1);
  map.put('b', 2);
  expect(map.get('a')).toBe(1);
  map.put('c', 3);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, 2, 3]);
});

test('what is put again is the youngest, and takes no other place', () => {
  const map = new BoundedMap<string, number>(2);
  map.put('a', 1);
  map.put('b', 2);
  map.put('a', 3);
  expect([...map.values()]).toEqual([2, 3]);
  map.put('c', 4);
  expect([...map.values()]).toEqual([3, 4]);
});

test('what is deleted leaves its place', () => {
  const map = new BoundedMap<string, number>(2);
  map.put('a', 1);
  map.put('b', 2);
  map.delete('a');
  map.put('c', 3);
  expect([...map.values()]).toEqual([2, 3]);
});
