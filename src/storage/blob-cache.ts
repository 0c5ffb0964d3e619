/**
 * What a volunteer fetched for others' jobs, kept so that an interpreter of 26 MB is fetched once
 * and not for every job: files named by their digest in one folder, whose times of change say when
 * each was used last. Past a bound the one that was not used for the longest time goes, and the
 * same when the data folder as a whole has to become smaller. The store's blobs are a folder of
 * their own: those are the only copy of something, these never are, so here a full or failing disk
 * only means that there is no cache.
 */

import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { reasonOf } from '../model/errors.ts';
import { digest, type Digest } from '../model/ids.ts';
import type { BlobCache } from '../ports.ts';
import { blockBytes, DiskLimit } from './disk-limit.ts';

export type BlobCacheOptions = {
  /** The folder; made if it isn't there. */
  readonly path: string;
  readonly bytesMax: number;
  readonly filesMax: number;
  /** Of the data folder, which the cache leaves to everything else. */
  readonly limit?: DiskLimit;
  /** Told once, of the first thing that didn't work. */
  readonly onTrouble: (reason: string) => void;
};

/** Read and hashed at a time, within some 2 ms. */
const SLICE_BYTES = 1024 * 1024;

/** Takes up what the folder holds from before. */
export async function openBlobCache(options: BlobCacheOptions): Promise<BlobCache> {
  const { limit = new DiskLimit(options.path) } = options;
  const cache = new FolderCache(options, limit);
  await cache.open();
  limit.add('cache', { bytes: () => cache.bytesTaken, shed: (bytes) => cache.shed(bytes) });
  return cache;
}

class FolderCache implements BlobCache {
  readonly #options: BlobCacheOptions;
  readonly #limit: DiskLimit;
  /** Sizes of the files, the one that was not used for the longest time first. */
  readonly #files = new Map<Digest, number>();
  #bytes = 0;
  #wasTold = false;
  /** Files are written one after the other, so that together they keep the bounds. */
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(options: BlobCacheOptions, limit: DiskLimit) {
    this.#options = options;
    this.#limit = limit;
  }

  /** Of the disk, at most. */
  get bytesTaken(): number {
    return this.#bytes + this.#files.size * blockBytes;
  }

  /** To be called once, first. */
  async open(): Promise<void> {
    await this.#tolerating(async () => {
      const { path } = this.#options;
      await mkdir(path, { recursive: true, mode: 0o700 });
      const found: { blob: Digest; bytes: number; usedMs: number }[] = [];
      for (const name of await readdir(path)) {
        const blob = asDigest(name);
        const { size, mtimeMs } = await stat(join(path, name));
        if (blob !== undefined) found.push({ blob, bytes: size, usedMs: mtimeMs });
        // What a crash left half written.
        else await rm(join(path, name), { recursive: true, force: true });
      }
      found.sort((a, b) => a.usedMs - b.usedMs);
      for (const { blob, bytes } of found) this.#note(blob, bytes);
      await this.#makeRoom(0, 0);
    });
  }

  has(blob: Digest): boolean {
    return this.#files.has(blob);
  }

  async get(blob: Digest): Promise<Uint8Array | undefined> {
    if (!this.#files.has(blob)) return undefined;
    const path = this.#pathOf(blob);
    const bytes = await this.#tolerating(() => readChecked(path, blob));
    if (bytes === undefined) await this.#drop(blob);
    else await this.#touch(blob);
    return bytes;
  }

  async put(blob: Digest, bytes: Uint8Array): Promise<void> {
    this.#lastWrite = this.#lastWrite.then(() => this.#write(blob, bytes));
    await this.#lastWrite;
  }

  async #write(blob: Digest, bytes: Uint8Array): Promise<void> {
    if (this.#files.has(blob)) {
      await this.#touch(blob);
      return;
    }
    if (bytes.length > this.#bytesMax) return;
    await this.#tolerating(async () => {
      await this.#makeRoom(bytes.length, 1);
      const beside = join(this.#options.path, randomUUID());
      try {
        await writeFile(beside, bytes, { flag: 'wx', mode: 0o600 });
        await rename(beside, this.#pathOf(blob));
      } catch (error) {
        await rm(beside, { force: true });
        throw error;
      }
      this.#note(blob, bytes.length);
    });
  }

  /** At once, for what is more than a cache. */
  shed(bytes: number): boolean {
    const bytesBefore = this.#bytes;
    for (const blob of this.#files.keys()) {
      if (bytesBefore - this.#bytes >= bytes) break;
      this.#forget(blob);
      rmSync(this.#pathOf(blob), { force: true });
    }
    return this.#bytes < bytesBefore;
  }

  async #makeRoom(bytes: number, files: number): Promise<void> {
    const { filesMax } = this.#options;
    for (const blob of this.#files.keys()) {
      if (this.#bytes + bytes <= this.#bytesMax && this.#files.size + files <= filesMax) return;
      await this.#drop(blob);
    }
  }

  /** What others' programs may take: nothing of one's own goes for them. */
  get #bytesMax(): number {
    return Math.min(this.#options.bytesMax, this.#limit.spareBytes - blockBytes + this.#bytes);
  }

  /** The file's time is for the next start; until then the order here counts. */
  async #touch(blob: Digest): Promise<void> {
    const bytes = this.#files.get(blob);
    if (bytes === undefined) return;
    this.#files.delete(blob);
    this.#files.set(blob, bytes);
    const now = new Date();
    await this.#tolerating(() => utimes(this.#pathOf(blob), now, now));
  }

  async #drop(blob: Digest): Promise<void> {
    this.#forget(blob);
    await this.#tolerating(() => rm(this.#pathOf(blob), { force: true }));
  }

  #note(blob: Digest, bytes: number): void {
    this.#files.set(blob, bytes);
    this.#bytes += bytes;
  }

  #forget(blob: Digest): void {
    this.#bytes -= this.#files.get(blob) ?? 0;
    this.#files.delete(blob);
  }

  async #tolerating<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!this.#wasTold) this.#options.onTrouble(reasonOf(error));
      this.#wasTold = true;
      return undefined;
    }
  }

  #pathOf(blob: Digest): string {
    return join(this.#options.path, blob);
  }
}

/** Undefined for a file that is gone, or holds something else. */
async function readChecked(path: string, blob: Digest): Promise<Uint8Array | undefined> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const bytes = Buffer.allocUnsafeSlow(size);
    const hash = createHash('sha256');
    for (let at = 0; at < size;) {
      const { bytesRead } = await file.read(bytes, at, Math.min(SLICE_BYTES, size - at), at);
      if (bytesRead === 0) return undefined;
      hash.update(bytes.subarray(at, at + bytesRead));
      at += bytesRead;
    }
    return hash.digest('hex') === blob ? bytes : undefined;
  } finally {
    await file.close();
  }
}

function asDigest(name: string): Digest | undefined {
  try {
    return digest(name);
  } catch {
    return undefined;
  }
}
