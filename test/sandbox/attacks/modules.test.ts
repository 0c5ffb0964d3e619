/**
 * WebAssembly modules that no compiler would write, or that want what no volunteer gives: refused
 * when they are loaded, before anything of them runs.
 */

import { afterAll, describe, expect, test } from 'vitest';

import { builtSandbox } from '../../support/built-path.ts';
import { attackLimits, command, failure, refused } from '../../support/attack.ts';
import {
  assemble,
  buildModule,
  op,
  rawSection,
  type,
  uleb,
  wasiCommand,
  type Bytes,
} from '../../support/wasm-builder.ts';

const sandbox = builtSandbox({ slots: 1, limits: attackLimits });

afterAll(async () => sandbox.close());

const whole = wasiCommand({ code: op.nop });
const head = [0x00, 0x61, 0x73, 0x6d];
const bytes = (...parts: readonly Bytes[]): Uint8Array => Uint8Array.from(parts.flat());

/** Many times the same. */
function times(count: number, part: Bytes): Bytes {
  return Array.from({ length: count }, () => part).flat();
}

describe('what is no module is refused:', () => {
  test.each([
    ['nothing', bytes(), /not a valid WebAssembly module/],
    ['text', Buffer.from('#!/bin/sh\necho'), /other bytes than "\\0asm"/],
    ['a shared library', bytes([0x7f, 0x45, 0x4c, 0x46], times(60, [0])), /other bytes than/],
    ['a head without a version', bytes(head), /not a valid WebAssembly module/],
    ['another version', bytes(head, [2, 0, 0, 0]), /unknown version 2/],
    ['a component', bytes(head, [0x0d, 0, 1, 0]), /it is a component, not a core module/],
    ['a module cut in its middle', whole.slice(0, whole.length >> 1), /not a valid/],
    ['a module without its last byte', whole.slice(0, -1), /not a valid/],
    ['a module with a byte too many', bytes([...whole], [1]), /not a valid/],
    ['a section of 4 GiB', assemble([[1, ...uleb(2 ** 32 - 1)]]), /not a valid/],
    ['a size of more than 32 bits', assemble([[1, 0xff, 0xff, 0xff, 0xff, 0x7f]]), /not a valid/],
    ['a number that never ends', assemble([[1, ...times(100, [0x80])]]), /not a valid/],
    ['an unknown section', assemble([rawSection(77, [])]), /unknown kind 77/],
    ['a section twice', assemble([rawSection(1, [0]), rawSection(1, [0])]), /twice or out of/],
    ['sections out of order', assemble([rawSection(3, [0]), rawSection(1, [0])]), /out of order/],
    ['4 billion types in 5 bytes', assemble([rawSection(1, uleb(2 ** 32 - 1))]), /types/],
    ['4 billion imports', assemble([rawSection(2, uleb(2 ** 32 - 1))]), /imports/],
    ['a name of 4 GiB', assemble([rawSection(2, [1, ...uleb(2 ** 32 - 1)])]), /not a valid/],
    [
      'code for functions that there are not',
      assemble([rawSection(1, [0]), rawSection(10, [1, 2, 0, 0x0b])]),
      /1 bodies for 0 functions/,
    ],
    ['a function of an unknown type', assemble([rawSection(3, [1, 9])]), /unknown type 9/],
    ['code that is none', wasiCommand({ code: [0xff] }), /instruction|not a valid/],
    ['code that fits no types', wasiCommand({ code: op.i32Add }), /not a valid WebAssembly module/],
    ['a function that falls off its end', wasiCommand({ code: [0x0b] }), /after the end/],
    ['a branch to nowhere', wasiCommand({ code: op.br(1000) }), /not a valid WebAssembly module/],
    ['a start function that is not there', buildModule({ start: 7 }), /not a WASI program/],
  ])('%s', async (_what, module, detail) => {
    const outcome = await refused(sandbox, command(module));
    expect(outcome).toEqual({
      kind: expect.stringMatching(/^(?:threw|forbidden-import)$/),
      detail: expect.stringMatching(detail),
    });
  });

  test('a library, which has no beginning', async () => {
    const module = buildModule({
      memories: [{ min: 1 }],
      exports: [{ name: 'memory', kind: 'memory', index: 0 }],
    });
    const detail = /^the module is not a WASI program: it exports no function _start/;
    expect(await refused(sandbox, command(module))).toEqual(failure('threw', detail));
  });
});

describe('a module that wants more than WASI is refused:', () => {
  const importing = (module: string, name: string) =>
    wasiCommand({ types: [{}], imports: [{ module, name, func: 0 }], code: [] });

  test.each([
    ['a function of JavaScript', importing('env', 'eval'), /imports the function env\.eval/],
    ['what AssemblyScript aborts with', importing('env', 'abort'), /env\.abort/],
    ['a function of an old WASI', importing('wasi_unstable', 'fd_write'), /as it was before 2020/],
    ['a WASI function that is none', importing('wasi_snapshot_preview1', 'exec'), /preview1\.exec/],
    [
      'a WASI function as another type',
      importing('wasi_snapshot_preview1', 'fd_close'),
      /in WASI it is/,
    ],
    ['a name that is a prototype', importing('wasi_snapshot_preview1', '__proto__'), /__proto__/],
    ['a name that is a method', importing('wasi_snapshot_preview1', 'constructor'), /constructor/],
    [
      'a name to deceive a terminal',
      importing('env', '\u001b[2J\u202e'),
      /imports the function env\./,
    ],
    ['a name of 90 KB', importing('env', 'x'.repeat(90_000)), /env\.x{100}, but/],
    [
      'a memory',
      wasiCommand({ imports: [{ module: 'env', name: 'm', memory: { min: 1 } }], code: [] }),
      /imports the memory env\.m/,
    ],
    [
      'a table',
      wasiCommand({ imports: [{ module: 'env', name: 't', table: { min: 1 } }], code: [] }),
      /imports the table env\.t/,
    ],
    [
      'a global',
      wasiCommand({
        imports: [{ module: 'env', name: 'g', global: { type: type.i32 } }],
        code: [],
      }),
      /imports the global env\.g/,
    ],
    [
      'shared memory',
      wasiCommand({ memory: { min: 1, max: 2, flags: 3 }, code: [] }),
      /shared memory/,
    ],
    ['memory of 64 bits', wasiCommand({ memory: { min: 1, flags: 4 }, code: [] }), /64-bit memory/],
    ['two memories', buildModule({ memories: [{ min: 1 }, { min: 1 }] }), /more than one memory/],
    ['atomics', wasiCommand({ code: [...op.i32(0), 0xfe, 0x10, 2, 0, ...op.drop] }), /threads/],
    ['relaxed SIMD', wasiCommand({ code: [0xfd, 0x80, 0x02] }), /relaxed SIMD/],
    ['exceptions', wasiCommand({ code: [0x06, 0x40, 0x0b] }), /exceptions/],
    ['tags', wasiCommand({ types: [{}], tags: [0], code: [] }), /exceptions/],
    ['calls that never return', wasiCommand({ code: [0x12, 0] }), /can not be stopped/],
    ['garbage collection', wasiCommand({ code: [0xfb, 0] }), /garbage-collected/],
    ['types of it', buildModule({ types: [[0x5f, 0]] }), /garbage-collected/],
    ['stack switching', wasiCommand({ code: [0xe0, 0] }), /stack switching/],
    ['an instruction of tomorrow', wasiCommand({ code: [0xfc, 99] }), /instruction 0xfc 0x63/],
  ])('%s', async (_what, module, detail) => {
    const outcome = await refused(sandbox, command(module));
    expect(outcome).toEqual(failure('forbidden-import', detail));
  });
});

describe('a module that costs too much to compile is refused:', () => {
  const manyLocals: Bytes = [...uleb(1), ...uleb(2 ** 32 - 1), type.i64];
  test.each([
    [
      'locals without number',
      assemble([
        rawSection(1, [1, 0x60, 0, 0]),
        rawSection(3, [1, 0]),
        rawSection(10, [1, ...uleb(manyLocals.length + 1), ...manyLocals, 0x0b]),
      ]),
      /more than 50000 locals/,
    ],
    ['a function of 2 MB', wasiCommand({ code: times(2_000_000, op.nop) }), /over 1048576 bytes/],
    [
      'blocks in blocks',
      wasiCommand({ code: [...times(100_000, [0x02, 0x40]), ...times(100_000, op.end)] }),
      /nests more than/,
    ],
    [
      'a table of a million branches',
      wasiCommand({ code: [...op.i32(0), 0x0e, ...uleb(999_999), ...times(1_000_000, [0])] }),
      /./,
    ],
    [
      'locals that are copied at every branch',
      wasiCommand({
        locals: [[40_000, type.i64]],
        code: times(10_000, [...op.i32(0), ...op.brIf(0)]),
      }),
      /too many values at its branches/,
    ],
    [
      'more tables than anybody needs',
      wasiCommand({ tables: times(17, [0]).map(() => ({ min: 1 })), code: [] }),
      /tables/,
    ],
  ])('%s', async (_what, module, detail) => {
    const outcome = await refused(sandbox, command(module));
    expect(outcome).toEqual({
      kind: expect.stringMatching(/^(?:threw|out-of-memory)$/),
      detail: expect.stringMatching(detail),
    });
  });
});
