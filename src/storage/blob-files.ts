/**
 * Blobs as files named by their digest, `blobs/ab/abcdef...`: a reader sees a whole blob or none,
 * because each is written under a name of its own beside the final one and renamed. A blob that
 * lost its bytes in a power failure is caught by its digest when it is read. In the database they
 * would have to fit in memory twice and the file would never shrink.
 *
 * A blob may have any size, so large ones are hashed a slice at a time, with room for other work
 * between the slices, and written and read in pieces by those who can.
 */

import { createHash, randomUUID } from 'node:crypto';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';

import { GridError } from '../model/errors.ts';
import { digest, type Digest } from '../model/ids.ts';
import type { BlobRef } from '../model/program.ts';
import { digestOf } from '../wire/digest.ts';
import { storeTrouble } from './store-trouble.ts';

/** Hashed in one go, within some 2 ms; a read that is larger gains nothing. */
const SLICE_BYTES = 1024 * 1024;
/** A piece as `read` hands it out. */
const PIECE_BYTES = 256 * 1024;

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
    const blob = await digestInSlices(bytes);
    const path = this.#pathOf(blob);
    await this.#guard(async () => {
      // A file of another size is what a power failure left.
      if ((await sizeOf(path)) !== bytes.length) await this.#write(path, bytes);
    });
    return blob;
  }

  /**
   * Written under a name of its own first, since the digest is known at the end.
   * @param pieces what they throw is thrown on as it is
   * @throws {GridError} `disk-full`, `store-failed`
   */
  async putPieces(pieces: AsyncIterable<Uint8Array>): Promise<BlobRef> {
    const beside = join(this.#path, randomUUID());
    try {
      const written = await this.#writePieces(beside, pieces);
      const path = this.#pathOf(written.digest);
      await this.#guard(async () => {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await rename(beside, path);
      });
      return written;
    } catch (error) {
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
    throw damagedFile(path);
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
      const hash = createHash('sha256');
      for await (const piece of this.#piecesOf(file)) hash.update(piece);
      if (hash.digest('hex') !== blob) throw damagedFile(path);
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

  async #writePieces(path: string, pieces: AsyncIterable<Uint8Array>): Promise<BlobRef> {
    const file = await this.#guard(async () => {
      await mkdir(this.#path, { recursive: true, mode: 0o700 });
      return open(path, 'wx', 0o600);
    });
    try {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of pieces) {
        hash.update(piece);
        bytes += piece.length;
        // Goes on where the last one ended.
        await this.#guard(() => file.writeFile(piece));
      }
      return { digest: digest(hash.digest('hex')), bytes };
    } finally {
      await file.close();
    }
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

async function digestInSlices(bytes: Uint8Array): Promise<Digest> {
  if (bytes.length <= SLICE_BYTES) return digestOf(bytes);
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    hash.update(bytes.subarray(at, at + SLICE_BYTES));
    await breathe();
  }
  return digest(hash.digest('hex'));
}

function damagedFile(path: string): GridError {
  return new GridError(
    'store-failed',
    `The file ${path} is damaged: its digest is not its name. Delete it, check the disk, and ` +
      'submit the job again that needs it.',
  );
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
