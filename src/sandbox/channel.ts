/**
 * How a peer and its sandbox's process talk: frames over one socket, in order, each a head that
 * says what it is and a body of raw bytes.
 *
 *     [u32 bytes of the head][u32 bytes of the body][head: canonical CBOR][body]
 *
 * Both numbers are little-endian. Inputs and results travel in the body as they are: they are
 * written from where they lie, and read into one buffer that they are then views of. Node has a
 * channel of its own between processes (`ipc`), but its reader throws for what is no JSON and obeys
 * messages of Node's own, so whoever got hold of the process would have a hold on the peer.
 *
 * Nothing here trusts the other side: what is no frame, or a larger one than is allowed, ends the
 * channel with a reason.
 */

import type { Socket } from 'node:net';

import { reasonOf } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { decodeCanonical, encodeCanonical } from '../wire/canonical-cbor.ts';

/** The process's file that the channel is; 0 to 2 are what they are everywhere. */
export const channelFd = 3;

/** A setup's 64 KiB with the lengths of its strings; all other heads are smaller. */
const headBytesMax = 2 * limits.setupBytesMax;
/** Items are added to a frame until it holds this, so that the last one may be the largest. */
const bodyFillBytes = limits.frameFillBytes;
/** Two values that are compared: byte strings in a list, each with a head of 5 bytes. */
const pairBytesMax = 2 * (Math.max(limits.chunkInputBytesMax, limits.resultBytesMax) + 5) + 1;
const bodyBytesMax = bodyFillBytes + pairBytesMax;
/**
 * What is larger than a frame goes in such pieces, so that other messages find their way between
 * them and no event loop is held up; a piece takes some 0.1 ms.
 */
export const pieceBytes = 256 * 1024;

/** Many small items cost less to copy than to hand to the system one by one. */
const copiedBytesMax = 64 * 1024;

const prefixBytes = 8;

export type Frame = { readonly head: unknown; readonly body: Uint8Array };

export type ChannelEvents = {
  onFrame(frame: Frame): void;
  /**
   * The other side closed it or, with a reason, sent what it must not. Called once, after the last
   * frame.
   */
  onEnd(reason: string | undefined): void;
};

export class Channel {
  readonly #socket: Socket;
  readonly #events: ChannelEvents;
  readonly #reader = new FrameReader();
  #ended = false;
  /** Those who wait until what was sent has left. */
  #waiting: (() => void)[] = [];

  constructor(socket: Socket, events: ChannelEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (bytes: Uint8Array) => this.#take(bytes));
    socket.on('drain', () => this.#release());
    // A process that dies resets its socket; that it has gone is all that matters.
    for (const end of ['error', 'end', 'close']) socket.on(end, () => this.#end(undefined));
  }

  /** Best effort: nothing is sent once the channel has ended. The bytes must not change again. */
  send(head: object, body: readonly Uint8Array[] = []): void {
    if (this.#ended) return;
    const encoded = encodeCanonical(head);
    const bodyBytes = body.reduce((sum, part) => sum + part.byteLength, 0);
    if (encoded.byteLength > headBytesMax || bodyBytes > bodyBytesMax) {
      throw new Error(`a frame of ${encoded.byteLength} and ${bodyBytes} bytes is too large`);
    }
    const copied = bodyBytes <= copiedBytesMax ? body : [];
    const start = startOf(encoded, bodyBytes, copied);
    this.#socket.cork();
    this.#socket.write(start);
    if (copied !== body) for (const part of body) this.#socket.write(part);
    this.#socket.uncork();
  }

  /** Resolves when there is room for more, or the channel has ended. */
  async drained(): Promise<void> {
    if (this.#ended || !this.#socket.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Drops what has not left yet. Nothing is received afterwards, `onEnd` included. */
  close(): void {
    this.#ended = true;
    this.#socket.destroy();
    this.#release();
  }

  #take(bytes: Uint8Array): void {
    try {
      for (const frame of this.#reader.push(bytes)) {
        if (this.#ended) return;
        this.#events.onFrame(frame);
      }
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.#end(error.message);
    }
  }

  #end(reason: string | undefined): void {
    if (this.#ended) return;
    this.close();
    this.#events.onEnd(reason);
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** The frame's prefix and head, and so much of its body as is copied rather than written. */
function startOf(head: Uint8Array, bodyBytes: number, copied: readonly Uint8Array[]): Uint8Array {
  const copiedBytes = copied.reduce((sum, part) => sum + part.byteLength, 0);
  const start = new Uint8Array(prefixBytes + head.byteLength + copiedBytes);
  const numbers = new DataView(start.buffer);
  numbers.setUint32(0, head.byteLength, true);
  numbers.setUint32(4, bodyBytes, true);
  start.set(head, prefixBytes);
  let end = prefixBytes + head.byteLength;
  for (const part of copied) {
    start.set(part, end);
    end += part.byteLength;
  }
  return start;
}

export class BadFrame extends Error {}

/** Finds the frames in bytes that come in pieces of any size. */
export class FrameReader {
  readonly #prefix = new Uint8Array(prefixBytes);
  #prefixFilled = 0;
  /** Of the frame that is being read, once its prefix is known. */
  #content: Uint8Array | undefined;
  #contentFilled = 0;
  #headBytes = 0;

  /** @throws {BadFrame} */
  *push(bytes: Uint8Array): Generator<Frame> {
    let rest = bytes;
    // An empty frame ends with its prefix, hence the test before the bytes run out.
    for (;;) {
      if (this.#content === undefined) {
        rest = this.#fillPrefix(rest);
        if (this.#prefixFilled < prefixBytes) return;
        this.#content = this.#begin();
      }
      const taken = rest.subarray(0, this.#content.byteLength - this.#contentFilled);
      this.#content.set(taken, this.#contentFilled);
      this.#contentFilled += taken.byteLength;
      rest = rest.subarray(taken.byteLength);
      if (this.#contentFilled < this.#content.byteLength) return;
      yield this.#finish(this.#content);
    }
  }

  #fillPrefix(bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, prefixBytes - this.#prefixFilled);
    this.#prefix.set(taken, this.#prefixFilled);
    this.#prefixFilled += taken.byteLength;
    return bytes.subarray(taken.byteLength);
  }

  #begin(): Uint8Array {
    const numbers = new DataView(this.#prefix.buffer);
    this.#headBytes = numbers.getUint32(0, true);
    const bodyBytes = numbers.getUint32(4, true);
    if (this.#headBytes > headBytesMax || bodyBytes > bodyBytesMax) {
      throw new BadFrame(`it announced a frame of ${this.#headBytes} and ${bodyBytes} bytes`);
    }
    return new Uint8Array(this.#headBytes + bodyBytes);
  }

  #finish(content: Uint8Array): Frame {
    const encoded = content.subarray(0, this.#headBytes);
    const body = content.subarray(this.#headBytes);
    this.#content = undefined;
    this.#contentFilled = 0;
    this.#prefixFilled = 0;
    try {
      return { head: decodeCanonical(encoded), body };
    } catch (error) {
      throw new BadFrame(`it sent a frame whose head is no CBOR: ${reasonOf(error)}`);
    }
  }
}

/**
 * Cuts a row of items so that each part fits a frame.
 * @param sizes bytes of each item
 * @returns from where to where each part goes; none for no items
 */
export function* frameSpans(sizes: readonly number[]): Generator<readonly [number, number]> {
  let from = 0;
  let bytes = 0;
  for (const [index, size] of sizes.entries()) {
    const full = bytes >= bodyFillBytes || index - from >= limits.frameItemsMax;
    if (index > from && full) {
      yield [from, index];
      from = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (from < sizes.length) yield [from, sizes.length];
}

/** Where each item ends in a body of all of them. */
export function endsOf(items: readonly Uint8Array[]): number[] {
  let end = 0;
  return items.map((item) => (end += item.byteLength));
}
