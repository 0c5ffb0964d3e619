/**
 * Chunk inputs on disk, in pages: a job of ten million chunks costs the requester a few bytes of
 * memory for each page of thousands, and a handful of decoded pages for what is being leased.
 *
 * A page is a blob. Since blobs are named by their digest, two pages with the same inputs are one
 * file; references are counted so that the last user removes it. Once the chunks of a page are all
 * accepted, nobody needs it again but who audits the job: small jobs have their pages kept to the
 * end, when `kept` hands over all inputs.
 */

import PQueue from 'p-queue';

import type { Digest } from '../model/ids.ts';
import type { StoredPage } from '../model/journal.ts';
import { limits } from '../model/limits.ts';
import type { Lease, LeasedChunk } from '../model/replica.ts';
import type { Store } from '../ports.ts';
import type { WorkDigests } from '../wire/work-digest.ts';
import { encodeKeptInputs } from './kept-inputs.ts';
import { decodePacked, encodePacked, itemAt, pack, type Packed } from '../wire/packed.ts';

/** Pages kept in memory, of 1 MiB or so each: volunteers run at most this far apart before
 *  a page is read twice. */
const CACHED_PAGES_MAX = 16;

type CachedPage = {
  readonly inputs: Promise<Packed>;
  /** By index in the page, as far as they were asked for: a chunk has several replicas. */
  readonly works: (Digest | undefined)[];
};

/** What a page adds to each input: where it ends. */
const INPUT_HEAD_BYTES = 4;

type Page = Pick<StoredPage, 'blob' | 'first' | 'count'>;

/** The pages of all jobs of a peer: the files and how often each is used. */
export class PageFiles {
  readonly #store: Store;
  readonly #uses = new Map<Digest, number>();
  /** One at a time, so that a page is not removed while the same bytes are put again. */
  readonly #queue = new PQueue({ concurrency: 1 });

  constructor(store: Store) {
    this.#store = store;
  }

  async put(inputs: readonly Uint8Array[]): Promise<Digest> {
    const bytes = encodePacked(pack(inputs));
    return this.#queue.add(async () => {
      const blob = await this.#store.putBlob(bytes);
      this.#uses.set(blob, (this.#uses.get(blob) ?? 0) + 1);
      return blob;
    });
  }

  /** One that an earlier process has put. */
  adopt(blob: Digest): void {
    this.#uses.set(blob, (this.#uses.get(blob) ?? 0) + 1);
  }

  async get(blob: Digest): Promise<Packed> {
    const bytes = await this.#store.getBlob(blob);
    const page = bytes === undefined ? undefined : decodePacked(bytes);
    if (page !== undefined) return page;
    throw new Error(`the page of chunk inputs ${blob} is missing or damaged`);
  }

  async release(blob: Digest): Promise<void> {
    await this.#queue.add(async () => {
      const uses = (this.#uses.get(blob) ?? 1) - 1;
      if (uses > 0) this.#uses.set(blob, uses);
      else {
        this.#uses.delete(blob);
        await this.#store.deleteBlob(blob);
      }
    });
  }
}

/** The pages of one job, in the order of its chunks. */
export class JobPages {
  readonly #files: PageFiles;
  readonly #keptBytesMax: number;
  readonly #pages: Page[] = [];
  /** Only pages from here onward are of use to the job. */
  #front = 0;
  /** Only pages from here onward still have a file: fewer, while all may yet be kept. */
  #filed = 0;
  #chunks = 0;
  #bytes = 0;
  readonly #workDigest: WorkDigests;
  /** The most recently used last. */
  readonly #cache = new Map<Page, CachedPage>();

  constructor(
    files: PageFiles,
    workDigest: WorkDigests,
    keptBytesMax: number = limits.inputsKeptBytesMax,
  ) {
    this.#files = files;
    this.#workDigest = workDigest;
    this.#keptBytesMax = keptBytesMax;
  }

  /** Pages whose chunks are not all accepted. */
  get live(): number {
    return this.#pages.length - this.#front;
  }

  /** Of those that are in pages. */
  get chunks(): number {
    return this.#chunks;
  }

  /** @returns what is to be kept of it */
  async add(inputs: readonly Uint8Array[]): Promise<StoredPage> {
    const blob = await this.#files.put(inputs);
    const bytes = inputs.reduce((sum, input) => sum + input.byteLength + INPUT_HEAD_BYTES, 0);
    const page = { blob, first: this.#chunks, count: inputs.length, bytes };
    this.#push(page);
    if (!this.#mayBeKept) await this.#removeFiles();
    return page;
  }

  /** Those of an earlier process. Some may be gone, which were of no more use to it. */
  adopt(pages: readonly StoredPage[]): void {
    for (const page of pages) {
      this.#files.adopt(page.blob);
      this.#push(page);
    }
  }

  #push(page: StoredPage): void {
    this.#pages.push(page);
    this.#chunks += page.count;
    this.#bytes += page.bytes;
  }

  /** All inputs, unless they are too many to be kept. @throws {Error} if a page can't be read */
  kept(): AsyncIterable<Uint8Array> | undefined {
    const blobs = this.#pages.map(({ blob }) => blob);
    return this.#mayBeKept ? encodeKeptInputs(blobs, (blob) => this.#files.get(blob)) : undefined;
  }

  /**
   * Leases with their inputs, one page at a time: a volunteer may ask for more than fits in memory.
   * Left out is what was accepted since it was leased, with its whole page: nobody needs it now.
   * @throws {Error} if a page can't be read
   */
  async *withInputs(leases: readonly Lease[]): AsyncGenerator<readonly LeasedChunk[]> {
    let end = 0;
    for (let from = 0; from < leases.length; from = end) {
      const page = this.#pageOf(leases[from]?.chunk ?? 0);
      end = from + 1;
      if (page === undefined) continue;
      while (isOn(page, leases[end])) end += 1;
      const inputs = await this.#readUnlessReleased(page);
      if (inputs === undefined) continue;
      yield leases.slice(from, end).map(({ lease, chunk }) => {
        return { lease, chunk, input: inputOf(inputs, chunk - page.first) };
      });
    }
  }

  /**
   * What a result of the chunk is the result of; undefined once its page was released.
   * @throws {Error} if the page can't be read
   */
  async workOf(chunk: number): Promise<Digest | undefined> {
    const page = this.#pageOf(chunk);
    if (page === undefined) return undefined;
    const index = chunk - page.first;
    const known = this.#cache.get(page)?.works[index];
    if (known !== undefined) return known;
    const inputs = await this.#readUnlessReleased(page);
    if (inputs === undefined) return undefined;
    const work = this.#workDigest(inputOf(inputs, index));
    const cached = this.#cache.get(page);
    if (cached !== undefined) cached.works[index] = work;
    return work;
  }

  /** The job needs no page of which every chunk is below `chunk`. */
  async releaseBefore(chunk: number): Promise<void> {
    for (;;) {
      const page = this.#pages[this.#front];
      if (page === undefined || page.first + page.count > chunk) break;
      this.#front += 1;
      this.#cache.delete(page);
    }
    if (!this.#mayBeKept) await this.#removeFiles();
  }

  /** The job is over. */
  async releaseAll(): Promise<void> {
    await this.releaseBefore(Infinity);
    await this.#removeFiles();
  }

  get #mayBeKept(): boolean {
    return this.#bytes <= this.#keptBytesMax;
  }

  async #removeFiles(): Promise<void> {
    const pages = this.#pages.slice(this.#filed, this.#front);
    this.#filed = this.#front;
    await Promise.all(pages.map(({ blob }) => this.#files.release(blob)));
  }

  /** @returns undefined for a chunk whose page was released */
  #pageOf(chunk: number): Page | undefined {
    let low = this.#front;
    let high = this.#pages.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#pages[middle]?.first ?? Infinity) <= chunk) low = middle;
      else high = middle - 1;
    }
    const page = this.#pages[low];
    return page !== undefined && chunk >= page.first ? page : undefined;
  }

  /** The file may go while it is being read. */
  async #readUnlessReleased(page: Page): Promise<Packed | undefined> {
    try {
      return await this.#read(page);
    } catch (error) {
      if (this.#pageOf(page.first) !== page) return undefined;
      throw error;
    }
  }

  #read(page: Page): Promise<Packed> {
    const cached = this.#cache.get(page) ?? { inputs: this.#files.get(page.blob), works: [] };
    this.#cache.delete(page);
    this.#cache.set(page, cached);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > CACHED_PAGES_MAX && oldest !== undefined) this.#cache.delete(oldest);
    return cached.inputs;
  }
}

function isOn(page: Page, lease: Lease | undefined): boolean {
  if (lease === undefined) return false;
  return lease.chunk >= page.first && lease.chunk < page.first + page.count;
}

function inputOf(page: Packed, index: number): Uint8Array {
  const input = itemAt(page, index);
  if (input === undefined) throw new Error(`a page has no input ${index}`);
  return input;
}

/** A split that is slower than this for a full page has its chunks leased as they come. */
const PAGE_WAIT_MS = 100;

/** Gathers chunk inputs into pages of a bounded size, without keeping any waiting for long. */
export async function* intoPages(
  inputs: AsyncIterable<readonly Uint8Array[]>,
): AsyncGenerator<readonly Uint8Array[]> {
  let page: Uint8Array[] = [];
  let pageBytes = 0;
  const iterator = inputs[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = iterator.next();
      if (page.length > 0 && !(await isSoon(next))) {
        yield page;
        page = [];
        pageBytes = 0;
      }
      const batch = await next;
      if (batch.done === true) break;
      for (const input of batch.value) {
        const full = pageBytes + input.byteLength > limits.pageFillBytes;
        if (page.length > 0 && (full || page.length === limits.pageChunksMax)) {
          yield page;
          page = [];
          pageBytes = 0;
        }
        page.push(input);
        pageBytes += input.byteLength;
      }
    }
    if (page.length > 0) yield page;
  } finally {
    await iterator.return?.();
  }
}

async function isSoon(next: Promise<unknown>): Promise<boolean> {
  const waited = Promise.withResolvers<false>();
  const timer = setTimeout(() => waited.resolve(false), PAGE_WAIT_MS);
  try {
    return await Promise.race([next.then(() => true), waited.promise]);
  } finally {
    clearTimeout(timer);
  }
}
