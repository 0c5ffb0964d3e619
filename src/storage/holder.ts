/**
 * Who has the data folder, for whoever comes second. The lock on the database decides; this file
 * only says whose it is, since nobody can ask a lock. What a dead process left in it is of no
 * consequence: its lock is gone.
 *
 * But the lock goes with the database: when that is moved away under a peer that runs, there is a
 * new one that nobody has locked. So a holder that answers has the folder as well.
 */

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
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

/** What to tell somebody who did not get it. @param cause that the lock said so */
export function heldByAnother(path: string, cause?: unknown): GridError {
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

/**
 * Whether the process that was noted is here and listens. Both: numbers of processes come again,
 * and so may a socket that was given for several folders.
 */
export async function isHeld(path: string): Promise<boolean> {
  const { pid, controlPath } = readHolder(path) ?? {};
  return pid !== undefined && controlPath !== undefined && isHere(pid) && isAnswering(controlPath);
}

function isHere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function isAnswering(controlPath: string): Promise<boolean> {
  const socket = connect(controlPath);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
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
