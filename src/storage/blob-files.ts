/**
 * Blobs as files named by their digest, `blobs/ab/abcdef...`: a reader sees a whole blob or none,
 * because each is written under a name of its own beside the final one and renamed. A blob that
 * lost its bytes in a power failure is caught by its digest when it is read. In the database they
 * would have to fit in memory twice and the file would never shrink.
 */

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { GridError } from '../model/errors.ts';
import type { Digest } from '../model/ids.ts';
import { digestOf } from '../wire/digest.ts';
import { storeTrouble } from './store-trouble.ts';

export class BlobFiles {
  readonly #storePath: string;
  readonly #path: string;

  /** @param storePath the folder of the store; blobs are in `blobs` in it */
  constructor(storePath: string) {
    this.#storePath = storePath;
    this.#path = join(storePath, 'blobs');
  }

  /** @throws {GridError} `disk-full`, `store-failed` */
  async put(bytes: Uint8Array): Promise<Digest> {
    const blob = digestOf(bytes);
    const path = this.#pathOf(blob);
    await this.#guard(async () => {
      // A file of another size is what a power failure left.
      if ((await sizeOf(path)) !== bytes.length) await this.#write(path, bytes);
    });
    return blob;
  }

  /** @throws {GridError} `store-failed` when the file's bytes are not the blob's */
  async get(blob: Digest): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(blob);
    const bytes = await this.#guard(() => ifThere(readFile(path)));
    if (!bytes) return undefined;
    if (digestOf(bytes) === blob) return bytes;
    throw new GridError(
      'store-failed',
      `The file ${path} is damaged: its digest is not its name. Delete it, check the disk, and ` +
        'submit the job again that needs it.',
    );
  }

  async delete(blob: Digest): Promise<void> {
    await this.#guard(() => rm(this.#pathOf(blob), { force: true }));
  }

  /** Deletes everything else: blobs that nothing names any more and leftovers of a crash. */
  async keepOnly(blobs: ReadonlySet<string>): Promise<void> {
    await this.#guard(async () => {
      const entries = await ifThere(readdir(this.#path, { recursive: true, withFileTypes: true }));
      for (const entry of entries ?? []) {
        if (entry.isDirectory() || blobs.has(entry.name)) continue;
        await rm(join(entry.parentPath, entry.name), { force: true });
      }
    });
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const beside = `${path}.${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    try {
      await writeFile(beside, bytes, { flag: 'wx', mode: 0o600 });
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }

  #pathOf(blob: Digest): string {
    return join(this.#path, blob.slice(0, 2), blob);
  }

  async #guard<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      throw storeTrouble(error, this.#storePath);
    }
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await ifThere(stat(path)))?.size;
}

/** Undefined when there is no such file. */
async function ifThere<Value>(work: Promise<Value>): Promise<Value | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
