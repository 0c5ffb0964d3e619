/**
 * The input file of a job, opened when the job is submitted and read while it is split. What was
 * opened stays readable under Unix when the file is renamed or removed, so whoever submits may
 * clean up as soon as the job is accepted.
 */

import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';

import { GridError, reasonOf } from '../model/errors.ts';
import type { InputFile, SplitInput } from '../ports.ts';

/** Reading larger pieces is no faster. */
const PIECE_BYTES_MAX = 256 * 1024;
/** For files that don't tell their size, or grow. */
const PIECE_BYTES_MIN = 4 * 1024;

export class JobInput implements SplitInput {
  readonly name: string;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #pieceBytes: number;

  /**
   * Regular files only: a pipe that nobody writes to would be waited for even by a peer that stops.
   * @throws {GridError} `input-unreadable`
   */
  static async open(path: string): Promise<JobInput> {
    try {
      const found = await stat(path);
      if (found.isFile()) return new JobInput(path, await open(path), found.size);
    } catch (error) {
      throw unreadable(path, reasonOf(error), error);
    }
    throw unreadable(path, 'it is not a file');
  }

  private constructor(path: string, file: FileHandle, bytes: number) {
    this.name = basename(path);
    this.#path = path;
    this.#file = file;
    // Ten thousand small files shouldn't cost ten thousand large buffers.
    this.#pieceBytes = Math.min(PIECE_BYTES_MAX, Math.max(PIECE_BYTES_MIN, bytes));
  }

  /** From the beginning. What was opened has to be closed. */
  get pieces(): AsyncIterable<Uint8Array> {
    return this.#read();
  }

  /** Idempotent. Waits for a read that is under way; the next one fails. */
  close(): Promise<void> {
    return this.#file.close();
  }

  async *#read(): AsyncGenerator<Uint8Array, undefined> {
    let position = 0;
    try {
      for (;;) {
        const buffer = Buffer.allocUnsafeSlow(this.#pieceBytes);
        const { bytesRead } = await this.#file.read(buffer, 0, this.#pieceBytes, position);
        if (bytesRead === 0) return;
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw unreadable(this.#path, reasonOf(error), error);
    }
  }
}

/** What to know it by later. @throws {GridError} `input-unreadable` */
export async function inputFile(path: string): Promise<InputFile> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { path, bytes: size, modifiedMs: mtimeMs };
  } catch (error) {
    throw unreadable(path, reasonOf(error), error);
  }
}

/** @throws {GridError} `input-unreadable` if it is not the file that it was */
export async function checkUnchanged(file: InputFile): Promise<void> {
  const { bytes, modifiedMs } = await inputFile(file.path).catch((error: unknown) => {
    throw lost(file.path, 'is gone', error);
  });
  if (bytes !== file.bytes || modifiedMs !== file.modifiedMs) {
    throw lost(file.path, 'has changed');
  }
}

function lost(path: string, what: string, cause?: unknown): GridError {
  return new GridError(
    'input-unreadable',
    `The peer was started again before the input was split to its end, and ${path} ${what} ` +
      'since. Submit the job again. An input from stdin is only there until the job is ' +
      'submitted: give a file where that matters.',
    { cause },
  );
}

/**
 * A whole file of a bounded size.
 * @throws {GridError} `input-unreadable`, or `job-failed` when it is larger
 */
export async function readWhole(path: string, bytesMax: number): Promise<Uint8Array> {
  const input = await JobInput.open(path);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of input.pieces) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes <= bytesMax) continue;
      throw new GridError(
        'job-failed',
        `The file ${path} has more than ${bytesMax} bytes, the most that a chunk may have, and a ` +
          'file is never cut in two. Cut it into smaller ones, or split it by lines or bytes.',
      );
    }
  } finally {
    await input.close();
  }
  return Buffer.concat(pieces);
}

function unreadable(path: string, reason: string, cause?: unknown): GridError {
  return new GridError(
    'input-unreadable',
    `The input ${path} can't be read: ${reason}. Check that it is a file and that you may read it.`,
    { cause },
  );
}
