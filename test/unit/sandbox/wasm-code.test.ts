import { describe, expect, test } from 'vitest';

import { wasmLimits } from '../../../src/sandbox/wasm-limits.ts';
import { fitModule } from '../../../src/sandbox/wasm-module.ts';
import {
  type Bytes,
  type CommandParts,
  op,
  type,
  uleb,
  wasiCommand,
} from '../../support/wasm-builder.ts';

const memoryBytesMax = 2 ** 20;

function fit(parts: CommandParts): ReturnType<typeof fitModule> {
  return fitModule(wasiCommand(parts), memoryBytesMax);
}

function times(count: number, code: Bytes): Bytes {
  return Array.from({ length: count }, () => code).flat();
}

const costly = {
  type: 'refused',
  failure: {
    kind: 'out-of-memory',
    detail: expect.stringMatching(/^the program costs too much to compile: .*optimisation/),
  },
};
const fitted = { type: 'fitted' };

/** A function without parameters and with as many results; then one with as many parameters. */
const wide = [{ results: times(1000, [type.i32]) }, { params: times(1000, [type.i32]) }];
const blockWithBranch = op.block(op.localGet(0), op.brIf(0));

describe('what compiling costs', () => {
  test.each<[string, (count: number) => CommandParts, number]>([
    [
      'locals at branches',
      // A block and a branch cost each of the 10,000 locals once.
      (blocks) => ({ locals: [[10_000, type.i32]], code: times(blocks, blockWithBranch) }),
      249,
    ],
    [
      'locals at both sides of an if',
      (ifs) => ({
        locals: [[10_000, type.i32]],
        code: times(ifs, [...op.localGet(0), 0x04, type.none, ...op.else, ...op.end]),
      }),
      249,
    ],
    [
      'operands at branches',
      (blocks) => ({
        locals: [type.i32],
        code: [...times(10_000, op.i32(0)), ...times(blocks, blockWithBranch), ...op.unreachable],
      }),
      249,
    ],
    [
      'operands below nested blocks',
      (blocks) => ({
        code: times(blocks, [...times(100, op.i32(0)), 0x02, type.none]).concat(
          times(blocks, [...op.unreachable, ...op.end]),
          op.unreachable,
        ),
      }),
      315,
    ],
    [
      'results of calls',
      (calls) => ({
        types: wide,
        functions: [{ type: 0, code: op.unreachable }],
        code: [...times(calls, op.call(0)), ...op.unreachable],
      }),
      4999,
    ],
    [
      'parameters of calls in code that is never reached',
      (calls) => ({
        types: wide,
        functions: [{ type: 1, code: [] }],
        code: [...op.unreachable, ...times(calls, op.call(0))],
      }),
      4999,
    ],
    [
      'parameters of indirect calls',
      (calls) => ({
        types: wide,
        tables: [{ min: 1 }],
        code: [...op.unreachable, ...times(calls, [...op.i32(0), ...op.callIndirect(1)])],
      }),
      4999,
    ],
    [
      'results that branches carry',
      (branches) => ({
        types: [{ results: times(1000, [type.i32]) }],
        code: [
          0x02,
          0x00,
          ...times(1000, op.i32(0)),
          ...times(branches, [...op.i32(0), ...op.brIf(0)]),
          ...op.end,
          ...op.unreachable,
        ],
      }),
      2498,
    ],
    [
      'results that the targets of a branch take',
      (targets) => ({
        types: [{ results: times(1000, [type.i32]) }],
        code: [
          0x02,
          0x00,
          ...op.unreachable,
          0x0e,
          ...uleb(targets),
          ...times(targets + 1, [0]),
          ...op.end,
          ...op.unreachable,
        ],
      }),
      4997,
    ],
  ])('%s count, up to a bound', (_, parts, most) => {
    expect(fit(parts(most))).toMatchObject(fitted);
    expect(WebAssembly.validate(wasiCommand(parts(most)))).toBe(true);
    expect(fit(parts(most + 2))).toMatchObject(costly);
  });

  test('the operands of a block are gone after it, so that blocks in a row cost little', () => {
    const code = times(5_000, op.block(times(50, op.i32(0)), op.br(0)));
    expect(fit({ code })).toMatchObject(fitted);
  });

  test('locals of all functions together are bounded', () => {
    const functionsMax = wasmLimits.moduleSlotsMax / wasmLimits.functionLocalsMax;
    const functions = (count: number): CommandParts => ({
      types: [{}],
      functions: Array.from({ length: count }, () => ({
        type: 0,
        locals: [[wasmLimits.functionLocalsMax, type.i32] as const],
        code: [],
      })),
      code: [],
    });
    expect(fit(functions(functionsMax))).toMatchObject(fitted);
    expect(fit(functions(functionsMax + 1))).toMatchObject(costly);
  });

  test('locals of one function are bounded as in V8, its parameters included', () => {
    const parts = (locals: number): CommandParts => ({
      types: [{ params: [type.i32] }],
      functions: [{ type: 0, locals: [[locals, type.i64]], code: [] }],
      code: [],
    });
    const most = wasmLimits.functionLocalsMax - 1;
    expect(fit(parts(most))).toMatchObject(fitted);
    expect(WebAssembly.validate(wasiCommand(parts(most)))).toBe(true);
    expect(fit(parts(most + 1))).toMatchObject(costly);
    expect(WebAssembly.validate(wasiCommand(parts(most + 1)))).toBe(false);
  });

  test('a count of locals over 32 bits in all wraps around nothing', () => {
    const locals = times(3, [0xff, 0xff, 0xff, 0xff, 0x0f, type.i32]);
    const body = [3, ...locals, ...op.end];
    const module = wasiCommand({ code: [] });
    // The empty body of the builder is the last thing in the module: 2 bytes and their count.
    const bytes = Uint8Array.from([
      ...module.subarray(0, module.length - 5),
      body.length + 2,
      1,
      body.length,
      ...body,
    ]);
    expect(fitModule(bytes, memoryBytesMax)).toMatchObject(costly);
  });

  test('the size of a function is bounded', () => {
    const parts = (bytes: number): CommandParts => ({ code: times(bytes - 2, op.nop) });
    expect(fit(parts(wasmLimits.functionBytesMax))).toMatchObject(fitted);
    expect(fit(parts(wasmLimits.functionBytesMax + 1))).toMatchObject(costly);
  });

  test('blocks nest up to a bound', () => {
    const parts = (blocks: number): CommandParts => ({
      code: [...times(blocks, [0x02, type.none]), ...times(blocks, op.end)],
    });
    expect(fit(parts(wasmLimits.nestingMax - 1))).toMatchObject(fitted);
    expect(fit(parts(wasmLimits.nestingMax))).toMatchObject(costly);
  });
});

describe('the form of code', () => {
  test.each<[string, Bytes]>([
    ['goes on after its end', [...op.end, ...op.nop]],
    ['leaves a block open', [0x02, type.none]],
    ['calls a function that is not there', op.call(1000)],
    ['has a block of a type that is not there', [0x02, 0x7f & 0x3f, ...op.end]],
  ])('a function that %s is malformed, as it is for V8', (_, code) => {
    expect(fit({ code })).toMatchObject({ failure: { kind: 'threw' } });
    expect(WebAssembly.validate(wasiCommand({ code }))).toBe(false);
  });

  test('blocks of several values are taken', () => {
    const module = wasiCommand({
      types: [{}, { params: [type.i32], results: [type.i32, type.i64] }],
      functions: [{ type: 0, code: [] }],
      tables: [{ min: 1 }],
      code: [...op.i32(1), 0x02, 0x01, ...op.i64(2n), ...op.end, ...op.drop, ...op.drop],
    });
    expect(fitModule(module, memoryBytesMax)).toMatchObject(fitted);
    expect(WebAssembly.validate(module)).toBe(true);
  });
});
