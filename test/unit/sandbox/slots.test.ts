import { expect, test } from 'vitest';

import { Slots } from '../../../src/sandbox/slots.ts';

/** Takes a slot and tells when it has it. */
function taker(slots: Slots, got: string[]): (name: string, signal?: AbortSignal) => Promise<void> {
  return async (name, signal = new AbortController().signal) => {
    got.push((await slots.take(signal)) ? name : `not ${name}`);
  };
}

test('as many as there are slots go on, the others in the order in which they came', async () => {
  const got: string[] = [];
  const slots = new Slots(2);
  const take = taker(slots, got);
  const all = ['a', 'b', 'c', 'd'].map(async (name) => take(name));
  await Promise.all(all.slice(0, 2));
  expect(got).toEqual(['a', 'b']);
  slots.give();
  await all[2];
  expect(got).toEqual(['a', 'b', 'c']);
  slots.give();
  await all[3];
  expect(got).toEqual(['a', 'b', 'c', 'd']);
});

test('who gives up waiting goes at once and takes nobody a slot', async () => {
  const got: string[] = [];
  const slots = new Slots(1);
  const take = taker(slots, got);
  await take('a');
  const controller = new AbortController();
  const gaveUp = take('b', controller.signal);
  const waits = take('c');
  controller.abort();
  await gaveUp;
  await take('d', controller.signal);
  expect(got).toEqual(['a', 'not b', 'not d']);
  slots.give();
  await waits;
  slots.give();
  await take('e');
  expect(got).toEqual(['a', 'not b', 'not d', 'c', 'e']);
});
