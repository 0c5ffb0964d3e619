/**
 * What can go wrong on a disk, told so that its owner can mend it. SQLite and the file system each
 * have their own error codes; both end in the two codes that `Store` promises.
 */

import { GridError, reasonOf } from '../model/errors.ts';
import { heldByAnother } from './holder.ts';

/** SQLite's primary result codes (sqlite.org/rescode.html); extended codes hold them in 8 bits. */
const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

const fullCodes = new Set<unknown>(['ENOSPC', 'EDQUOT', SQLITE_FULL]);
const deniedCodes = new Set<unknown>([
  'EACCES',
  'EPERM',
  'EROFS',
  SQLITE_PERM,
  SQLITE_READONLY,
  SQLITE_CANTOPEN,
]);
const damagedCodes = new Set<unknown>([SQLITE_CORRUPT, SQLITE_NOTADB]);

/**
 * @param error anything thrown; what neither SQLite nor the file system threw is returned as it is
 * @param path the folder of the store
 * @returns `disk-full`, `store-failed`, or `peer-already-running` when another process holds the
 *   store
 */
export function storeTrouble(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  if (fullCodes.has(code)) {
    return new GridError(
      'disk-full',
      `There is no space left on the disk that holds ${path}; free some or use --data.`,
      { cause: error },
    );
  }
  if (damagedCodes.has(code)) return damaged(path, reasonOf(error), error);
  if (deniedCodes.has(code)) {
    return new GridError(
      'store-failed',
      `The data folder ${path} can't be written (${reasonOf(error)}): it is not this user's, or ` +
        'its file system is read-only. Give this user the right to, or choose another folder ' +
        'with --data.',
      { cause: error },
    );
  }
  if (code === SQLITE_BUSY) {
    return heldByAnother(path, error);
  }
  return new GridError(
    'store-failed',
    `The store in ${path} failed (${reasonOf(error)}); check the disk, or choose another folder ` +
      'with --data.',
    { cause: error },
  );
}

/** What is in the store isn't what was put there. */
export function damaged(path: string, reason: string, cause?: unknown): GridError {
  return new GridError(
    'store-failed',
    `The database ${path}/jobs.sqlite is damaged (${reason}). Stop the peer, if it runs. Move ` +
      'the files jobs.sqlite* away, check the disk, and start again: the identity of this peer ' +
      'has a file of its own and is not lost, and `manyhands import` brings receipts back from a ' +
      'backup. The jobs are lost.',
    { cause },
  );
}

/** Of SQLite the primary code, of the file system the name of the error. */
function codeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff;
  return 'syscall' in error && 'code' in error ? error.code : undefined;
}
