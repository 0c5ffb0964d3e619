import { expect, test } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import { keepCertificates } from '../../../src/runtime/certificates.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { resultOf, storedJob } from '../../support/stored-jobs.ts';

const stored = storedJob('certified', 'merging');
const { job } = stored;
const inputs = Buffer.from('all inputs');

function storeWith(count: number, store = new MemoryStore()): MemoryStore {
  store.putJob(stored);
  store.commit([{ job, results: Array.from({ length: count }, (_, chunk) => resultOf(chunk)) }]);
  return store;
}

async function* kept() {
  yield inputs;
}

test('the digests of all results are kept in the order of the chunks, and the inputs', async () => {
  const count = 10_000;
  const store = storeWith(count);
  const certificates = await keepCertificates(job, { kept }, store);
  expect(certificates?.inputs).toBe(digestOf(inputs));
  const digests = Buffer.from(
    (await store.getBlob(certificates?.digests ?? digestOf(inputs))) ?? [],
  );
  expect(digests).toHaveLength(32 * count);
  for (const chunk of [0, 8191, 8192, count - 1]) {
    const digest = digests.toString('hex', 32 * chunk, 32 * chunk + 32);
    expect(digest).toBe(resultOf(chunk).digest);
  }
});

test('inputs that are too many are not kept', async () => {
  const certificates = await keepCertificates(job, { kept: () => undefined }, storeWith(3));
  expect(certificates).toEqual({ digests: expect.any(String) });
});

test('a full disk costs the certificates, not the result', async () => {
  class FullStore extends MemoryStore {
    override putBlobPieces(): Promise<never> {
      return Promise.reject(new GridError('disk-full', 'The disk is full.'));
    }
  }
  expect(await keepCertificates(job, { kept }, storeWith(3, new FullStore()))).toBeUndefined();
});
