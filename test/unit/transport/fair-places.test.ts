import { expect, test } from 'vitest';

import { FairPlaces } from '../../../src/transport/fair-places.ts';

/** Four places, taken by these. */
function placesOf(...taken: readonly [holder: string, ip: string][]): FairPlaces<string> {
  const places = new FairPlaces<string>(4);
  for (const [holder, ip] of taken) expect(places.take(holder, ip)).toBeUndefined();
  return places;
}

const crowd = [1, 2, 3, 4].map((number): [string, string] => [`${number}`, `8.8.0.${number}`]);

test('when one network has them all, its newest goes for who comes from another', () => {
  const places = placesOf(...crowd);
  expect(places.take('a', '7.7.0.1')).toBe('4');
  expect(places.take('b', '6.6.0.1')).toBe('3');
  expect(places.take('5', '8.8.0.5')).toBe('5');
});

test('nobody goes for one who would then be of the network with the most', () => {
  const places = placesOf(['1', '8.8.0.1'], ['2', '8.8.0.2'], ['a', '7.7.0.1'], ['b', '6.6.0.1']);
  expect(places.take('c', '7.7.0.2')).toBe('c');
  expect(places.take('d', '5.5.0.1')).toBe('2');
  expect(places.take('e', '4.4.0.1')).toBe('e');
});

test('in one network the last to come is turned away, until somebody leaves', () => {
  const places = placesOf(...crowd);
  expect(places.take('5', '8.8.0.5')).toBe('5');
  places.release('2');
  places.release('2');
  places.release('nobody');
  expect(places.take('6', '8.8.0.6')).toBeUndefined();
  expect(places.take('7', '8.8.0.7')).toBe('7');
});

test('nearby each machine counts by itself', () => {
  const places = placesOf(...crowd.map(([name]): [string, string] => [name, '192.168.0.1']));
  expect(places.take('a', '192.168.0.2')).toBe('4');
});
