/**
 * Canonical CBOR (RFC 8949 section 4.2, core deterministic encoding): equal values have equal bytes,
 * so that results compare by digest. Everything that crosses from a job's program to the grid and
 * back has this form: chunk inputs, results, parameters, specs.
 */

import { decode, encode, rfc8949EncodeOptions } from 'cborg';

/**
 * Values: null, booleans, numbers, bigints of 64 bits, strings, Uint8Array, arrays, plain objects
 * and Maps of these.
 * @throws {Error} for anything else (functions, symbols, undefined, class instances, cycles)
 */
export function encodeCanonical(value: unknown): Uint8Array {
  return encode(value, rfc8949EncodeOptions);
}

/** @throws {Error} for malformed bytes and for duplicate keys */
export function decodeCanonical(bytes: Uint8Array): unknown {
  return decode(bytes, { rejectDuplicateMapKeys: true });
}
