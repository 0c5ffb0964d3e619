/**
 * Who has the data folder, for whoever comes second. The lock on the database decides; this file
 * only says whose it is, since nobody can ask a lock. What a dead process left in it is of no
 * consequence: its lock is gone.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { GridError } from '../model/errors.ts';

export type Holder = {
  readonly pid: number;
  readonly sinceMs: number;
  /** Of a peer, which can be asked what it does. */
  readonly controlPath?: string;
};

/** To be called with the lock held. Without room for it the folder is as good. */
export function noteHolder(path: string, holder: Holder): void {
  try {
    writeFileSync(fileOf(path), JSON.stringify(holder), { mode: 0o600 });
  } catch {
    // A full disk is told of by those who need it.
  }
}

/** What to tell somebody who did not get the lock. */
export function heldByAnother(path: string, cause: unknown): GridError {
  const holder = readHolder(path);
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid}, since ${new Date(holder.sinceMs).toISOString()}`;
  const socket =
    holder?.controlPath === undefined
      ? ''
      : `; \`manyhands status\` reaches it at ${holder.controlPath}`;
  return new GridError(
    'peer-already-running',
    `The data folder ${path} is in use by ${who}${socket}. Only one peer at a time can use it: ` +
      'stop the other one with `manyhands finish`, or choose another folder with --data.',
    { cause },
  );
}

function readHolder(path: string): Holder | undefined {
  try {
    const { pid, sinceMs, controlPath } = JSON.parse(readFileSync(fileOf(path), 'utf8'));
    if (!Number.isSafeInteger(pid) || !(Math.abs(sinceMs) <= 8.64e15)) return undefined;
    return { pid, sinceMs, ...(typeof controlPath === 'string' ? { controlPath } : {}) };
  } catch {
    return undefined;
  }
}

function fileOf(path: string): string {
  return join(path, 'holder.json');
}
