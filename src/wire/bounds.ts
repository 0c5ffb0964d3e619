/**
 * The checks that every field of a stranger's frame passes. Inside `wire/` a broken bound is a
 * `Violation` thrown, so that codecs read straight down; `decoding` turns it into a value at the
 * edge of the layer, and the transport ends the stream with the reason.
 *
 * Bounds come in two steps. protobufjs makes an object of each element of a repeated field before
 * anybody could ask how many there are: two bytes of a frame become a hundred of memory. So
 * `boundRepeats` walks over the bytes and counts first; what was decoded is then checked exactly.
 */

import { type Digest, digest, type JobId, jobId, peerId, type PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { isAddress } from './address.ts';

/** What became of the bytes of one frame. */
export type Decoded<T> =
  | { readonly type: 'message'; readonly message: T }
  /** A case that this version does not know; to be ignored. */
  | { readonly type: 'unknown' }
  /** A stranger broke a bound; the reason says which, in words to be sent back. */
  | { readonly type: 'rejected'; readonly reason: string };

/** @param read returns undefined for a case that is not known */
export function decoding<T>(read: () => T | undefined): Decoded<T> {
  try {
    const message = read();
    return message === undefined ? { type: 'unknown' } : { type: 'message', message };
  } catch (error) {
    if (error instanceof Violation) return { type: 'rejected', reason: error.message };
    throw error;
  }
}

/** A stranger's frame broke a bound. Never leaves `wire/`. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/**
 * The repeated fields of a message, by field number: how many elements each may have, which of them
 * are numbers that may be packed, and the shapes of the messages that hold repeated fields.
 */
export type Shape = {
  readonly counts?: Readonly<Record<number, number>>;
  readonly packed?: readonly number[];
  readonly nested?: Readonly<Record<number, Shape>>;
};

/** Parses bytes whose repeated fields fit the shape. */
export function parse<T>(bytes: Uint8Array, shape: Shape, deserialize: (bytes: Buffer) => T): T {
  sized(bytes, 0, limits.frameBytesMax, 'the frame');
  boundRepeats(bytes, 0, bytes.length, shape);
  try {
    return deserialize(
      Buffer.isBuffer(bytes)
        ? bytes
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
  } catch {
    // Whatever the parser dislikes, down to a stack that overflows on nested groups.
    throw malformed();
  }
}

/** The longest varint: a 64-bit number. */
const varintBytesMax = 10;

function boundRepeats(bytes: Uint8Array, from: number, end: number, shape: Shape): void {
  const seen = new Map<number, number>();
  let at = from;
  while (at < end) {
    const [tag, afterTag] = varint(bytes, at, end);
    const field = Math.floor(tag / 8);
    const wireType = tag % 8;
    const next = afterField(bytes, afterTag, end, wireType);
    const countMax = shape.counts?.[field];
    if (countMax !== undefined) {
      const isPacked = wireType === 2 && shape.packed?.includes(field) === true;
      const count = (seen.get(field) ?? 0) + (isPacked ? numbersIn(bytes, afterTag, next) : 1);
      if (count > countMax)
        throw new Violation(`field ${field} has more than ${countMax} elements`);
      seen.set(field, count);
    }
    const nested = wireType === 2 ? shape.nested?.[field] : undefined;
    if (nested !== undefined) boundRepeats(bytes, varint(bytes, afterTag, end)[1], next, nested);
    at = next;
  }
}

/**
 * At least as many as there are: every varint ends with a byte below 128, and so does the length.
 */
function numbersIn(bytes: Uint8Array, from: number, end: number): number {
  let count = -1;
  for (let at = from; at < end; at++) if ((bytes[at] ?? 0) < 0x80) count++;
  return count;
}

/** Where the field that starts here ends. The groups of old protobuf (3, 4) are not spoken. */
function afterField(bytes: Uint8Array, at: number, end: number, wireType: number): number {
  let next = end + 1;
  if (wireType === 0) next = varint(bytes, at, end)[1];
  else if (wireType === 1) next = at + 8;
  else if (wireType === 5) next = at + 4;
  else if (wireType === 2) {
    const [length, start] = varint(bytes, at, end);
    next = start + length;
  }
  if (next > end) throw malformed();
  return next;
}

/** The number that starts here and where it ends. Exact up to 2^53, and larger ones stay large. */
function varint(bytes: Uint8Array, from: number, end: number): [number, number] {
  let value = 0;
  let scale = 1;
  for (let at = from; at < end && at < from + varintBytesMax; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at + 1];
    scale *= 128;
  }
  throw malformed();
}

function malformed(): Violation {
  return new Violation('the frame is not a valid protobuf message');
}

export function atMost<T>(list: readonly T[], countMax: number, what: string): readonly T[] {
  if (list.length <= countMax) return list;
  throw new Violation(`${what}: ${list.length}, at most ${countMax} are allowed`);
}

/** 64-bit numbers arrive as doubles; from 2^53 on they would not be exact. */
export function whole(value: number, min: number, max: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Violation(`${what} is ${value}, expected ${min} to ${max}`);
}

export function sized(bytes: Uint8Array, min: number, max: number, what: string): Uint8Array {
  if (bytes.length >= min && bytes.length <= max) return bytes;
  throw new Violation(`${what} has ${bytes.length} bytes, expected ${min} to ${max}`);
}

const digestBytes = 32;

export function digestField(bytes: Buffer, what: string): Digest {
  sized(bytes, digestBytes, digestBytes, what);
  return digest(bytes.toString('hex'));
}

export function jobIdField(bytes: Buffer): JobId {
  sized(bytes, digestBytes, digestBytes, 'job_id');
  return jobId(bytes.toString('hex'));
}

export function peerIdField(text: string, what: string): PeerId {
  try {
    return peerId(text);
  } catch {
    throw new Violation(`${what} is not 52 characters of base32`);
  }
}

export function addressesField(addresses: readonly string[]): readonly string[] {
  for (const address of atMost(addresses, limits.peerAddressesMax, 'addresses')) {
    if (!isAddress(address)) throw new Violation('an address is not "host:port"');
  }
  return addresses;
}

const FEATURE = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function featuresField(features: readonly string[], what: string): readonly string[] {
  for (const feature of atMost(features, limits.featuresMax, what)) {
    if (!FEATURE.test(feature)) throw new Violation(`${what} has a name that is none`);
  }
  return features;
}

/**
 * Text for people. What could make a terminal do more than show it (control characters, changes of
 * writing direction) is replaced, except line breaks and tabs where `lines` allows them.
 */
export function textField(
  text: string,
  charsMax: number,
  what: string,
  lines: 'one-line' | 'lines',
): string {
  // Characters are code points, however they are encoded; a name of emoji is no longer than it
  // looks.
  const chars = text.length > charsMax ? Array.from(text).length : text.length;
  if (chars > charsMax) {
    throw new Violation(`${what} has ${chars} characters, at most ${charsMax} are allowed`);
  }
  return printable(text, lines);
}

/** Also for text of other peers that comes outside of frames, as in the status of a stream. */
export function printable(text: string, lines: 'one-line' | 'lines'): string {
  return text
    .replace(lines === 'lines' ? unprintableButLines : unprintable, '\u{fffd}')
    .toWellFormed();
}

const unprintable = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;
const unprintableButLines = /(?![\n\t])[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

/** Cuts text of our own, so that what is sent keeps the bound that receivers check. */
export function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1).toWellFormed()}\u{2026}`;
}
