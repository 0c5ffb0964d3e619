/** The file given with --input or --lines, looked at before anything runs. */

import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { GridError, reasonOf } from '../model/errors.ts';

/**
 * @param flag the option that named it
 * @returns the absolute path
 * @throws {GridError} `input-unreadable`
 */
export async function readableFile(path: string, flag: string): Promise<string> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    await access(path, constants.R_OK);
  } catch (error) {
    throw new GridError(
      'input-unreadable',
      `Can't read the input ${path}: ${reasonOf(error)}. Give ${flag} a file that exists and ` +
        'that you may read, or - for what comes from stdin.',
      { cause: error },
    );
  }
  return resolve(path);
}
