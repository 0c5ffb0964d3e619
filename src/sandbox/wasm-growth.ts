/**
 * What a program can grow while it runs, memory and tables, and how far: both get a maximum, since
 * V8's heap limit and statistics see neither.
 */

import { bytesText } from '../model/amounts.ts';
import { wasmLimits, wasmPageBytes, wasmPagesMax } from './wasm-limits.ts';
import type { WasmReader } from './wasm-reader.ts';
import { forbidden, malformed, WasmRefusal } from './wasm-refusal.ts';

/**
 * Reads the memory section.
 * @returns it with the maximum that the limit leaves, or the module's own if that is less
 */
export function fitMemory(reader: WasmReader, memoryBytesMax: number): readonly number[] {
  const at = reader.at;
  const count = reader.u32();
  if (count > 1) throw forbidden('multiMemory', at);
  if (count === 0) return [0];
  const pagesMax = Math.min(wasmPagesMax, Math.floor(memoryBytesMax / wasmPageBytes));
  const { min, max } = readRange(reader, wasmPagesMax);
  if (min > pagesMax) {
    throw new WasmRefusal(
      'out-of-memory',
      `the program begins with ${bytesText(min * wasmPageBytes)} of memory; ` +
        `it may have ${bytesText(pagesMax * wasmPageBytes)}`,
    );
  }
  return [1, ...rangeBytes(min, Math.min(max, pagesMax))];
}

type Table = { readonly type: number; readonly min: number; readonly max: number };

/**
 * Reads the table section.
 * @returns it with a maximum for each: what is left of `elementsMax` is shared evenly
 */
export function fitTables(reader: WasmReader): readonly number[] {
  const count = reader.count('tables', wasmLimits.tablesMax, 3);
  const tables: Table[] = [];
  let elements = 0;
  for (let n = 0; n < count; n += 1) {
    const type = reader.referenceType();
    const { min, max } = readRange(reader, 2 ** 32);
    elements += min;
    tables.push({ type, min, max });
  }
  if (elements > wasmLimits.elementsMax) {
    throw new WasmRefusal(
      'out-of-memory',
      `the program begins with ${elements} elements in its tables; ` +
        `it may have ${wasmLimits.elementsMax}`,
    );
  }
  const spare = Math.floor((wasmLimits.elementsMax - elements) / count);
  const fitted = [count];
  for (const { type, min, max } of tables) {
    fitted.push(type, ...rangeBytes(min, Math.min(max, min + spare)));
  }
  return fitted;
}

/** An unsigned number of up to 32 bits, as WebAssembly writes it. */
export function leb(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return [...bytes, rest];
}

const flagBits = { max: 1, shared: 2, wide: 4, pageSize: 8 } as const;

/** An infinite maximum is none. */
function readRange(reader: WasmReader, highest: number): { min: number; max: number } {
  const at = reader.at;
  const flags = reader.u8();
  if ((flags & flagBits.shared) !== 0) throw forbidden('threads', at);
  if ((flags & flagBits.wide) !== 0) throw forbidden('memory64', at);
  if ((flags & flagBits.pageSize) !== 0) throw forbidden('pageSize', at);
  if (flags > flagBits.max) throw malformed(`unknown flags of a memory or table (${flags})`, at);
  const min = reader.u32();
  const max = flags === flagBits.max ? reader.u32() : Number.POSITIVE_INFINITY;
  if (min > highest || (max !== Number.POSITIVE_INFINITY && (max > highest || max < min))) {
    throw malformed(`a memory or table from ${min} to ${max}`, at);
  }
  return { min, max };
}

function rangeBytes(min: number, max: number): readonly number[] {
  return [flagBits.max, ...leb(min), ...leb(max)];
}
