import { expect, test } from 'vitest';

import type { Digest } from '../../../src/model/ids.ts';
import { HeldBlobs } from '../../../src/transport/held-blobs.ts';
import { digestNumbered } from '../../support/protocol-fixtures.ts';

const one = digestNumbered(1);
const two = digestNumbered(2);
const three = digestNumbered(3);

/** Blobs of 10 bytes each, and how often each was read. */
function heldOf(bytesMax: number) {
  const reads: Digest[] = [];
  const held = new HeldBlobs(async (blob) => {
    reads.push(blob);
    return new Uint8Array(10);
  }, bytesMax);
  /** Takes a blob and keeps it until told. */
  const take = (blob: Digest) => {
    const taken = Promise.withResolvers<Uint8Array | undefined>();
    const release = Promise.withResolvers<void>();
    const over = held.with(blob, async (bytes) => {
      taken.resolve(bytes);
      await release.promise;
    });
    over.catch(taken.reject);
    return {
      bytes: taken.promise,
      end: () => {
        release.resolve();
        return over;
      },
    };
  };
  return { reads, take };
}

test('all who use a blob at the same time share one copy', async () => {
  const { reads, take } = heldOf(100);
  const users = Array.from({ length: 32 }, () => take(one));
  const copies = await Promise.all(users.map(({ bytes }) => bytes));
  expect([new Set(copies).size, reads]).toEqual([1, [one]]);
  await Promise.all(users.map(({ end }) => end()));
});

test('a blob is held until the last of them has ended, and then read anew', async () => {
  const { reads, take } = heldOf(100);
  const [first, second] = [take(one), take(one)];
  await first.bytes;
  await first.end();
  const third = take(one);
  expect(await third.bytes).toBe(await second.bytes);
  await Promise.all([second.end(), third.end()]);
  const later = take(one);
  await later.bytes;
  expect(reads).toEqual([one, one]);
  await later.end();
});

test('past the bound no other blob is read until one is let go', async () => {
  const { reads, take } = heldOf(11);
  const [first, second, third] = [take(one), take(two), take(three)];
  await Promise.all([first.bytes, second.bytes]);
  await expect(third.bytes).rejects.toThrow('too much is held');
  expect(reads).toEqual([one, two]);
  const again = take(one);
  expect(await again.bytes).toBe(await first.bytes);
  await second.end();
  const later = take(three);
  expect(await later.bytes).toHaveLength(10);
  await Promise.all([first.end(), again.end(), later.end()]);
});

test('a blob that can’t be read is tried anew by the next', async () => {
  let isBroken = true;
  const held = new HeldBlobs(async () => {
    if (isBroken) throw new Error('disk on fire');
    return Uint8Array.of(1);
  }, 100);
  await expect(held.with(one, async () => undefined)).rejects.toThrow('disk on fire');
  isBroken = false;
  let got: Uint8Array | undefined;
  await held.with(one, async (bytes) => {
    got = bytes;
  });
  expect(got).toEqual(Uint8Array.of(1));
});
