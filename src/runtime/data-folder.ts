/** The folder of everything that a peer keeps. */

import { mkdir } from 'node:fs/promises';

import { GridError, reasonOf } from '../model/errors.ts';

/**
 * Makes it if it isn't there.
 * @throws {GridError} `store-failed`
 */
export async function makeDataFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new GridError(
      'store-failed',
      `The data folder ${path} can't be made: ${reasonOf(error)}. Name another one with --data.`,
    );
  }
}
