import { expect, test } from 'vitest';

import { ResultClasses } from '../../../src/runtime/result-classes.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { storedJob } from '../../support/stored-jobs.ts';

const stored = storedJob('sums', 'running');

/** @param heldBytesMax values that fit, with what each takes besides */
function classesOf(heldBytesMax: number, accepted = new Set<number>()) {
  const store = new MemoryStore();
  store.putJob(stored);
  const isAccepted = (chunk: number): boolean => accepted.has(chunk);
  return {
    store,
    classes: new ResultClasses({ job: stored.job, store, isAccepted }, heldBytesMax),
  };
}

const valueOf = (number: number): Uint8Array => new Uint8Array(1_000).fill(number);
const digestNumbered = (number: number) => digestOf(valueOf(number));

async function valuesOf(classes: ResultClasses, chunk: number): Promise<(number | undefined)[]> {
  const values = classes.of(chunk).map((member) => classes.valueOf(member));
  return (await Promise.all(values)).map((value) => value[0]);
}

test('first members come in the order in which they were added', async () => {
  const { classes } = classesOf(Infinity);
  for (const number of [3, 1, 2]) await classes.add(7, digestNumbered(number), valueOf(number));
  expect(classes.of(7).map(({ digest }) => digest)).toEqual([3, 1, 2].map(digestNumbered));
  expect(await valuesOf(classes, 7)).toEqual([3, 1, 2]);
  expect(classes.of(8)).toEqual([]);
});

test('of a chunk that nothing is known of the store has the first member', async () => {
  const { store, classes } = classesOf(Infinity);
  store.putResults(stored.job, [{ chunk: 4, digest: digestNumbered(9), value: valueOf(9) }]);
  expect(classes.of(4)).toEqual([{ digest: digestNumbered(9), value: valueOf(9) }]);
  await classes.add(4, digestNumbered(5), valueOf(5));
  expect(await valuesOf(classes, 4)).toEqual([9, 5]);
});

test('values of open chunks go into blobs where there is no room, and stay there', async () => {
  const { classes } = classesOf(3_000);
  for (let number = 0; number < 20; number += 1) {
    await classes.add(number, digestNumbered(number), valueOf(number));
  }
  const held = Array.from({ length: 20 }, (_, chunk) => classes.of(chunk)).flat();
  expect(held.filter(({ value }) => value instanceof Uint8Array).length).toBeLessThan(5);
  for (let number = 0; number < 20; number += 1) {
    expect(await valuesOf(classes, number)).toEqual([number]);
    expect(classes.of(number)[0]?.digest).toBe(digestNumbered(number));
  }
});

test('accepted chunks are forgotten first, which the store has', async () => {
  const accepted = new Set([0, 1]);
  const { classes } = classesOf(3_000, accepted);
  for (const number of [0, 1, 2, 3]) {
    await classes.add(number, digestNumbered(number), valueOf(number));
  }
  expect(classes.of(0)).toEqual([]);
  expect(classes.of(3)).toMatchObject([{ value: valueOf(3) }]);
});

test('no blob is left at the end, and none that somebody else has put is taken', async () => {
  const { store, classes } = classesOf(1_000);
  const others = await store.putBlob(valueOf(1));
  for (const number of [1, 2]) await classes.add(number, digestNumbered(number), valueOf(number));
  const blobs = [1, 2].flatMap((chunk) => {
    const [member] = classes.of(chunk);
    return member === undefined || member.value instanceof Uint8Array ? [] : [member.value.blob];
  });
  expect(blobs.length).toBeGreaterThan(0);
  await classes.close();
  for (const blob of blobs) expect(await store.blobBytes(blob)).toBeUndefined();
  expect(await store.blobBytes(others)).toBe(1_000);
});
