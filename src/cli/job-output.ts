/**
 * The result of a job on its way out: to a file, to stdout, or into a JSON document. It comes in
 * pieces and may be larger than memory, so it is passed on as it comes, except into JSON.
 */

import { rmSync } from 'node:fs';
import { access, constants, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

import type { Command } from 'commander';

import { GridError, reasonOf, unreachable } from '../model/errors.ts';
import type { ControlClient } from '../transport/control-client.ts';
import type { Context, Stream } from './context.ts';
import { bytesText, plural } from './format.ts';
import { beforeInterrupts } from './interrupts.ts';
import { option } from './options.ts';
import { checkOutFolder, type WrittenParts, writeParts } from './out-folder.ts';
import { isText } from './text.ts';

type Kind = 'bytes' | 'text' | 'json';

/** Where a result went; `withheld` because a terminal can't show bytes. */
export type Delivery =
  | { readonly to: 'stdout' }
  | { readonly to: 'file'; readonly path: string; readonly kind: Kind; readonly bytes: number }
  | ({ readonly to: 'folder' } & WrittenParts)
  | {
      readonly to: 'document';
      readonly kind: Kind;
      readonly value: unknown;
      readonly bytes: number;
    }
  | { readonly to: 'withheld'; readonly bytes: number };

/** Where it shall go; at most one of them. */
export type OutOptions = {
  readonly out?: string;
  readonly outDir?: string;
};

export function addOutOptions(command: Command): Command {
  return command
    .addOption(option('--out <file>', 'write the result to a file'))
    .addOption(
      option('--out-dir <folder>', "write each chunk's result to a file in a new folder").conflicts(
        'out',
      ),
    );
}

/**
 * Before a job runs for hours: could its result be written there?
 * @throws {GridError} `output-unwritable`
 */
export async function checkOut({ out, outDir }: OutOptions): Promise<void> {
  if (out !== undefined) await checkWritable(out);
  if (outDir !== undefined) await checkOutFolder(outDir);
}

/**
 * Brings a job's result to where it was asked for: without `out` and `outDir` to stdout, or with
 * --json into the delivery.
 * @throws {GridError} `output-unwritable`, or what the peer says when there is no result
 */
export async function deliverResult(
  client: ControlClient,
  jobId: string,
  { out, outDir }: OutOptions,
  context: Context,
): Promise<Delivery> {
  if (outDir !== undefined) {
    const written = await writeParts(outDir, client.result({ jobId, parts: true }));
    return { to: 'folder', ...written };
  }
  const pieces = client.result({ jobId })[Symbol.asyncIterator]();
  const first = await pieces.next();
  const kind = kindOf(first.done === true ? '' : first.value.kind);
  const counter = { bytes: 0 };
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      for (let next = first; next.done !== true; next = await pieces.next()) {
        counter.bytes += next.value.piece.length;
        yield next.value.piece;
      }
    } finally {
      await pieces.return?.();
    }
  }
  if (out !== undefined) {
    await writeFileWhole(out, bytes());
    return { to: 'file', path: resolve(out), kind, bytes: counter.bytes };
  }
  if (context.json) {
    const value = valueOf(kind, Buffer.concat(await Array.fromAsync(bytes())));
    return { to: 'document', kind, value, bytes: counter.bytes };
  }
  const { stdout } = context.io;
  const head = first.done === true ? Buffer.alloc(0) : first.value.piece;
  if (kind === 'bytes' && stdout.isTTY === true && !isText(head)) {
    for await (const _piece of bytes());
    return { to: 'withheld', bytes: counter.bytes };
  }
  await writeToStdout(stdout, kind, bytes());
  return { to: 'stdout' };
}

/** One line about a result that isn't on stdout. */
export function deliveryNote(delivery: Delivery, howToGet: string): string[] {
  switch (delivery.to) {
    case 'file':
      return [`Wrote the result, ${bytesText(delivery.bytes)}, to ${delivery.path}`];
    case 'folder':
      return [
        `Wrote ${plural(delivery.files, 'result')}, ${bytesText(delivery.bytes)}, to ` +
          delivery.path,
      ];
    case 'withheld':
      return [
        `The result is ${bytesText(delivery.bytes)} of binary data, which a terminal can't show. ` +
          howToGet,
      ];
    case 'stdout':
    case 'document':
      return [];
    default:
      return unreachable(delivery);
  }
}

export function deliveryJson(delivery: Delivery): object {
  switch (delivery.to) {
    case 'file':
      return { kind: delivery.kind, bytes: delivery.bytes, out: delivery.path };
    case 'folder':
      return { files: delivery.files, bytes: delivery.bytes, outDir: delivery.path };
    case 'document':
      return {
        kind: delivery.kind,
        bytes: delivery.bytes,
        [delivery.kind === 'bytes' ? 'base64' : 'value']: delivery.value,
      };
    case 'stdout':
    case 'withheld':
      return {};
    default:
      return unreachable(delivery);
  }
}

async function checkWritable(out: string): Promise<void> {
  try {
    const present = await stat(out).catch(() => undefined);
    if (present?.isDirectory() === true) throw new Error('it is a folder');
    if (present !== undefined) await access(out, constants.W_OK);
    if (present === undefined || present.isFile()) await access(dirname(out), constants.W_OK);
  } catch (error) {
    throw unwritable(out, error);
  }
}

function kindOf(text: string): Kind {
  if (text === 'bytes' || text === 'text' || text === 'json') return text;
  throw new GridError('internal', `The peer sent a result of an unknown kind, "${text}".`);
}

function valueOf(kind: Kind, bytes: Buffer): unknown {
  switch (kind) {
    case 'bytes':
      return bytes.toString('base64');
    case 'text':
      return bytes.toString();
    case 'json':
      return JSON.parse(bytes.toString());
    default:
      return unreachable(kind);
  }
}

/** Text as it is, so that a file made by `>` equals one made by --out; JSON ends its line. */
async function writeToStdout(
  stdout: Stream,
  kind: Kind,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  let endsLine = true;
  async function* lines(): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes) {
      if (piece.length > 0) endsLine = piece.at(-1) === newline;
      yield piece;
    }
    const wantsEnd = kind === 'json' || stdout.isTTY === true;
    if (wantsEnd && !endsLine) yield Uint8Array.of(newline);
  }
  await pipeline(lines, stdout, { end: false });
}

const newline = 0x0a;

/** Written beside and renamed: a half-written result never has the name of a whole one. */
export async function writeFileWhole(
  out: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  mode = 0o666,
): Promise<void> {
  const present = await stat(out).catch(() => undefined);
  // A pipe or a device, such as /dev/null, is written in place.
  const isPlain = present === undefined || present.isFile();
  const path = isPlain ? `${out}.part-${process.pid}` : out;
  const release = beforeInterrupts(() => {
    if (isPlain) rmSync(path, { force: true });
  });
  try {
    const file = await open(path, 'w', mode);
    await pipeline(bytes, file.createWriteStream());
    if (isPlain) await rename(path, out);
  } catch (error) {
    if (isPlain) await rm(path, { force: true });
    if (error instanceof GridError) throw error;
    throw unwritable(out, error);
  } finally {
    release();
  }
}

function unwritable(out: string, error: unknown): GridError {
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return new GridError(
      'disk-full',
      `The disk is full: can't write ${out}. Make room and retry.`,
      {
        cause: error,
      },
    );
  }
  return new GridError(
    'output-unwritable',
    `Can't write to ${out}: ${reasonOf(error)}. Name a file in a folder that exists ` +
      'and in which you may write.',
    { cause: error },
  );
}
