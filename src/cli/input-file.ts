/** The file given with --input, looked at before anything runs. */

import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { GridError, reasonOf } from '../model/errors.ts';

/**
 * @returns the absolute path
 * @throws {GridError} `input-unreadable`
 */
export async function readableFile(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    await access(path, constants.R_OK);
  } catch (error) {
    throw new GridError(
      'input-unreadable',
      `Can't read the input ${path}: ${reasonOf(error)}. Give --input a file that exists and ` +
        'that you may read.',
      { cause: error },
    );
  }
  return resolve(path);
}
