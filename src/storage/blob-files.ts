/**
 * Blobs as files named by their digest, `blobs/ab/abcdef...`: a reader sees a whole blob or none,
 * because each is written under a name of its own beside the final one, synced and renamed. What a
 * disk has damaged since is caught by its digest when it is read, and moved away so that the blob
 * can be put again. In the database they would have to fit in memory twice and the file would never
 * shrink.
 *
 * A blob may have any size, so large ones are hashed a slice at a time, with room for other work
 * between the slices, and written and read in pieces by those who can.
 */

import { createHash, randomUUID } from 'node:crypto';
import { renameSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';

import { GridError } from '../model/errors.ts';
import { digest, type Digest } from '../model/ids.ts';
import type { BlobRef } from '../model/program.ts';
import { digestOf } from '../wire/digest.ts';
import { bytesOnDisk, DiskLimit } from './disk-limit.ts';
import { storeTrouble } from './store-trouble.ts';
import { makeFolder, syncFolder, writeSynced } from './synced-files.ts';

/** Hashed in one go, within some 2 ms; a read that is larger gains nothing. */
const SLICE_BYTES = 1024 * 1024;
/** A piece as `read` hands it out. */
const PIECE_BYTES = 256 * 1024;

export class BlobFiles {
  readonly #storePath: string;
  readonly #path: string;
  readonly #limit: DiskLimit;
  /** On the disk, or about to be. */
  #bytes = 0;
  /** Put since the start, and named by no job yet: these are not to be let go with other jobs. */
  readonly #unnamed = new Set<Digest>();

  /**
   * @param storePath the folder of the store; blobs are in `blobs` in it
   * @param limit asked for room before anything is written
   */
  constructor(storePath: string, limit: DiskLimit = new DiskLimit(storePath)) {
    this.#storePath = storePath;
    this.#path = join(storePath, 'blobs');
    this.#limit = limit;
  }

  /** What the files take on the disk; those of before since `keepOnly`. */
  get bytesTaken(): number {
    return this.#bytes;
  }

  /** @throws {GridError} `disk-full`, `store-failed` */
  async put(bytes: Uint8Array): Promise<Digest> {
    const blob = await digestInSlices(bytes);
    this.#unnamed.add(blob);
    if (await this.#guard(() => this.#isWhole(blob, bytes.length))) return blob;
    const beside = join(this.#path, randomUUID());
    const taken = bytesOnDisk(bytes.length);
    this.#take(taken);
    try {
      await this.#guard(async () => {
        await makeFolder(this.#path);
        await writeSynced(beside, (file) => file.writeFile(bytes));
        await this.#giveName(beside, blob);
      });
      return blob;
    } catch (error) {
      this.#bytes -= taken;
      await rm(beside, { force: true });
      throw error;
    }
  }

  /**
   * Written under a name of its own first, since the digest is known at the end.
   * @param pieces what they throw is thrown on as it is
   * @throws {GridError} `disk-full`, `store-failed`
   */
  async putPieces(pieces: AsyncIterable<Uint8Array>): Promise<BlobRef> {
    const beside = join(this.#path, randomUUID());
    const hash = createHash('sha256');
    let bytes = 0;
    let taken = 0;
    try {
      const file = await this.#guard(async () => {
        await makeFolder(this.#path);
        return open(beside, 'wx', 0o600);
      });
      try {
        for await (const piece of pieces) {
          hash.update(piece);
          bytes += piece.length;
          this.#take(bytesOnDisk(bytes) - taken);
          taken = bytesOnDisk(bytes);
          // Goes on where the last one ended.
          await this.#guard(() => file.writeFile(piece));
        }
        await this.#guard(() => file.sync());
      } finally {
        await file.close();
      }
      const blob = digest(hash.digest('hex'));
      this.#unnamed.add(blob);
      await this.#guard(() => this.#giveName(beside, blob));
      return { digest: blob, bytes };
    } catch (error) {
      this.#bytes -= taken;
      await rm(beside, { force: true });
      throw error;
    }
  }

  /** @throws {GridError} `store-failed` when the file's bytes are not the blob's */
  async get(blob: Digest): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(blob);
    const bytes = await this.#guard(() => ifThere(readFile(path)));
    if (!bytes) return undefined;
    if ((await digestInSlices(bytes)) === blob) return bytes;
    throw await this.#damaged(blob);
  }

  /**
   * Reads the file twice, the first time for its digest: no damaged byte is ever handed out.
   * @throws {GridError} `store-failed` when it is damaged or not there
   */
  async *read(blob: Digest): AsyncGenerator<Uint8Array, undefined> {
    const path = this.#pathOf(blob);
    const file = await this.#guard(() => ifThere(open(path)));
    if (!file) {
      throw new GridError(
        'store-failed',
        `The file ${path} is gone. Submit the job again that needs it.`,
      );
    }
    try {
      if ((await this.#digestOf(file)) !== blob) throw await this.#damaged(blob);
      yield* this.#piecesOf(file);
    } finally {
      await file.close();
    }
  }

  /** Undefined when there is no such blob. */
  async size(blob: Digest): Promise<number | undefined> {
    return this.#guard(() => sizeOf(this.#pathOf(blob)));
  }

  async delete(blob: Digest): Promise<void> {
    await this.#guard(async () => this.#remove(blob));
  }

  /** A job names these from now on: they go when it does. */
  name(blobs: Iterable<Digest>): void {
    for (const blob of blobs) this.#unnamed.delete(blob);
  }

  /** Of a job that is let go, at once; not what was put since for another one. */
  letGo(blob: Digest): void {
    if (!this.#unnamed.has(blob)) this.#remove(blob);
  }

  /** Deletes everything else: blobs that nothing names any more and leftovers of a crash. */
  async keepOnly(blobs: ReadonlySet<string>): Promise<void> {
    this.#bytes = 0;
    await this.#guard(async () => {
      const entries = await ifThere(readdir(this.#path, { recursive: true, withFileTypes: true }));
      for (const entry of entries ?? []) {
        if (entry.isDirectory()) continue;
        const path = join(entry.parentPath, entry.name);
        if (blobs.has(entry.name)) this.#bytes += bytesOnDisk((await stat(path)).size);
        else await rm(path, { force: true });
      }
    });
  }

  #take(bytes: number): void {
    this.#limit.makeRoom(() => bytes);
    this.#bytes += bytes;
  }

  /** Of a file that takes the place of another one only the new one counts. */
  async #giveName(beside: string, blob: Digest): Promise<void> {
    const path = this.#pathOf(blob);
    await makeFolder(dirname(path));
    const before = statSync(path, { throwIfNoEntry: false });
    renameSync(beside, path);
    if (before !== undefined) this.#bytes -= bytesOnDisk(before.size);
    await syncFolder(dirname(path));
  }

  #remove(blob: Digest): void {
    const path = this.#pathOf(blob);
    const file = statSync(path, { throwIfNoEntry: false });
    if (file === undefined) return;
    rmSync(path, { force: true });
    this.#bytes -= bytesOnDisk(file.size);
    this.#unnamed.delete(blob);
  }

  /** Whether it is there already, and not damaged: whoever puts a blob again may be mending it. */
  async #isWhole(blob: Digest, bytes: number): Promise<boolean> {
    const file = await ifThere(open(this.#pathOf(blob)));
    if (file === undefined) return false;
    try {
      return (await file.stat()).size === bytes && (await this.#digestOf(file)) === blob;
    } finally {
      await file.close();
    }
  }

  /** Moved where no sweep takes it: it may be the only copy of a result that took a week. */
  async #damaged(blob: Digest): Promise<GridError> {
    const path = this.#pathOf(blob);
    const aside = join(this.#storePath, 'damaged', blob);
    await this.#guard(async () => {
      const { size } = await stat(path);
      await makeFolder(dirname(aside));
      await rename(path, aside);
      this.#bytes -= bytesOnDisk(size);
    });
    return new GridError(
      'store-failed',
      `The file ${path} is damaged: its digest is not its name. It was moved to ${aside}. Check ` +
        'the disk, and submit the job again that needs it.',
    );
  }

  async #digestOf(file: FileHandle): Promise<string> {
    const hash = createHash('sha256');
    for await (const piece of this.#piecesOf(file)) hash.update(piece);
    return hash.digest('hex');
  }

  async *#piecesOf(file: FileHandle): AsyncGenerator<Uint8Array, undefined> {
    for (let position = 0; ;) {
      const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
      const { bytesRead } = await this.#guard(() => file.read(buffer, 0, PIECE_BYTES, position));
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
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

/** So that a large one holds up nobody. */
export async function digestInSlices(bytes: Uint8Array): Promise<Digest> {
  if (bytes.length <= SLICE_BYTES) return digestOf(bytes);
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    hash.update(bytes.subarray(at, at + SLICE_BYTES));
    await breathe();
  }
  return digest(hash.digest('hex'));
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await ifThere(stat(path)))?.size;
}

/** Undefined when there is no such file. */
export async function ifThere<Value>(work: Promise<Value>): Promise<Value | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
