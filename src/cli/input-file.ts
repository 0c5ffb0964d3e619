/** Files that a command is given, looked at before anything runs. */

import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { GridError, reasonOf } from '../model/errors.ts';

/**
 * The file given with --input or --lines.
 * @param flag the option that named it
 * @returns the absolute path
 * @throws {GridError} `input-unreadable`
 */
export async function readableFile(path: string, flag: string): Promise<string> {
  const advice = `Give ${flag} a file that exists and may be read, or - for what comes from stdin.`;
  await checkReadable(path, 'input', advice);
  return resolve(path);
}

/**
 * @param what it is to be, for a person
 * @param advice what to give instead
 * @throws {GridError} `input-unreadable`
 */
export async function checkReadable(path: string, what: string, advice: string): Promise<void> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    await access(path, constants.R_OK);
  } catch (error) {
    throw new GridError(
      'input-unreadable',
      `Can't read the ${what} ${path}: ${reasonOf(error)}. ${advice}`,
      { cause: error },
    );
  }
}
