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
const resultNumbered = (chunk: number) => {
  return { chunk, digest: digestNumbered(chunk), value: valueOf(chunk) };
};

/** Where the value would be, were it in a blob. */
function blobOf(chunk: number, number: number) {
  const at = Buffer.alloc(4);
  at.writeUInt32LE(chunk);
  return digestOf(Buffer.concat([Buffer.from(stored.job), at, valueOf(number)]));
}

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
  store.commit([
    { job: stored.job, results: [{ chunk: 4, digest: digestNumbered(9), value: valueOf(9) }] },
  ]);
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
  const { store, classes } = classesOf(3_000, accepted);
  store.commit([{ job: stored.job, results: [0, 1].map(resultNumbered) }]);
  for (const number of [0, 1, 2, 3]) {
    await classes.add(number, digestNumbered(number), valueOf(number));
  }
  expect(classes.of(0)).toEqual([{ digest: digestNumbered(0), value: valueOf(0) }]);
  expect(await store.blobBytes(blobOf(0, 0))).toBeUndefined();
  expect(classes.of(3)).toMatchObject([{ value: valueOf(3) }]);
});

test('one that is accepted, and not yet written down, is not forgotten', async () => {
  const { classes } = classesOf(3_000, new Set([0]));
  for (const number of [0, 1, 2, 3]) {
    await classes.add(number, digestNumbered(number), valueOf(number));
  }
  expect(await valuesOf(classes, 0)).toEqual([0]);
});

test('of an accepted chunk what was accepted is first, whatever came before', async () => {
  const accepted = new Set<number>();
  const { store, classes } = classesOf(Infinity, accepted);
  for (const number of [3, 1, 2]) await classes.add(7, digestNumbered(number), valueOf(number));
  accepted.add(7);
  store.commit([{ job: stored.job, results: [{ ...resultNumbered(2), chunk: 7 }] }]);
  expect(await valuesOf(classes, 7)).toEqual([2, 3, 1]);
});

test('a value that is on its way into a blob at the end is not left there', async () => {
  const { store, classes } = classesOf(0);
  const adding = classes.add(1, digestNumbered(1), valueOf(1));
  await classes.close();
  await adding;
  expect(await store.blobBytes(blobOf(1, 1))).toBeUndefined();
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
