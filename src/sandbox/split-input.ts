/**
 * The `input` of `split`: a file of any size, seen through a window of a few pieces. The thread has
 * no files; the host reads on when a piece is asked for.
 */

import { limits } from '../model/limits.ts';

/** The file's next bytes, undefined at its end. */
export type NextPiece = () => Promise<Uint8Array | undefined>;

const newline = 10;
/** More could not be a chunk anyway. */
const pieceBytesMax = limits.pieceBytesMax;

export class SplitInput {
  readonly name: string;
  readonly #next: NextPiece;
  #taken = false;

  constructor(name: string, next: NextPiece) {
    this.name = name;
    this.#next = next;
  }

  /** What the program gets. */
  get endowment(): object {
    return {
      name: this.name,
      bytes: (n: unknown) => this.bytes(n),
      lines: (bytesMax: unknown) => this.lines(bytesMax),
    };
  }

  /** Pieces of n bytes; the last one may be shorter. */
  bytes(n: unknown): AsyncGenerator<Uint8Array> {
    const size = this.#take('bytes', n);
    return inBytes(new Window(this.#next), size);
  }

  /**
   * Strings of whole lines, with their '\n', that have at most `bytesMax` bytes in the file. A
   * single line that is longer comes alone. Bytes that are no UTF-8 become U+FFFD.
   */
  lines(bytesMax: unknown): AsyncGenerator<string> {
    const size = this.#take('lines', bytesMax);
    return inLines(new Window(this.#next), size);
  }

  #take(method: string, bytes: unknown): number {
    if (
      typeof bytes !== 'number' ||
      !Number.isInteger(bytes) ||
      bytes < 1 ||
      bytes > pieceBytesMax
    ) {
      throw new RangeError(
        `input.${method} takes a whole number of bytes from 1 to ${pieceBytesMax}, ` +
          `not ${String(bytes)}`,
      );
    }
    if (this.#taken) throw new Error('the input can be read once, but it was read already');
    this.#taken = true;
    return bytes;
  }
}

async function* inBytes(window: Window, size: number): AsyncGenerator<Uint8Array> {
  while (await window.fill(size)) yield window.take(Math.min(size, window.length));
}

async function* inLines(window: Window, bytesMax: number): AsyncGenerator<string> {
  let line = 1;
  // One byte more than is handed out, to know whether the file ends there.
  for (let first = true; await window.fill(bytesMax + 1); first = false) {
    const whole = window.atEnd && window.length <= bytesMax;
    let size = whole ? window.length : window.lastNewline(bytesMax) + 1;
    if (size === 0) size = await sizeOfLongLine(window, bytesMax, line);
    const bytes = window.take(size);
    line += countNewlines(bytes);
    // Each piece is decoded alone: whole lines, so that no character is cut in two. A byte order
    // mark is one at the file's start only.
    yield new TextDecoder('utf-8', { ignoreBOM: !first }).decode(bytes);
  }
}

async function sizeOfLongLine(window: Window, from: number, line: number): Promise<number> {
  await window.fill(pieceBytesMax + 1);
  const end = window.firstNewline(from) + 1;
  const size = end > 0 ? end : window.length;
  if (size <= pieceBytesMax) return size;
  throw new Error(
    `line ${line} of the input is longer than ${pieceBytesMax} bytes, the most that a chunk may ` +
      'have; lines are never cut in two, so take such a file with input.bytes',
  );
}

function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count += 1;
  return count;
}

/** The bytes that were read and not yet taken. */
class Window {
  readonly #next: NextPiece;
  #held = new Uint8Array(0);
  /** Only bytes from here on are live. */
  #start = 0;
  #end = 0;
  #atEnd = false;

  constructor(next: NextPiece) {
    this.#next = next;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** All bytes of the file were read, if not taken. */
  get atEnd(): boolean {
    return this.#atEnd;
  }

  /** Reads until it holds `size` bytes or the file ends. @returns whether it holds any */
  async fill(size: number): Promise<boolean> {
    while (this.length < size && !this.#atEnd) {
      const piece = await this.#next();
      if (piece === undefined) this.#atEnd = true;
      else this.#append(piece);
    }
    return this.length > 0;
  }

  /** A copy of the first bytes, which are no longer held. */
  take(size: number): Uint8Array {
    const taken = this.#held.slice(this.#start, this.#start + size);
    this.#start += size;
    return taken;
  }

  /** Place of the last newline among the first `size` bytes, -1 if there is none. */
  lastNewline(size: number): number {
    const live = this.#held.subarray(this.#start, Math.min(this.#start + size, this.#end));
    return live.lastIndexOf(newline);
  }

  /** Place of the first newline at or after `from`, -1 if there is none. */
  firstNewline(from: number): number {
    return this.#held.subarray(this.#start, this.#end).indexOf(newline, from);
  }

  #append(piece: Uint8Array): void {
    const live = this.#held.subarray(this.#start, this.#end);
    const length = live.byteLength + piece.byteLength;
    if (this.#end + piece.byteLength > this.#held.byteLength) {
      // Twice as much as is needed, so that a byte is moved about once, whatever the pieces' size.
      const target = length * 2 > this.#held.byteLength ? new Uint8Array(length * 2) : this.#held;
      target.set(live);
      this.#held = target;
      this.#start = 0;
      this.#end = live.byteLength;
    }
    this.#held.set(piece, this.#end);
    this.#end += piece.byteLength;
  }
}
