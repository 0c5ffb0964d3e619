/** Makes a private grid's file, for the command line. */

import { createGridFile as writeGridFile } from '../transport/grid.ts';

/** @throws {GridError} `usage` for a name that won't do, `output-unwritable` */
export async function createGridFile(path: string, name: string): Promise<void> {
  await writeGridFile(path, name, Date.now());
}
