/**
 * A result in parts, each in a file of its own. The folder must be new or empty: the parts of a
 * job over files have the names of these files, and `--files 'data/*' --out-dir data` would else
 * replace what it read. Files get their names when all are written.
 */

import { randomUUID } from 'node:crypto';
import { rmdirSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { GridError, reasonOf } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { beforeInterrupts } from './interrupts.ts';

/** As the peer sends it. */
export type ResultPart = { readonly part: string; readonly piece: Uint8Array };

export type WrittenParts = {
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
};

/**
 * Before a job runs for hours: could its parts be written there?
 * @throws {GridError} `output-unwritable`
 */
export async function checkOutFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw unwritable(folder, error);
  });
  if (names.length === 0) return;
  throw new GridError(
    'output-unwritable',
    `The folder ${folder} is not empty, and --out-dir overwrites nothing. Name a new folder, or ` +
      'an empty one.',
  );
}

/**
 * @param parts the pieces of one part follow each other; only the first names it
 * @throws {GridError} `output-unwritable` or `disk-full`; then nothing of them is left, as after
 *   Ctrl-C: what is left would be in the way of the next try
 */
export async function writeParts(
  folder: string,
  parts: AsyncIterable<ResultPart>,
): Promise<WrittenParts> {
  await checkOutFolder(folder);
  const isMade = await makeFolder(folder);
  const beside = join(folder, `.part-${randomUUID()}`);
  const placed: string[] = [];
  function undo(): void {
    rmSync(beside, { recursive: true, force: true });
    for (const path of placed) rmSync(path, { force: true });
    try {
      if (isMade) rmdirSync(folder);
    } catch {
      // Somebody else has put something into it.
    }
  }
  const release = beforeInterrupts(undo);
  try {
    await mkdir(beside);
    const { names, bytes } = await writeEach(beside, parts);
    for (const name of names) {
      placed.push(join(folder, name));
      await rename(join(beside, name), join(folder, name));
    }
    await rmdir(beside);
    return { path: resolve(folder), files: names.size, bytes };
  } catch (error) {
    undo();
    throw error instanceof GridError ? error : unwritable(folder, error);
  } finally {
    release();
  }
}

/** @returns whether it was not there */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    return (await mkdir(folder, { recursive: true })) !== undefined;
  } catch (error) {
    throw unwritable(folder, error);
  }
}

async function writeEach(
  folder: string,
  parts: AsyncIterable<ResultPart>,
): Promise<{ names: ReadonlySet<string>; bytes: number }> {
  const names = new Set<string>();
  let bytes = 0;
  let file: FileHandle | undefined;
  try {
    for await (const { part, piece } of parts) {
      if (part !== '') {
        await file?.close();
        file = await open(join(folder, newName(part, names)), 'wx');
      }
      if (file === undefined) throw unnamed('');
      await file.writeFile(piece);
      bytes += piece.length;
    }
  } finally {
    await file?.close();
  }
  return { names, bytes };
}

/** A name leads nowhere but into the folder, and to a file that is not there yet. */
function newName(part: string, names: Set<string>): string {
  const isPlain =
    part !== '.' && part !== '..' && !/[/\\\0]/.test(part) && part.length <= limits.pathCharsMax;
  if (!isPlain || names.has(part)) throw unnamed(part);
  names.add(part);
  return part;
}

function unnamed(part: string): GridError {
  const name = JSON.stringify(part.slice(0, 80));
  return new GridError('internal', `The peer sent a part of the result under the name ${name}.`);
}

function unwritable(folder: string, error: unknown): GridError {
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return new GridError('disk-full', `The disk is full: can't write ${folder}. Make room.`, {
      cause: error,
    });
  }
  return new GridError(
    'output-unwritable',
    `Can't write the results to the folder ${folder}: ${reasonOf(error)}. Name a new one ` +
      'where you may write.',
    { cause: error },
  );
}
