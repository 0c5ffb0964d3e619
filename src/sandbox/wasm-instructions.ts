/**
 * The instructions that programs may have, and what follows each of them.
 *
 * An allowlist, so that what V8 learns next year isn't let in by mistake: WebAssembly 2.0 (that is
 * MVP, sign extension, saturating conversions, multiple values, bulk memory, reference types and
 * 128-bit SIMD) and extended constant expressions. All of these give the same result on
 * every CPU, the bits of a NaN apart.
 *
 * A table gives each opcode the form of its immediates. They are read to their last bit, so that
 * V8 sees the next instruction where it is seen here; their values are for V8 to judge. Other
 * tables give what each instruction does to the height of the operand stack.
 *
 * After https://webassembly.github.io/spec/core/binary/instructions.html (release 2.0).
 */

import type { WasmReader } from './wasm-reader.ts';
import { forbidden, type ForbiddenFeature, WasmRefusal } from './wasm-refusal.ts';

/** What follows an opcode. */
export const form = {
  unknown: 0,
  alone: 1,
  index: 2,
  twoIndexes: 3,
  memory: 4,
  i32: 5,
  i64: 6,
  fourBytes: 7,
  eightBytes: 8,
  /** Blocks, branches, calls: left to the reader of a whole function. */
  control: 9,
  select: 10,
  heapType: 11,
  memoryIndex: 12,
  bulk: 13,
  simd: 14,
  lane: 15,
  memoryAndLane: 16,
  sixteenBytes: 17,
  indexAndMemoryIndex: 18,
  twoMemoryIndexes: 19,
} as const;

/** The forms of opcodes of one byte: [first, last, form]. */
export const plainForms = formsOf([
  [0x00, 0x00, form.control],
  [0x01, 0x01, form.alone],
  [0x02, 0x05, form.control],
  [0x0b, 0x11, form.control],
  [0x1a, 0x1b, form.alone],
  [0x1c, 0x1c, form.select],
  [0x20, 0x26, form.index],
  [0x28, 0x3e, form.memory],
  [0x3f, 0x40, form.memoryIndex],
  [0x41, 0x41, form.i32],
  [0x42, 0x42, form.i64],
  [0x43, 0x43, form.fourBytes],
  [0x44, 0x44, form.eightBytes],
  [0x45, 0xc4, form.alone],
  [0xd0, 0xd0, form.heapType],
  [0xd1, 0xd1, form.alone],
  [0xd2, 0xd2, form.index],
  [0xfc, 0xfc, form.bulk],
  [0xfd, 0xfd, form.simd],
]);

/** After 0xfc. */
const bulk = formsOf([
  [0, 7, form.alone],
  [8, 8, form.indexAndMemoryIndex],
  [9, 9, form.index],
  [10, 10, form.twoMemoryIndexes],
  [11, 11, form.memoryIndex],
  [12, 12, form.twoIndexes],
  [13, 13, form.index],
  [14, 14, form.twoIndexes],
  [15, 17, form.index],
]);

/** After 0xfd; the numbers left out were never given to an instruction. */
const simd = formsOf([
  [0x00, 0x0b, form.memory],
  [0x0c, 0x0d, form.sixteenBytes],
  [0x0e, 0x14, form.alone],
  [0x15, 0x22, form.lane],
  [0x23, 0x53, form.alone],
  [0x54, 0x5b, form.memoryAndLane],
  [0x5c, 0x5d, form.memory],
  [0x5e, 0x99, form.alone],
  [0x9b, 0xa1, form.alone],
  [0xa3, 0xa4, form.alone],
  [0xa7, 0xae, form.alone],
  [0xb1, 0xb1, form.alone],
  [0xb5, 0xba, form.alone],
  [0xbc, 0xc1, form.alone],
  [0xc3, 0xc4, form.alone],
  [0xc7, 0xce, form.alone],
  [0xd1, 0xd1, form.alone],
  [0xd5, 0xe1, form.alone],
  [0xe3, 0xed, form.alone],
  [0xef, 0xff, form.alone],
]);

/**
 * By how many operands the stack is higher after an instruction: [first, last, operands]. Those
 * left out leave it as high as it was.
 */
const plainEffects = effectsOf([
  [0x1a, 0x1a, -1],
  [0x1b, 0x1c, -2],
  [0x20, 0x20, 1],
  [0x21, 0x21, -1],
  [0x23, 0x23, 1],
  [0x24, 0x24, -1],
  [0x26, 0x26, -2],
  [0x36, 0x3e, -2],
  [0x3f, 0x3f, 1],
  [0x41, 0x44, 1],
  [0x46, 0x4f, -1],
  [0x51, 0x66, -1],
  [0x6a, 0x78, -1],
  [0x7c, 0x8a, -1],
  [0x92, 0x98, -1],
  [0xa0, 0xa6, -1],
  [0xd0, 0xd0, 1],
  [0xd2, 0xd2, 1],
]);

const bulkEffects = effectsOf([
  [8, 8, -3],
  [10, 12, -3],
  [14, 14, -3],
  [15, 15, -1],
  [16, 16, 1],
  [17, 17, -3],
]);

const simdEffects = effectsOf([
  [0x0b, 0x0b, -2],
  [0x0c, 0x0c, 1],
  [0x0d, 0x0e, -1],
  [0x17, 0x17, -1],
  [0x1a, 0x1a, -1],
  [0x1c, 0x1c, -1],
  [0x1e, 0x1e, -1],
  [0x20, 0x20, -1],
  [0x22, 0x4c, -1],
  [0x4e, 0x51, -1],
  [0x52, 0x52, -2],
  [0x54, 0x57, -1],
  [0x58, 0x5b, -2],
  [0x65, 0x66, -1],
  [0x6b, 0x73, -1],
  [0x76, 0x79, -1],
  [0x7b, 0x7b, -1],
  [0x82, 0x82, -1],
  [0x85, 0x86, -1],
  [0x8b, 0x93, -1],
  [0x95, 0x9f, -1],
  [0xab, 0xbf, -1],
  [0xcb, 0xdf, -1],
  [0xe4, 0xeb, -1],
  [0xf0, 0xf7, -1],
]);

/** Opcodes of one byte that are well known and not allowed. */
const forbiddenOpcodes: readonly (readonly [number, number, ForbiddenFeature])[] = [
  [0x06, 0x0a, 'exceptions'],
  [0x18, 0x19, 'exceptions'],
  [0x1f, 0x1f, 'exceptions'],
  [0x12, 0x13, 'tailCalls'],
  [0x14, 0x15, 'gc'],
  [0xd3, 0xd6, 'gc'],
  [0xfb, 0xfb, 'gc'],
  [0xe0, 0xe6, 'stackSwitching'],
  [0xfe, 0xfe, 'threads'],
];

/** After 0xfd: the range given to the proposal. */
const relaxedSimd = { first: 0x100, last: 0x11f };

/**
 * Reads what follows an opcode, of any but `control`.
 * @returns by how many operands the stack is higher after the instruction
 */
export function readInstruction(reader: WasmReader, opcode: number): number {
  const kind = plainForms[opcode];
  if (kind === form.bulk) return readPrefixed(reader, opcode, bulk, bulkEffects);
  if (kind === form.simd) return readPrefixed(reader, opcode, simd, simdEffects);
  if (kind === form.unknown) {
    throw notAllowed(opcode, reader.at - 1) ?? unknown(hex(opcode), reader.at - 1);
  }
  skipImmediates(reader, kind);
  return plainEffects[opcode] ?? 0;
}

function readPrefixed(
  reader: WasmReader,
  prefix: number,
  forms: Uint8Array,
  effects: Int8Array,
): number {
  const at = reader.at - 1;
  const number = reader.u32();
  const kind = forms[number];
  if (kind === undefined || kind === form.unknown) {
    if (forms === simd && number >= relaxedSimd.first && number <= relaxedSimd.last) {
      throw forbidden('relaxedSimd', at);
    }
    throw unknown(`${hex(prefix)} ${hex(number)}`, at);
  }
  skipImmediates(reader, kind);
  return effects[number] ?? 0;
}

function skipImmediates(reader: WasmReader, kind: number | undefined): void {
  switch (kind) {
    case form.index:
      reader.u32();
      break;
    case form.twoIndexes:
      reader.u32();
      reader.u32();
      break;
    case form.memory:
      skipMemoryArgument(reader);
      break;
    case form.i32:
      reader.skipSigned(32);
      break;
    case form.i64:
      reader.skipSigned(64);
      break;
    case form.fourBytes:
      reader.skip(4);
      break;
    case form.eightBytes:
      reader.skip(8);
      break;
    case form.sixteenBytes:
      reader.skip(16);
      break;
    case form.lane:
      reader.skip(1);
      break;
    case form.memoryAndLane:
      skipMemoryArgument(reader);
      reader.skip(1);
      break;
    case form.memoryIndex:
      skipMemoryIndex(reader);
      break;
    case form.indexAndMemoryIndex:
      reader.u32();
      skipMemoryIndex(reader);
      break;
    case form.twoMemoryIndexes:
      skipMemoryIndex(reader);
      skipMemoryIndex(reader);
      break;
    case form.select:
      reader.count('types of a select', 1, 1);
      reader.valueType();
      break;
    case form.heapType:
      reader.heapType();
      break;
    default:
      // Nothing follows: `alone`.
      break;
  }
}

function skipMemoryArgument(reader: WasmReader): void {
  const at = reader.at;
  const alignment = reader.u32();
  // The bit that says that the memory's index follows.
  if (alignment >= 0x40) throw forbidden('multiMemory', at);
  reader.u32();
}

function skipMemoryIndex(reader: WasmReader): void {
  if (reader.u8() !== 0) throw forbidden('multiMemory', reader.at - 1);
}

/** @returns the refusal, if the opcode is of a feature well known */
export function notAllowed(opcode: number, at: number): WasmRefusal | undefined {
  const found = forbiddenOpcodes.find(([first, last]) => opcode >= first && opcode <= last);
  return found && forbidden(found[2], at);
}

function unknown(instruction: string, at: number): WasmRefusal {
  const detail =
    `the program has the instruction ${instruction} at byte ${at}, which is not one of ` +
    'WebAssembly 2.0 or extended constants, which are all that programs may use';
  return new WasmRefusal('forbidden-import', detail);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function formsOf(ranges: readonly (readonly [number, number, number])[]): Uint8Array {
  const forms = new Uint8Array(256);
  for (const [first, last, kind] of ranges) forms.fill(kind, first, last + 1);
  return forms;
}

function effectsOf(ranges: readonly (readonly [number, number, number])[]): Int8Array {
  const effects = new Int8Array(256);
  for (const [first, last, operands] of ranges) effects.fill(operands, first, last + 1);
  return effects;
}
