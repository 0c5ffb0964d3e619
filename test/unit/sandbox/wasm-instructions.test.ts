/** The tables of instructions against V8 itself, which knows what is valid. */

import { describe, expect, test } from 'vitest';

import { form, plainForms, readInstruction } from '../../../src/sandbox/wasm-instructions.ts';
import { fitModule } from '../../../src/sandbox/wasm-module.ts';
import { WasmReader } from '../../../src/sandbox/wasm-reader.ts';
import { type Bytes, op, type, uleb, wasiCommand } from '../../support/wasm-builder.ts';

const memoryBytesMax = 2 ** 20;

const plainOpcodes = opcodes(256, (n) => [n]).filter(([first = 0]) => first < 0xfb);
const prefixedOpcodes = [
  ...opcodes(64, (n) => [0xfc, ...uleb(n)]),
  ...opcodes(512, (n) => [0xfd, ...uleb(n)]),
];

function opcodes(count: number, opcode: (n: number) => Bytes): readonly Bytes[] {
  return Array.from({ length: count }, (_, n) => opcode(n));
}

const noughts = (count: number): Bytes => Array<number>(count).fill(0);
const shapes: readonly Bytes[] = [
  [],
  [type.funcref],
  ...[1, 2, 3, 4, 8, 16].map(noughts),
  [1, type.i64],
  [type.none, ...op.end],
];

/** A module with one of everything that an index of 0 may refer to. */
function moduleWith(code: Bytes, params: Bytes = [], results: Bytes = []): Uint8Array {
  return wasiCommand({
    types: [{ params, results }, {}],
    functions: [
      { type: 0, code, locals: [type.i32] },
      { type: 1, code: [] },
    ],
    tables: [{ min: 1 }],
    globals: [{ type: type.i32, mutable: true, init: op.i32(0) }],
    elements: [[0, ...op.i32(0), ...op.end, 1, 0]],
    dataCount: 1,
    data: [{ offset: op.i32(0), bytes: 'x' }],
    code: [],
  });
}

/** A constant, and `unreachable`. Taken for immediates in part, it leaves 0xc5, no opcode. */
const anyMayStay = [0x44, ...Array<number>(8).fill(0xc5), ...op.unreachable];

/** An instruction where any operands are there and any may stay. */
function moduleAround(instruction: Bytes): Uint8Array {
  return moduleWith([...op.unreachable, ...instruction, ...anyMayStay]);
}

/** What V8 lets follow an opcode. */
function immediatesOf(opcode: Bytes): Bytes | undefined {
  return shapes.find((shape) => WebAssembly.validate(moduleAround([...opcode, ...shape])));
}

type Instruction = { readonly code: Bytes; readonly bytesRead: number; readonly effect: number };

/** All that are allowed and no blocks, branches or calls. */
const instructions: readonly Instruction[] = [...plainOpcodes, ...prefixedOpcodes].flatMap(
  (opcode) => {
    const [first = 0] = opcode;
    const immediates = immediatesOf(opcode);
    const isOperator = plainForms[first] !== form.control && plainForms[first] !== form.unknown;
    if (immediates === undefined || !isOperator) return [];
    const code = [...opcode, ...immediates];
    if (fitModule(moduleAround(code), memoryBytesMax).type === 'refused') {
      return [];
    }
    const reader = new WasmReader(Uint8Array.from([...code, ...op.end]));
    return [{ code, effect: readInstruction(reader, reader.u8()), bytesRead: reader.at }];
  },
);

const types = [type.i32, type.i64, type.f32, type.f64, type.v128, type.funcref];
const lists = (length: number): readonly Bytes[] =>
  length === 0 ? [[]] : lists(length - 1).flatMap((list) => types.map((last) => list.concat(last)));
const operandLists = [0, 1, 2, 3].flatMap(lists);
const resultLists = [0, 1].flatMap(lists);

/** By how many operands the stack is higher after it, found by trying which types V8 takes. */
function effectInV8(code: Bytes): number | undefined {
  for (const operands of operandLists) {
    const pushed = operands.flatMap((_, index) => op.localGet(index));
    for (const results of resultLists) {
      if (WebAssembly.validate(moduleWith([...pushed, ...code], operands, results))) {
        return results.length - operands.length;
      }
    }
  }
  return undefined;
}

describe('instructions', () => {
  test('all of WebAssembly 2.0 are known: 171 plain, 18 after 0xfc, 236 of SIMD', () => {
    const count = (...prefixes: number[]): number =>
      instructions.filter(({ code }) => prefixes.includes(code[0] ?? 0)).length;
    expect([count(0xfc), count(0xfd), instructions.length]).toEqual([18, 236, 425]);
  });

  test('each is read to the byte where V8 sees the next one', () => {
    const others = instructions.filter(({ code, bytesRead }) => bytesRead !== code.length);
    expect(others).toEqual([]);
  });

  test('each changes the height of the stack as it does for V8', () => {
    const others = instructions.filter(({ code, effect }) => effectInV8(code) !== effect);
    expect(others).toEqual([]);
  });

  test('whatever V8 takes is taken, or refused for what it is and not as malformed', () => {
    const wrong: string[] = [];
    for (const opcode of [...opcodes(256, (n) => [n]), ...prefixedOpcodes]) {
      const immediates = immediatesOf(opcode);
      if (immediates === undefined) continue;
      const fitted = fitModule(moduleAround([...opcode, ...immediates]), memoryBytesMax);
      if (fitted.type === 'refused' && fitted.failure.kind !== 'forbidden-import') {
        wrong.push(`${opcode.join(' ')}: ${fitted.failure.detail}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each<[string, Bytes]>([
    ['shared memory and threads', [0xfe, 0x03, 0x00]],
    ['shared memory and threads', [0xfe, 0x10, 0x02, 0x00]],
    ['relaxed SIMD', [0xfd, 0x80, 0x02]],
    ['relaxed SIMD', [0xfd, 0x93, 0x02]],
    ['WebAssembly exceptions', [0x06, type.none]],
    ['WebAssembly exceptions', [0x08, 0x00]],
    ['WebAssembly exceptions', [0x1f, type.none, 0x00]],
    ['tail calls', [0x12, 0x00]],
    ['tail calls', [0x13, 0x00, 0x00]],
    ['garbage-collected types', [0xfb, 0x00, 0x00]],
    ['typed function references', [0x14, 0x00]],
    ['garbage-collected types', [0xd0, 0x6e]],
    ['garbage-collected types', [0x02, 0x63, 0x70, 0x0b]],
    ['stack switching', [0xe0, 0x00]],
    ['more than one memory', [0x28, 0x42, 0x01, 0x00]],
    ['more than one memory', [0x3f, 0x01]],
    ['more than one memory', [0xfc, 0x0a, 0x00, 0x01]],
    ['the instruction 0xff', [0xff]],
    ['the instruction 0xfc 0x13', [0xfc, 0x13]],
    ['the instruction 0xfd 0x9a', [0xfd, 0x9a, 0x01]],
    ['the instruction 0xfd 0x120', [0xfd, 0xa0, 0x02]],
  ])('%s is refused by name: %o', (name, code) => {
    const fitted = fitModule(wasiCommand({ code }), memoryBytesMax);
    expect(fitted).toMatchObject({ failure: { kind: 'forbidden-import' } });
    expect(fitted).toHaveProperty('failure.detail', expect.stringContaining(name));
  });

  test.each<[string, Bytes]>([
    ['an index of six bytes', [0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ['an index over 32 bits', [0x20, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['an i32 over 32 bits', [0x41, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['an i64 over 64 bits', [0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['a negative type of a block', [0x02, 0xff, 0x7f, 0x0b]],
    ['an unknown type of a block', [0x02, 0x41, 0x0b]],
    ['a constant cut off', [0x44, 0x00]],
    ['more targets than bytes', [0x0e, 0x20, 0x00]],
    ['a select of two types', [0x1c, 0x02, type.i32, type.i32]],
  ])('%s is malformed', (_, code) => {
    const fitted = fitModule(wasiCommand({ code: [...op.unreachable, ...code] }), memoryBytesMax);
    expect(fitted).toMatchObject({ failure: { kind: 'threw' } });
    expect(fitted).toHaveProperty('failure.detail', expect.stringMatching(/^not a valid .*byte/));
  });
});
