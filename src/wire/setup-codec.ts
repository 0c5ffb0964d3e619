/**
 * Setups: what a WASI program finds when it starts, as the blob that an offer names. Volunteers
 * make a file system of it, so a path must mean one file and nothing outside. The requester reads
 * its own back before it offers a job, and so refuses what volunteers would.
 */

import { limits } from '../model/limits.ts';
import type { BlobRef, DataFile, Setup } from '../model/program.ts';
import {
  atMost,
  type Decoded,
  decoding,
  digestField,
  parse,
  printable,
  type Shape,
  sized,
  Violation,
  whole,
} from './bounds.ts';
import type { BlobRef as BlobRefProto, BlobRef__Output } from './generated/manyhands/v1/BlobRef.ts';
import type { DataFile__Output } from './generated/manyhands/v1/DataFile.ts';
import { loadPeerProto } from './proto.ts';

/** Equal setups give equal bytes. Checks nothing: `decodeSetup` does, on both sides. */
export function encodeSetup({ arguments: args, environment, files }: Setup): Uint8Array {
  return loadPeerProto().setup.serialize({
    arguments: [...args],
    environment: [...environment],
    files: files.map((file) => ({ path: file.path, blob: blobProto(file) })),
  });
}

/** Never `unknown`; a rejection names the offending item, in words for its author. */
export function decodeSetup(bytes: Uint8Array): Decoded<Setup> {
  return decoding(() => {
    sized(bytes, 0, limits.setupBytesMax, 'a setup');
    const proto = parse(bytes, 'Setup', setupShape, loadPeerProto().setup.deserialize);
    return {
      arguments: proto.arguments.map((text) => withoutNul(text, 'an argument')),
      environment: proto.environment.map((text) => variable(text)),
      files: filesField(proto.files),
    };
  });
}

const itemsMax = limits.setupItemsMax;
const setupShape: Shape = { counts: { 1: itemsMax, 2: itemsMax, 3: itemsMax } };

/** WASI hands both over as strings that end at the first NUL. */
function withoutNul(text: string, what: string): string {
  if (!text.includes('\0')) return text;
  throw new Violation(`${what} holds a NUL character: ${quoted(text)}`);
}

function variable(text: string): string {
  if (text.indexOf('=') > 0) return withoutNul(text, 'a variable of the environment');
  throw new Violation(`a variable of the environment is not "NAME=value": ${quoted(text)}`);
}

function filesField(protos: readonly DataFile__Output[]): readonly DataFile[] {
  const files = atMost(protos, itemsMax, 'files').map((proto): DataFile => {
    const { digest, bytes } = blobField(proto.blob, limits.dataBytesMax, 'a data file');
    return { path: pathField(proto.path), digest, bytes };
  });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  whole(bytes, 0, limits.dataBytesMax, 'the size of all data files');
  eachApart(files);
  return files;
}

/**
 * Backslashes are refused too: they are letters of a name in WASI and mean folders to whoever made
 * the list on Windows.
 */
function pathField(path: string): string {
  if (Array.from(path).length > limits.pathCharsMax) {
    throw new Violation(`a path has more than ${limits.pathCharsMax} characters: ${quoted(path)}`);
  }
  if (path.includes('\\') || printable(path, 'one-line') !== path) {
    throw new Violation(`a path holds a backslash or a control character: ${quoted(path)}`);
  }
  if (path.split('/').some((name) => name === '' || name === '.' || name === '..')) {
    throw new Violation(`a path is not relative, without ".", ".." and "//": ${quoted(path)}`);
  }
  return path;
}

/** No path is there twice, and none is another's folder. */
function eachApart(files: readonly DataFile[]): void {
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path)) throw new Violation(`two data files have the path ${quoted(path)}`);
    paths.add(path);
  }
  for (const path of paths) {
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
      const folder = path.slice(0, end);
      if (paths.has(folder)) {
        throw new Violation(`${quoted(folder)} is a data file and the folder of ${quoted(path)}`);
      }
    }
  }
}

/** A blob named in a message; its digest tells what it is, its size whether to fetch it. */
export function blobProto({ digest, bytes }: BlobRef): BlobRefProto {
  return { digest: Buffer.from(digest, 'hex'), bytes };
}

/** @throws {Violation} */
export function blobField(proto: BlobRef__Output | null, bytesMax: number, what: string): BlobRef {
  if (proto === null) throw new Violation(`${what} has no blob`);
  return {
    digest: digestField(proto.digest, `the digest of ${what}`),
    bytes: whole(proto.bytes, 0, bytesMax, `the size of ${what}`),
  };
}

function quoted(text: string): string {
  return `"${printable(text.slice(0, 80), 'one-line')}"`;
}
