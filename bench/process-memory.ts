/**
 * What a peer takes of its machine's memory: its process, and that of its sandbox if there is one.
 * Linux only.
 *
 * Judged is the resident memory of both together, which is what people see and what a container is
 * charged for. It counts Node's own code, some 60 MB in files that are mapped, once for each
 * process. Where several processes run Node, the share of each (PSS) is smaller.
 */

import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { sandboxOf } from './support.ts';

export type Memory = {
  readonly peer: number;
  readonly sandbox: number;
  /** Resident, of both. */
  readonly both: number;
  /** Of both, with what processes share divided among them. */
  readonly shared: number;
};

/** In MB, 10^6 bytes. */
export async function memoryOf(pid: number): Promise<Memory> {
  const child = await sandboxOf(pid);
  const peer = await megabytes(pid, 'status', 'VmRSS');
  const sandbox = child === undefined ? 0 : await megabytes(child, 'status', 'VmRSS');
  const ownShare = await megabytes(pid, 'smaps_rollup', 'Pss');
  const itsShare = child === undefined ? 0 : await megabytes(child, 'smaps_rollup', 'Pss');
  return { peer, sandbox, both: peer + sandbox, shared: ownShare + itsShare };
}

/** Resolves when the peer has ended its sandbox, having had nothing for it to do for a while. */
export async function idle(pid: number): Promise<void> {
  while ((await sandboxOf(pid)) !== undefined) await delay(LOOK_EVERY_MS);
}

const LOOK_EVERY_MS = 500;

async function megabytes(pid: number, file: string, field: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/${file}`, 'utf8');
  const [, kib = ''] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text) ?? [];
  if (kib === '') throw new Error(`no ${field} in /proc/${pid}/${file}`);
  return (Number(kib) * 1024) / 1e6;
}
