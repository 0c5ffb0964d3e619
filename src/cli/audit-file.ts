/** The audit file that a command works on: given to it, or made by the peer. */

import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Context } from './context.ts';
import { checkReadable } from './input-file.ts';
import { beforeInterrupts } from './interrupts.ts';
import { writeFileWhole } from './job-output.ts';

export type AuditFile = {
  /** Its bytes, from the beginning each time. */
  pieces(): AsyncIterable<Uint8Array>;
  readonly bytes: number;
  /** Removes what was only made for this. */
  drop(): void;
};

const PIECE_BYTES = 256 * 1024;

/** What can't be the beginning of a job's id is the name of a file. */
export function isFile(jobOrFile: string): boolean {
  return !/^[0-9a-f]{1,64}$/i.test(jobOrFile);
}

/** @throws {GridError} `input-unreadable` */
export async function givenFile(path: string): Promise<AuditFile> {
  await checkReadable(
    path,
    'audit file',
    'Give a file that `manyhands audit ID --export FILE` has written, or the id of a job of this ' +
      'peer, which is hexadecimal.',
  );
  return fileAt(path, () => undefined);
}

/**
 * Has the peer write what it knows of a job.
 * @param path where it shall stay; absent: nowhere
 * @throws {GridError} what the peer says when there is nothing to audit; `output-unwritable`
 */
export async function exportedFile(
  context: Context,
  request: { readonly jobId: string; readonly withInputs: boolean },
  path: string | undefined,
): Promise<AuditFile> {
  let folder: string | undefined;
  const release = beforeInterrupts(() => drop());
  function drop(): void {
    release();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
  try {
    const isKept = path !== undefined && (await canBeReadAgain(path));
    if (!isKept) folder = mkdtempSync(join(tmpdir(), 'manyhands-audit-'));
    const written = isKept ? path : join(folder ?? tmpdir(), 'audit');
    await context.withPeer((client) => writeFileWhole(written, piecesOf(client, request)));
    const file = await fileAt(written, drop);
    if (path !== undefined && !isKept) await writeFileWhole(path, file.pieces());
    return file;
  } catch (error) {
    drop();
    throw error;
  }
}

/** Not a pipe, and not a device such as /dev/null. */
async function canBeReadAgain(path: string): Promise<boolean> {
  const present = await stat(path).catch(() => undefined);
  return present === undefined || present.isFile() || present.isDirectory();
}

type Client = Awaited<ReturnType<Context['connect']>>;

async function* piecesOf(
  client: Client,
  request: Parameters<Client['exportAudit']>[0],
): AsyncGenerator<Uint8Array> {
  for await (const { piece } of client.exportAudit(request)) yield piece;
}

async function fileAt(path: string, drop: () => void): Promise<AuditFile> {
  const { size: bytes } = await stat(path);
  return { pieces: () => createReadStream(path, { highWaterMark: PIECE_BYTES }), bytes, drop };
}
