import { describe, expect, test } from 'vitest';

import { wasmLimits, wasmPageBytes, wasmPagesMax } from '../../../src/sandbox/wasm-limits.ts';
import { fitModule } from '../../../src/sandbox/wasm-module.ts';
import {
  type Bytes,
  type CommandParts,
  type Limits,
  op,
  type TablePart,
  type,
  wasiCommand,
} from '../../support/wasm-builder.ts';

const MiB = 1024 * 1024;

/** A command with one more function, `run`, that returns an i32. */
function withRun(code: Bytes, parts: Omit<CommandParts, 'code'>): Uint8Array {
  return wasiCommand({
    ...parts,
    types: [{ results: [type.i32] }],
    functions: [{ type: 0, code }],
    exports: [{ name: 'run', kind: 'func', index: 0 }],
    code: [],
  });
}

/** What `run` returns, time after time. */
function runs(module: Uint8Array, memoryBytesMax: number, count: number): unknown[] {
  const fitted = fitModule(module, memoryBytesMax);
  if (fitted.type === 'refused') throw new Error(fitted.failure.detail);
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(fitted.bytes), {}).exports;
  if (typeof run !== 'function') throw new Error('run is not exported');
  return Array.from({ length: count }, (): unknown => run());
}

const growByOnePage = [...op.i32(1), ...op.memoryGrow];

describe('memory', () => {
  test.each<[string, Limits, number, number[]]>([
    ['without a maximum', { min: 1 }, 3 * wasmPageBytes, [1, 2, -1, -1]],
    ['with a larger maximum', { min: 1, max: 1000 }, 3 * wasmPageBytes, [1, 2, -1, -1]],
    ['with a smaller maximum', { min: 1, max: 2 }, 3 * wasmPageBytes, [1, -1, -1, -1]],
    ['with a limit within a page', { min: 0 }, 2 * wasmPageBytes - 1, [0, -1, -1, -1]],
    ['that begins at the limit', { min: 2 }, 2 * wasmPageBytes, [-1, -1, -1, -1]],
  ])('%s grows exactly to what it may', (_, memory, memoryBytesMax, grown) => {
    expect(runs(withRun(growByOnePage, { memory }), memoryBytesMax, 4)).toEqual(grown);
  });

  test('a limit of hundreds of MiB is written as it is', () => {
    const pages = (300 * MiB) / wasmPageBytes;
    const code = [...op.i32(pages), ...op.memoryGrow, ...op.drop, ...growByOnePage];
    const module = withRun(code, { memory: { min: 0 } });
    expect(runs(module, 300 * MiB, 1)).toEqual([-1]);
    expect(runs(module, 301 * MiB, 1)).toEqual([pages]);
  });

  test('a limit over 4 GiB leaves all that 32 bits address', () => {
    const fitted = fitModule(wasiCommand({ code: [] }), 2 ** 40);
    if (fitted.type === 'refused') throw new Error(fitted.failure.detail);
    expect(() => new WebAssembly.Module(fitted.bytes)).not.toThrow();
  });

  test('one that begins over the limit is refused with both numbers', () => {
    expect(fitModule(wasiCommand({ code: [], memory: { min: 17 } }), MiB)).toEqual({
      type: 'refused',
      failure: {
        kind: 'out-of-memory',
        detail: 'the program begins with 1.1 MiB of memory; it may have 1 MiB',
      },
    });
  });

  test.each<[string, Limits, string]>([
    ['shared', { min: 1, max: 2, flags: 3 }, 'shared memory and threads'],
    ['shared and without a maximum', { min: 1, flags: 2 }, 'shared memory and threads'],
    ['of 64 bits', { min: 1, flags: 4 }, '64-bit memory'],
    ['of other pages', { min: 1, flags: 8 }, 'custom page size'],
  ])('one that is %s is refused', (_, memory, feature) => {
    expect(fitModule(wasiCommand({ code: [], memory }), MiB)).toMatchObject({
      failure: { kind: 'forbidden-import', detail: expect.stringContaining(feature) },
    });
  });

  test.each<[string, Limits]>([
    ['with unknown flags', { min: 1, flags: 16 }],
    ['with less at most than at least', { min: 2, max: 1 }],
    ['with a maximum over 4 GiB', { min: 1, max: wasmPagesMax + 1 }],
  ])('one %s is malformed, as it is for V8', (_, memory) => {
    const module = wasiCommand({ code: [], memory });
    expect(fitModule(module, MiB)).toMatchObject({ failure: { kind: 'threw' } });
    expect(WebAssembly.validate(module)).toBe(false);
  });
});

/** Grows table 0 by the elements given. */
function growTable(elements: number): Bytes {
  return [...op.refNull(type.funcref), ...op.i32(elements), ...op.tableGrow()];
}

const { elementsMax } = wasmLimits;

describe('tables', () => {
  test.each<[string, readonly TablePart[], number, number[]]>([
    ['alone', [{ min: 0 }], elementsMax, [0, -1]],
    ['over the bound', [{ min: 0 }], elementsMax + 1, [-1, -1]],
    ['with a smaller maximum', [{ min: 1, max: 10 }], 9, [1, -1]],
    ['of two', [{ min: 0 }, { min: 0, type: type.externref }], elementsMax / 2, [0, -1]],
    ['of two, one of which takes much', [{ min: 10 }, { min: elementsMax - 30 }], 10, [10, -1]],
  ])('%s: they grow to a million elements in all', (_, tables, elements, grown) => {
    expect(runs(withRun(growTable(elements), { tables }), MiB, 2)).toEqual(grown);
  });

  test('tables that begin over the bound are refused with both numbers', () => {
    const tables = [{ min: elementsMax }, { min: 1 }];
    expect(fitModule(wasiCommand({ code: [], tables }), MiB)).toEqual({
      type: 'refused',
      failure: {
        kind: 'out-of-memory',
        detail: 'the program begins with 1000001 elements in its tables; it may have 1000000',
      },
    });
  });

  test('more than 16 tables are refused', () => {
    const tables = Array.from({ length: wasmLimits.tablesMax + 1 }, () => ({ min: 0 }));
    expect(fitModule(wasiCommand({ code: [], tables }), MiB)).toMatchObject({
      failure: { kind: 'threw', detail: expect.stringContaining('17 tables, 16 are the most') },
    });
    expect(fitModule(wasiCommand({ code: [], tables: tables.slice(1) }), MiB).type).toBe('fitted');
  });

  test.each<[string, TablePart, string]>([
    ['shared', { min: 1, max: 2, flags: 3 }, 'shared memory and threads'],
    ['of 64 bits', { min: 1, flags: 4 }, '64-bit memory'],
    ['of a type of garbage collection', { min: 1, type: 0x6e }, 'garbage-collected types'],
    ['with an initial value', { min: 1, type: 0x40 }, 'typed function references'],
    ['of exceptions', { min: 1, type: 0x69 }, 'WebAssembly exceptions'],
  ])('one that is %s is refused', (_, table, feature) => {
    expect(fitModule(wasiCommand({ code: [], tables: [table] }), MiB)).toMatchObject({
      failure: { kind: 'forbidden-import', detail: expect.stringContaining(feature) },
    });
  });
});
