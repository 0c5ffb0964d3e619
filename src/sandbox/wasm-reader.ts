/**
 * Reads WebAssembly's binary format: bytes, numbers in LEB128, names. Nothing is read past `end`,
 * which is the module's end, or that of the section or function being read.
 *
 * Numbers are held to the specification's forms: as many bytes as the type may have, no bit set
 * that the type has no room for. So no two readers can disagree on where the next item begins.
 */

import { wasmLimits } from './wasm-limits.ts';
import { forbidden, malformed } from './wasm-refusal.ts';

const continued = 0x80;

export class WasmReader {
  readonly bytes: Uint8Array;
  /** The next byte. */
  at = 0;
  end: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.end = bytes.byteLength;
  }

  u8(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined || this.at >= this.end) throw malformed('it ends early', this.at);
    this.at += 1;
    return byte;
  }

  u32(): number {
    let value = this.u8();
    if (value < continued) return value;
    value -= continued;
    for (let unit = 2 ** 7; unit < 2 ** 28; unit *= 2 ** 7) {
      const byte = this.u8();
      if (byte < continued) return value + byte * unit;
      value += (byte - continued) * unit;
    }
    const last = this.u8();
    if (last > 0x0f) throw malformed('a number has more than 32 bits', this.at - 1);
    return value + last * 2 ** 28;
  }

  /** A number of which nothing needs to be known but where it ends. */
  skipSigned(bits: 32 | 64): void {
    let left = bits;
    for (; left > 7; left -= 7) {
      if (this.u8() < continued) return;
    }
    const signs = (0x7f << (left - 1)) & 0x7f;
    const last = this.u8();
    const sign = last & signs;
    if (last >= continued || (sign !== 0 && sign !== signs)) {
      throw malformed(`a number has more than ${bits} bits`, this.at - 1);
    }
  }

  skip(bytes: number): void {
    if (bytes > this.end - this.at) throw malformed('it ends early', this.at);
    this.at += bytes;
  }

  /**
   * How many items follow.
   * @param what plural, for the refusal
   * @param itemBytesMin so that what is counted is there, before anything is made for it
   */
  count(what: string, max: number, itemBytesMin: number): number {
    const at = this.at;
    const count = this.u32();
    if (count > max) throw malformed(`${count} ${what}, ${max} are the most allowed,`, at);
    if (count * itemBytesMin > this.end - this.at) {
      throw malformed(`fewer than the ${count} ${what} announced`, at);
    }
    return count;
  }

  /** Every byte outside of printable ASCII shows as "?". */
  name(bytesMax: number): string {
    const start = this.at;
    const bytes = this.u32();
    if (bytes > bytesMax) throw malformed(`a name of ${bytes} bytes`, start);
    this.skip(bytes);
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at - bytes, bytes);
    return text.toString('latin1').replaceAll(/[^ -~]/g, '?');
  }

  /** Reads a part that says how long it is; what is left of it when `read` is done is an error. */
  sized(read: () => void): void {
    const bytes = this.u32();
    if (bytes > this.end - this.at) throw malformed('it ends early', this.at);
    const outer = this.end;
    this.end = this.at + bytes;
    read();
    if (this.at !== this.end) throw malformed('a part is longer than its contents', this.at);
    this.end = outer;
  }

  /** A type of a value: number, vector, or plain reference. @returns its byte */
  valueType(): number {
    const at = this.at;
    const byte = this.u8();
    if ((byte >= 0x7b && byte <= 0x7f) || isPlainReference(byte)) return byte;
    throw unknownType(byte, at);
  }

  /** As parameters, results or one after the other in a list. @returns their bytes */
  valueTypes(): Uint8Array {
    const count = this.count('parameters or results', wasmLimits.typeValuesMax, 1);
    const start = this.at;
    for (let n = 0; n < count; n += 1) this.valueType();
    return this.bytes.subarray(start, this.at);
  }

  /** `funcref` or `externref`; the other references came with garbage collection. */
  referenceType(): number {
    const at = this.at;
    const byte = this.u8();
    if (!isPlainReference(byte)) throw unknownType(byte, at);
    return byte;
  }

  /** Of which type a null is: as above, or, with garbage collection, the index of a type. */
  heapType(): void {
    const byte = this.bytes[this.at] ?? 0;
    if (byte < 0x40 || byte >= continued) throw forbidden('gc', this.at);
    this.referenceType();
  }
}

function isPlainReference(byte: number): boolean {
  return byte === 0x70 || byte === 0x6f;
}

/** Bytes of types that came with later proposals; 0x40 begins a table with an initial value. */
function unknownType(byte: number, at: number): Error {
  if (byte === 0x69 || byte === 0x74) return forbidden('exceptions', at);
  if (byte === 0x68 || byte === 0x75) return forbidden('stackSwitching', at);
  if (byte === 0x40 || (byte >= 0x61 && byte <= 0x73)) return forbidden('gc', at);
  return malformed(`0x${byte.toString(16)} where a type should be`, at);
}
