import { expect, test } from 'vitest';

import type { Lease, LeasedChunk } from '../../../src/model/replica.ts';
import { KeptInputs } from '../../../src/runtime/kept-inputs.ts';
import { JobPages, PageFiles } from '../../../src/runtime/pages.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { encodePacked, pack } from '../../../src/wire/packed.ts';
import { workDigests } from '../../../src/wire/work-digest.ts';
import { digestNumbered, givenLimits } from '../../support/protocol-fixtures.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const inputOf = (chunk: number) => Uint8Array.of(chunk);
const workOf = workDigests({ program: digestNumbered(1), limits: givenLimits });
const leasesOf = (...chunks: number[]): Lease[] => chunks.map((chunk) => ({ lease: chunk, chunk }));
const withInput = (chunk: number): LeasedChunk => ({ lease: chunk, chunk, input: inputOf(chunk) });

/** Three pages of two chunks each. */
async function sixChunks(store = new MemoryStore(), keptBytesMax = 0): Promise<JobPages> {
  const pages = new JobPages(new PageFiles(store), workOf, keptBytesMax);
  for (const first of [0, 2, 4]) await pages.add([inputOf(first), inputOf(first + 1)]);
  return pages;
}

async function gathered(pages: JobPages, leases: readonly Lease[]): Promise<LeasedChunk[][]> {
  const all: LeasedChunk[][] = [];
  for await (const some of pages.withInputs(leases)) all.push([...some]);
  return all;
}

test('leases get their inputs one page at a time', async () => {
  expect(await gathered(await sixChunks(), leasesOf(1, 2, 3, 5, 0))).toEqual([
    [withInput(1)],
    [withInput(2), withInput(3)],
    [withInput(5)],
    [withInput(0)],
  ]);
});

test('a chunk whose page is released needs no input any more', async () => {
  const pages = await sixChunks();
  await pages.releaseBefore(4);
  expect(await gathered(pages, leasesOf(1, 3, 4))).toEqual([[withInput(4)]]);
  await pages.releaseAll();
  expect(await gathered(pages, leasesOf(1, 4))).toEqual([]);
});

test('a page that is released while its file is read is no trouble', async () => {
  class SlowStore extends MemoryStore {
    override async getBlob(blob: Parameters<MemoryStore['getBlob']>[0]) {
      await pages.releaseBefore(2);
      return super.getBlob(blob);
    }
  }
  const pages = await sixChunks(new SlowStore());
  expect(await gathered(pages, leasesOf(0, 2))).toEqual([[withInput(2)]]);
});

test('of each chunk it is known what its result comes of, until its page goes', async () => {
  const pages = await sixChunks();
  const works = await Promise.all([5, 0, 5, 3].map((chunk) => pages.workOf(chunk)));
  expect(works).toEqual([5, 0, 5, 3].map((chunk) => workOf(inputOf(chunk))));
  await pages.releaseBefore(4);
  expect(await pages.workOf(3)).toBeUndefined();
});

test('a page that is missing is an error', async () => {
  class ForgetfulStore extends MemoryStore {
    override async getBlob() {
      return undefined;
    }
  }
  const pages = await sixChunks(new ForgetfulStore());
  await expect(gathered(pages, leasesOf(0))).rejects.toThrow('missing or damaged');
});

test('inputs of a small job are kept to its end, and those of a large one are not', async () => {
  const store = new MemoryStore();
  const pages = await sixChunks(store, 30);
  await pages.releaseBefore(4);
  const read = new KeptInputs().push(Buffer.concat(await Array.fromAsync(pages.kept() ?? [])));
  expect(Buffer.concat(read ?? [])).toEqual(Buffer.of(0, 1, 2, 3, 4, 5));
  // One input too many.
  await pages.add([inputOf(6)]);
  expect(pages.kept()).toBeUndefined();
  const blobOf = (...chunks: number[]) => digestOf(encodePacked(pack(chunks.map(inputOf))));
  expect(await store.getBlob(blobOf(0, 1))).toBeUndefined();
  expect(await store.getBlob(blobOf(4, 5))).toBeDefined();
  await pages.releaseAll();
  expect(await store.getBlob(blobOf(4, 5))).toBeUndefined();
});

test('all pages of a small job are gone when it has ended', async () => {
  const store = new MemoryStore();
  const pages = await sixChunks(store, 1000);
  await pages.releaseAll();
  for (const first of [0, 2, 4]) {
    const page = encodePacked(pack([inputOf(first), inputOf(first + 1)]));
    expect(await store.getBlob(digestOf(page))).toBeUndefined();
  }
});
