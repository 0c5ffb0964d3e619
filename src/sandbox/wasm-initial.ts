/** What a module begins with: its globals' values, and what is copied into tables and memory. */

import { notAllowed, readInstruction } from './wasm-instructions.ts';
import { wasmLimits } from './wasm-limits.ts';
import type { WasmReader } from './wasm-reader.ts';
import { forbidden, malformed } from './wasm-refusal.ts';

const mutable = 1;
const shared = 2;

export function readGlobals(reader: WasmReader): undefined {
  const count = reader.count('globals', wasmLimits.globalsMax, 4);
  for (let n = 0; n < count; n += 1) {
    reader.valueType();
    const at = reader.at;
    const flags = reader.u8();
    if ((flags & shared) !== 0) throw forbidden('threads', at);
    if (flags > mutable) throw malformed('a global of an unknown kind', at);
    walkConstant(reader);
  }
}

/** Bits of an element segment's kind; without `inactive` it is copied into a table at the start. */
const elementBits = { inactive: 1, namesTable: 2, expressions: 4 } as const;
const elementKindsMax = 7;

export function readElements(reader: WasmReader): undefined {
  const count = reader.count('element segments', wasmLimits.segmentsMax, 2);
  let left = wasmLimits.elementsMax;
  for (let n = 0; n < count; n += 1) {
    const at = reader.at;
    const kind = reader.u32();
    if (kind > elementKindsMax) throw malformed('an element segment of an unknown kind', at);
    const active = (kind & elementBits.inactive) === 0;
    const expressions = (kind & elementBits.expressions) !== 0;
    if (active) {
      if ((kind & elementBits.namesTable) !== 0) reader.u32();
      walkConstant(reader);
    }
    // The oldest kinds, active in table 0, name no type: theirs is funcref.
    if ((kind & (elementBits.inactive | elementBits.namesTable)) !== 0) {
      if (expressions) reader.referenceType();
      else if (reader.u8() !== 0) throw malformed('elements of an unknown kind', reader.at - 1);
    }
    const elements = reader.count('elements in segments', left, 1);
    left -= elements;
    for (let element = 0; element < elements; element += 1) {
      if (expressions) walkConstant(reader);
      else reader.u32();
    }
  }
}

const dataKinds = { active: 0, passive: 1, namesMemory: 2 } as const;

export function readData(reader: WasmReader): undefined {
  const count = reader.count('data segments', wasmLimits.segmentsMax, 2);
  for (let n = 0; n < count; n += 1) {
    const at = reader.at;
    const kind = reader.u32();
    if (kind > dataKinds.namesMemory) throw malformed('a data segment of an unknown kind', at);
    if (kind === dataKinds.namesMemory && reader.u32() !== 0) throw forbidden('multiMemory', at);
    if (kind !== dataKinds.passive) walkConstant(reader);
    reader.skip(reader.u32());
  }
}

const endOpcode = 0x0b;

/** In constant expressions: constants, global.get, references, and + - * of integers. */
const constantOpcodes = new Set([
  0x23, 0x41, 0x42, 0x43, 0x44, 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e, 0xd0, 0xd2, 0xfd,
]);

/** Reads the initial value of a global or the offset of a segment, with its closing `end`. */
function walkConstant(reader: WasmReader): void {
  for (;;) {
    const at = reader.at;
    const opcode = reader.u8();
    if (opcode === endOpcode) return;
    if (!constantOpcodes.has(opcode)) {
      throw notAllowed(opcode, at) ?? malformed('an instruction in a constant expression', at);
    }
    readInstruction(reader, opcode);
  }
}
