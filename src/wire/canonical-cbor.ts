/**
 * Canonical CBOR (RFC 8949 section 4.2, core deterministic encoding): equal values have equal
 * bytes, so that results compare by digest. Everything that crosses from a job's program to the
 * grid and back has this form: chunk inputs, results, parameters, specs.
 *
 * What is encoded can be decoded again, to the same value. cborg alone encodes more than that:
 * undefined, class instances as if they were plain, typed arrays in the machine's byte order, maps
 * whose keys are not strings. Those are refused here, at the program that made them.
 */

import { decode, encode, rfc8949EncodeOptions, type EncodeOptions } from 'cborg';

/** For people whose value was refused. */
const carried =
  'null, booleans, numbers, bigints of 64 bits, strings, Uint8Array, ' +
  'and arrays, plain objects and Maps with string keys of these';

/** Types that cborg tells apart from plain objects. */
const refusedTypes =
  'ArrayBuffer SharedArrayBuffer DataView Promise Error Date RegExp Set WeakSet WeakMap URL ' +
  'Tagged Uint8ClampedArray Int8Array Int16Array Uint16Array Int32Array Uint32Array Float16Array ' +
  'Float32Array Float64Array BigInt64Array BigUint64Array';

const options: EncodeOptions = {
  ...rfc8949EncodeOptions,
  typeEncoders: {
    undefined: () => refuse('undefined'),
    Function: () => refuse('a function'),
    symbol: () => refuse('a symbol'),
    Object: (value: unknown) => (isPlain(value) ? null : refuse('an instance of a class')),
    Map: (value: unknown) => (hasStringKeys(value) ? null : refuse('a Map with other keys')),
    ...Object.fromEntries(refusedTypes.split(' ').map((type) => [type, () => refuse(`a ${type}`)])),
  },
};

/**
 * Values: null, booleans, numbers, bigints of 64 bits, strings, Uint8Array, arrays, plain objects
 * and Maps with string keys of these. A Map comes back as an object, and a bigint that is a safe
 * integer as a number.
 * @throws {Error} for anything else (functions, symbols, undefined, class instances, cycles)
 */
export function encodeCanonical(value: unknown): Uint8Array {
  return encode(value, options);
}

/** @throws {Error} for malformed bytes and for duplicate keys */
export function decodeCanonical(bytes: Uint8Array): unknown {
  return decode(bytes, { rejectDuplicateMapKeys: true });
}

function isPlain(value: unknown): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function hasStringKeys(value: unknown): boolean {
  return value instanceof Map && [...value.keys()].every((key) => typeof key === 'string');
}

function refuse(what: string): never {
  throw new Error(`CBOR can't carry ${what}; it can carry ${carried}`);
}
