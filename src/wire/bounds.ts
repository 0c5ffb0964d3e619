/**
 * The checks that every field of a stranger's frame passes. Inside `wire/` a broken bound is a
 * `Violation` thrown, so that codecs read straight down; `decoding` turns it into a value at the
 * edge of the layer, and the transport ends the stream with the reason.
 *
 * Bounds come in two steps: `frame-walk.ts` goes over the bytes and counts before anything is made
 * of them; what was decoded is then checked exactly.
 */

import { type Digest, digest, type JobId, jobId, peerId, type PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { isAddress } from './address.ts';
import { malformed, type Shape, walk } from './frame-walk.ts';
import { layoutOf } from './layout.ts';
import { Violation } from './violation.ts';

export type { Shape } from './frame-walk.ts';
export { Violation } from './violation.ts';

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

/**
 * Parses bytes that fit the shape.
 * @param name of the message in `proto/`
 */
export function parse<T>(
  bytes: Uint8Array,
  name: string,
  shape: Shape,
  deserialize: (bytes: Buffer) => T,
): T {
  sized(bytes, 0, limits.frameBytesMax, 'the frame');
  walk(bytes, layoutOf(name), shape);
  try {
    return deserialize(
      Buffer.isBuffer(bytes)
        ? bytes
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
  } catch {
    // Whatever the parser dislikes.
    throw malformed();
  }
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
