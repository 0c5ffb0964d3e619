/**
 * The data files of a WASI program, as they are named on the command line: `--data FILE`, or
 * `--data NAME=FILE` where the program is to find it under another name.
 */

import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

import { GridError, reasonOf } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { bytesText } from './format.ts';

export type DataPath = {
  /** Where the program finds it, from the root of its file system. */
  readonly path: string;
  /** Where it is now. */
  readonly source: string;
};

/**
 * @param text FILE or NAME=FILE; a file that has "=" in its name is taken as it is
 * @param folder that the file's path starts from
 */
export function dataPathOf(text: string, folder = '.'): DataPath {
  const equals = text.indexOf('=');
  const isNamed = equals > 0 && !existsSync(resolve(folder, text));
  const source = resolve(folder, isNamed ? text.slice(equals + 1) : text);
  return { path: isNamed ? text.slice(0, equals) : basename(source), source };
}

/** @throws {GridError} `input-unreadable` or `usage` */
export async function readDataFiles(
  paths: readonly DataPath[],
): Promise<{ readonly path: string; readonly bytes: Uint8Array }[]> {
  await checkAll(paths);
  return Promise.all(
    paths.map(async ({ path, source }) => {
      const bytes = await readFile(source).catch((error: unknown) => {
        throw unreadable(source, reasonOf(error), error);
      });
      return { path, bytes };
    }),
  );
}

/** Before any is read, since together they may be larger than memory. */
async function checkAll(paths: readonly DataPath[]): Promise<void> {
  const sources = new Map<string, string>();
  let bytes = 0;
  for (const { path, source } of paths) {
    const other = sources.get(path);
    if (other !== undefined) {
      throw new GridError(
        'usage',
        `The program would find two files as ${path}: ${other} and ${source}. Give one of them ` +
          `another name, as in --data other-${path}=${source}.`,
      );
    }
    sources.set(path, source);
    bytes += await sizeOf(source);
  }
  if (bytes <= limits.dataBytesMax) return;
  throw new GridError(
    'usage',
    `The program's data files have ${bytesText(bytes)}, and may have ` +
      `${bytesText(limits.dataBytesMax)}, since every volunteer fetches them all. Give what only ` +
      'some chunks need as their input, with --lines, --bytes or --files.',
  );
}

async function sizeOf(source: string): Promise<number> {
  const found = await stat(source).catch((error: unknown) => {
    throw unreadable(source, reasonOf(error), error);
  });
  if (found.isFile()) return found.size;
  throw found.isDirectory()
    ? new GridError('input-unreadable', folderGiven(source))
    : unreadable(source, 'it is not a file', undefined);
}

/** Behind `submit` and `test`, --data is not what it is behind other commands. */
export function folderGiven(folder: string): string {
  return (
    `${folder} is a folder, and here --data gives the program a file. For several files give ` +
    "--data several times. To choose the peer's data folder, put --data before the command: " +
    `manyhands --data ${folder} submit ...`
  );
}

function unreadable(source: string, reason: string, cause: unknown): GridError {
  return new GridError(
    'input-unreadable',
    `Can't read the program's data file ${source}: ${reason}. Give --data FILE or NAME=FILE. ` +
      "(The peer's data folder is given before the command: manyhands --data DIR submit ...)",
    { cause },
  );
}
