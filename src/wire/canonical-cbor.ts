/**
 * Canonical CBOR (RFC 8949 section 4.2, core deterministic encoding): equal values have equal
 * bytes, so that results compare by digest. Everything that crosses from a job's program to the
 * grid and back has this form: chunk inputs, results, parameters, specs.
 *
 * What is encoded can be decoded again, to the same value. cborg alone encodes more than that:
 * undefined, class instances as if they were plain, typed arrays in the machine's byte order, maps
 * whose keys are not strings. Those are refused here, at the program that made them.
 *
 * A program's value may also lie: say another length at each look, change while it is read, claim
 * more bytes than it has. cborg writes the length first and believes it, so that such bytes were
 * followed by whatever lay behind them in this process's memory. So a value is first read, each
 * part of it once, into a copy that is what it says it is, and the copy is encoded.
 */

import { types } from 'node:util';

import { decode, encode, rfc8949EncodeOptions, type Token, Tokenizer } from 'cborg';

/** For people whose value was refused. */
const carried =
  'null, booleans, numbers, bigints of 64 bits, strings, Uint8Array, ' +
  'and arrays, plain objects and Maps with string keys of these';

/** And minus that: where CBOR needs more than 64 bits. */
const bigintMax = 2n ** 64n;

/** Names that say more than "an instance of a class". */
const refusedTypes = new Set(
  (
    'ArrayBuffer SharedArrayBuffer DataView Promise Error Date RegExp Set WeakSet WeakMap URL ' +
    'Uint8ClampedArray Int8Array Int16Array Uint16Array Int32Array Uint32Array Float16Array ' +
    'Float32Array Float64Array BigInt64Array BigUint64Array'
  ).split(' '),
);

/**
 * Values: null, booleans, numbers, bigints of 64 bits, strings, Uint8Array, arrays, plain objects
 * and Maps with string keys of these. A Map comes back as an object, and a bigint that is a safe
 * integer as a number.
 * @throws {Error} for anything else (functions, symbols, undefined, class instances, cycles, text
 *   with half of a surrogate pair), and whatever the value's own getters and traps throw
 */
export function encodeCanonical(value: unknown): Uint8Array {
  return encode(new Copier().copy(value), rfc8949EncodeOptions);
}

/** @throws {Error} for malformed bytes and for duplicate keys */
export function decodeCanonical(bytes: Uint8Array): unknown {
  return decode(bytes, { rejectDuplicateMapKeys: true });
}

/**
 * The same where many bytes are taken: each of them may be an item, which takes a dozen in memory.
 * @param itemsMax arrays, maps, their keys and values
 * @throws {Error} as well for more items
 */
export function decodeBounded(bytes: Uint8Array, itemsMax: number): unknown {
  const tokenizer = new Bounded(bytes, itemsMax);
  return decode(bytes, { rejectDuplicateMapKeys: true, tokenizer });
}

/** Reads so many items. */
class Bounded extends Tokenizer {
  #left: number;

  constructor(bytes: Uint8Array, itemsMax: number) {
    // As cborg reads where it makes its own: bytes that are no Buffer, and large integers.
    const { buffer, byteOffset, byteLength } = bytes;
    super(new Uint8Array(buffer, byteOffset, byteLength), { allowBigInt: true });
    this.#left = itemsMax;
  }

  override next(): Token {
    this.#left -= 1;
    if (this.#left < 0) throw new Error('there are too many items');
    return super.next();
  }
}

/** For one value. */
class Copier {
  /** Those that the present part is in. */
  readonly #around = new Set<object>();

  copy(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return wellFormed(value);
      case 'bigint':
        return value < -bigintMax || value >= bigintMax ? refuse('so large a bigint') : value;
      case 'object':
        return value === null ? null : this.#copyObject(value);
      case 'function':
        return refuse('a function');
      case 'undefined':
      case 'symbol':
        return refuse(value === undefined ? 'undefined' : 'a symbol');
      default:
        return value;
    }
  }

  #copyObject(value: object): unknown {
    if (types.isUint8Array(value)) return new Uint8Array(value);
    if (this.#around.has(value)) return refuse('an object that is within itself');
    this.#around.add(value);
    const copy = this.#copyContents(value);
    this.#around.delete(value);
    return copy;
  }

  #copyContents(value: object): unknown {
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value;
      const { length } = items;
      const copy: unknown[] = [];
      for (let index = 0; index < length; index += 1) copy.push(this.copy(items[index]));
      return copy;
    }
    if (types.isMap(value)) {
      const entries: [unknown, unknown][] = [];
      Map.prototype.forEach.call(value, (item, key) => entries.push([key, item]));
      return new Map(entries.map(([key, item]) => [stringKey(key), this.copy(item)]));
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return refuse(kindOf(value));
    const copy: Record<string, unknown> = Object.create(null);
    for (const key of Object.keys(value)) {
      copy[wellFormed(key)] = this.copy(Reflect.get(value, key));
    }
    return copy;
  }
}

function stringKey(key: unknown): string {
  return typeof key === 'string' ? wellFormed(key) : refuse('a Map with other keys');
}

/** UTF-8 has no bytes for half of a pair: different texts would become equal. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : refuse('text with half of a surrogate pair');
}

function kindOf(value: object): string {
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return refusedTypes.has(tag) ? `a ${tag}` : 'an instance of a class';
}

function refuse(what: string): never {
  throw new Error(`CBOR can't carry ${what}; it can carry ${carried}`);
}
