import { expect, test } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import type { Store } from '../../../src/ports.ts';
import { Peer } from '../../../src/protocol/peer.ts';
import { JobBook, type JobRequest } from '../../../src/runtime/job-book.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { self } from '../../support/protocol-fixtures.ts';

test('a job that the store can’t take is refused, and nobody waits for its end', async () => {
  class FullStore extends MemoryStore {
    override putJob(): void {
      throw new GridError('disk-full', 'The disk is full.');
    }
  }
  const jobs = jobBook(new FullStore());
  const submitted = jobs.submit(request);
  expect((await gridErrorOf(submitted)).code).toBe('disk-full');
  expect(jobs.running).toEqual([]);
  await jobs.abandonAll();
});

test('the program of a job can be fetched while it runs, and nothing else', async () => {
  const store = new MemoryStore();
  const other = await store.putBlob(Uint8Array.of(2));
  const jobs = jobBook(store);
  const program = await store.putBlob(request.program);
  expect(jobs.isOffered(program)).toBe(false);
  await jobs.submit(request);
  expect([jobs.isOffered(program), jobs.isOffered(other)]).toEqual([true, false]);
  await jobs.abandonAll();
  expect(jobs.isOffered(program)).toBe(false);
});

const request: JobRequest = {
  name: 'squares',
  trust: { quorum: 1 },
  limits: { wallMsMax: 1_000, memoryBytesMax: 2 ** 26, resultBytesMax: 1_000 },
  chunksMax: 10,
  program: Uint8Array.of(1),
  params: {},
  inputPath: undefined,
};

function jobBook(store: Store): JobBook {
  return new JobBook({
    self,
    peer: new Peer({ self, addresses: () => [], entrances: [], slots: 0, seed: 1 }),
    sandbox: fakeSandbox(),
    store,
    clock: { nowMs: () => 0, unixMs: () => 0 },
    dispatch: () => undefined,
  });
}
