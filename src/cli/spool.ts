/**
 * stdin as a file, for as long as it takes to submit: the peer is another process and reads its
 * input from a path. The file is in a folder of its own that only this user can enter, and is gone
 * when the peer has opened it, at any error, and at Ctrl-C.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { GridError, reasonOf } from '../model/errors.ts';
import type { Context } from './context.ts';
import { beforeInterrupts } from './interrupts.ts';

export type Spool = {
  /** Absolute. */
  readonly path: string;
  /** Removes the file. Idempotent. */
  drop(): void;
};

/**
 * @param input read to its end
 * @throws {GridError} `disk-full` or `input-unreadable`
 */
export async function spool(input: Readable): Promise<Spool> {
  // Before there is a folder, or a signal would find it without us.
  const release = beforeInterrupts(() => drop());
  let folder: string | undefined;
  function drop(): void {
    release();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
  try {
    // For this user alone.
    folder = mkdtempSync(join(tmpdir(), 'manyhands-stdin-'));
    const path = join(folder, 'stdin');
    const file = await open(path, 'wx', 0o600);
    await pipeline(input, file.createWriteStream());
    return { path, drop };
  } catch (error) {
    drop();
    throw spoolTrouble(error);
  }
}

/** For whoever typed "-" and wonders why nothing happens. */
export function noteStdin(context: Context): void {
  if (context.io.stdin.isTTY !== true) return;
  context.note('Reading from the terminal; Ctrl-D at the start of a line ends it.');
}

function spoolTrouble(error: unknown): GridError {
  const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  return isFull
    ? new GridError(
        'disk-full',
        `What came from stdin doesn't fit on the disk of ${tmpdir()}. Make room, name a folder ` +
          'on another disk in the variable TMPDIR, or give a file in place of stdin.',
        { cause: error },
      )
    : new GridError(
        'input-unreadable',
        `Can't keep what comes from stdin in ${tmpdir()}: ${reasonOf(error)}.`,
        {
          cause: error,
        },
      );
}
