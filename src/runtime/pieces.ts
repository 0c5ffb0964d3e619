/**
 * The split of jobs that need no code for it: lines, bytes, whole numbers, files. Like `split` in
 * the sandbox it is pulled, a batch at a time, and never more than a batch ahead of whoever pulls;
 * unlike it, it runs in the peer itself, so between batches everything else gets its turn.
 *
 * A chunk is what a WASI program finds on its stdin: a byte string. Lines are cut after "\n" and
 * nowhere else, and kept as they are; a "\r" before it is the program's to see.
 */

import { setImmediate as breathe } from 'node:timers/promises';

import { GridError, unreachable } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { Pieces } from '../model/job.ts';
import { encodeCanonical } from '../wire/canonical-cbor.ts';
import { readWhole } from './job-input.ts';

/** Encoded within some 2 ms; as many as a frame of leases holds. */
const BATCH_CHUNKS_MAX = limits.frameItemsMax;
const BATCH_FILL_BYTES = limits.chunkInputBytesMax;

const NEWLINE = 10;

/** Where the pieces come from. */
export type PieceSource = {
  /** The input's bytes, for lines and bytes. */
  readonly input?: AsyncIterable<Uint8Array> | undefined;
  /** For files: where they are, in the order of their names in the spec. */
  readonly paths?: readonly string[] | undefined;
};

/**
 * Canonical CBOR of each chunk's input, some at a time.
 * @throws {GridError} `job-failed` when there is nothing to cut or a piece is too large for a
 *   chunk, `input-unreadable`
 */
export async function* splitIntoPieces(
  pieces: Pieces,
  source: PieceSource,
): AsyncGenerator<readonly Uint8Array[], undefined> {
  let batch: Uint8Array[] = [];
  let batchBytes = 0;
  let isEmpty = true;
  for await (const piece of cut(pieces, source)) {
    const chunk = encodeCanonical(piece);
    batch.push(chunk);
    batchBytes += chunk.length;
    isEmpty = false;
    if (batch.length < BATCH_CHUNKS_MAX && batchBytes < BATCH_FILL_BYTES) continue;
    yield batch;
    await breathe();
    batch = [];
    batchBytes = 0;
  }
  if (isEmpty) throw nothingToCut(pieces);
  if (batch.length > 0) yield batch;
}

function cut(
  pieces: Pieces,
  { input = nothing(), paths = [] }: PieceSource,
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  switch (pieces.type) {
    case 'lines':
      return inLines(input, pieces.linesPerChunk);
    case 'bytes':
      return inBytes(input, pieces.bytesPerChunk);
    case 'range':
      return inNumbers(pieces);
    case 'files':
      return wholeFiles(paths);
    default:
      return unreachable(pieces);
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* inLines(
  input: AsyncIterable<Uint8Array>,
  linesPerChunk: number,
): AsyncGenerator<Uint8Array> {
  const chunk = new Gathered();
  /** Of the chunk being gathered, its last line included once it has begun. */
  let first = 1;
  let last = 1;
  const add = (part: Uint8Array): void => {
    chunk.add(part);
    if (chunk.bytes > limits.pieceBytesMax) throw linesTooLong(first, last);
  };
  for await (const piece of input) {
    let start = 0;
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) {
      if (last - first + 1 === linesPerChunk) {
        add(piece.subarray(start, at + 1));
        yield chunk.take();
        start = at + 1;
        first = last + 1;
      }
      last += 1;
    }
    add(piece.subarray(start));
  }
  if (chunk.bytes > 0) yield chunk.take();
}

async function* inBytes(
  input: AsyncIterable<Uint8Array>,
  bytesPerChunk: number,
): AsyncGenerator<Uint8Array> {
  const chunk = new Gathered();
  for await (const piece of input) {
    let start = 0;
    while (piece.length - start >= bytesPerChunk - chunk.bytes) {
      const end = start + bytesPerChunk - chunk.bytes;
      chunk.add(piece.subarray(start, end));
      yield chunk.take();
      start = end;
    }
    chunk.add(piece.subarray(start));
  }
  if (chunk.bytes > 0) yield chunk.take();
}

function* inNumbers({
  from,
  to,
  numbersPerChunk,
}: Extract<Pieces, { type: 'range' }>): Generator<Uint8Array> {
  for (let first = from; first < to; first += numbersPerChunk) {
    const end = Math.min(first + numbersPerChunk, to);
    let text = '';
    for (let number = first; number < end; number++) {
      text += `${number}\n`;
      if (text.length > limits.pieceBytesMax) throw numbersTooLong(first, end);
    }
    yield Buffer.from(text);
  }
}

async function* wholeFiles(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield await readWhole(path, limits.pieceBytesMax);
}

/** Parts of a chunk that spans pieces of the input. */
class Gathered {
  #parts: Uint8Array[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#bytes += part.length;
  }

  take(): Uint8Array {
    const [only] = this.#parts;
    const whole = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    return whole;
  }
}

function linesTooLong(first: number, last: number): GridError {
  const { pieceBytesMax } = limits;
  return new GridError(
    'job-failed',
    first === last
      ? `Line ${first} of the input is longer than ${pieceBytesMax} bytes, the most that a chunk ` +
          'may have, and a line is never cut in two. Cut such an input into bytes.'
      : `Lines ${first} to ${last} of the input have more than ${pieceBytesMax} bytes together, ` +
          'the most that a chunk may have. Put fewer lines into a chunk, with --per-chunk.',
  );
}

function numbersTooLong(first: number, end: number): GridError {
  return new GridError(
    'job-failed',
    `The numbers from ${first} to ${end - 1} have more than ${limits.pieceBytesMax} bytes as ` +
      'lines, the most that a chunk may have. Put fewer numbers into a chunk, with --per-chunk.',
  );
}

function nothingToCut(pieces: Pieces): GridError {
  const what = {
    lines: 'The input is empty: it has no lines',
    bytes: 'The input is empty: it has no bytes',
    range: 'The range holds no numbers',
    files: 'There are no files',
  }[pieces.type];
  return new GridError('job-failed', `${what}, and a job needs at least one chunk.`);
}
