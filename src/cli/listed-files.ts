/**
 * The files that `--files` names: paths as a shell makes them of a pattern, or patterns that it
 * left alone because they were quoted. Paths stay in the order they were given, and what a pattern
 * finds is sorted by its characters, so that the same files give the same job on every machine.
 */

import { glob, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { GridError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { bytesText, countText } from './format.ts';

export type ListedFile = {
  /** Absolute. */
  readonly path: string;
  /** Without its folder. */
  readonly name: string;
};

/**
 * @param patterns paths, or patterns with *, ** and ?
 * @throws {GridError} `input-unreadable` or `usage`
 */
export async function listedFiles(patterns: readonly string[]): Promise<ListedFile[]> {
  const paths = new Set<string>();
  for (const pattern of patterns) {
    for (const path of await filesOf(pattern)) {
      paths.add(path);
      if (paths.size > limits.pieceFilesMax) {
        throw new GridError(
          'usage',
          `--files found more than ${countText(limits.pieceFilesMax)} files, the most that a job ` +
            'may have. Submit them in several jobs, or put many small ones into one file of lines.',
        );
      }
    }
  }
  return [...paths].map((path) => ({ path, name: basename(path) }));
}

/** Absolute paths. */
async function filesOf(pattern: string): Promise<string[]> {
  // First as a name, since [1] and * may be part of one.
  const named = await stat(pattern).catch(() => undefined);
  if (named?.isDirectory() === true) {
    throw new GridError(
      'input-unreadable',
      `${pattern} is a folder. For the files in it give --files '${join(pattern, '*')}'.`,
    );
  }
  if (named?.isFile() === true) return [checked(pattern, named.size)];
  const found: string[] = [];
  for await (const path of glob(pattern)) {
    const each = await stat(path).catch(() => undefined);
    if (each?.isFile() === true) found.push(checked(path, each.size));
    // More are refused anyway.
    if (found.length > limits.pieceFilesMax) break;
  }
  if (found.length > 0) return found.sort();
  throw new GridError(
    'input-unreadable',
    `--files found no file for ${pattern}. Give paths or patterns, such as 'data/*.txt'.`,
  );
}

function checked(path: string, bytes: number): string {
  if (bytes <= limits.pieceBytesMax) return resolve(path);
  throw new GridError(
    'input-unreadable',
    `${path} has ${bytesText(bytes)}, and a chunk may have ${bytesText(limits.pieceBytesMax)}. ` +
      'Cut it up with --bytes or --lines instead.',
  );
}
