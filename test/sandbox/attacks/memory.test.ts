/** Chunks that want all the memory there is, inside of V8's heap and outside of it. */

import { afterAll, describe, expect, test } from 'vitest';

import { builtSandbox } from '../../support/built-path.ts';
import {
  attacked,
  attackLimits,
  command,
  expectHonest,
  failure,
  refused,
  script,
} from '../../support/attack.ts';
import { batchOf, shown } from '../../support/job-runner.ts';
import { op, type, wasiCommand } from '../../support/wasm-builder.ts';

const sandbox = builtSandbox({ slots: 1, limits: attackLimits });

afterAll(async () => sandbox.close());

const outOfMemory = {
  kind: 'out-of-memory',
  detail: 'the chunk needed more than 64 MiB of memory',
} as const;

describe('a script that fills its memory is out of it', () => {
  test.each([
    ['with objects', 'const all = []; for (;;) all.push({ all });'],
    ['with one array', 'const all = []; for (;;) all.push(0.5);'],
    ['with strings', 'const all = []; for (;;) all.push("x".repeat(1000) + all.length);'],
    ['with bigints', 'const all = []; for (;;) all.push(2n ** 10000n + BigInt(all.length));'],
    ['with promises', 'const all = []; for (;;) all.push(new Promise(() => {}));'],
    ['with promise jobs', 'for (;;) Promise.resolve().then(() => {});'],
    ['with proxies', 'let p = {}; for (;;) p = new Proxy(p, {});'],
    ['with small buffers', 'const all = []; for (;;) all.push(new Uint8Array(100));'],
    // Bounded, so that a test that fails takes no machine down.
    [
      'with large buffers',
      `const all = [];
      while (all.length < 100) all.push(new Uint8Array(4e6).fill(1));
      for (;;) all[0][0] += 1;`,
    ],
    ['with a buffer that no machine has', 'return new ArrayBuffer(2 ** 45);'],
    ['with one huge buffer', 'const one = new Uint8Array(4e8).fill(1); for (;;) one[0] += 1;'],
    [
      'with a buffer that grows',
      `const one = new ArrayBuffer(8, { maxByteLength: 1e9 });
      for (let bytes = 1e7; bytes <= 4e8; bytes += 1e7) {
        one.resize(bytes);
        new Uint8Array(one).fill(1);
      }
      for (;;) one.byteLength;`,
    ],
    [
      'with what it returns',
      'let deep = []; for (let n = 0; n < 1e8; n += 1) deep = [deep]; return deep;',
    ],
    [
      'in a getter of what it returns',
      'return { get a() { const all = []; for (;;) all.push({}); } };',
    ],
  ])('%s', async (_how, harm) => {
    expect(await attacked(sandbox, script(harm))).toEqual(outOfMemory);
  });
});

test('a script whose memory grows in a step too large for V8 to refuse is found out', async () => {
  // The process dies of it. Its chunk is run again, alone, and then known to be what it died of.
  const { program, input } = script(
    'const all = {}; for (let n = 0; ; n += 1) all["property " + n] = n;',
  );
  expect(await sandbox.load(program, attackLimits)).toBeUndefined();
  const [outcome] = shown(await sandbox.run(batchOf(program.key, [input], attackLimits)));
  expect(outcome).toEqual(failure('out-of-memory', /./));
  await expectHonest(sandbox);
});

describe('a script that asks for more than there can be at once is told so', () => {
  test.each([
    ['in recursion', 'const deeper = (n) => 1 + deeper(n + 1); return deeper(0);', /call stack/],
    [
      'in recursion through a getter',
      'const o = { get a() { return this.a; } }; return o.a;',
      /stack/,
    ],
    ['in recursion of what it returns', 'const o = {}; o.o = o; return o;', /within itself/],
    [
      'in recursion through proxies',
      'const p = new Proxy({}, { get: (target, key, self) => self[key] }); return p.a;',
      /call stack/,
    ],
    [
      'in the depth of JSON',
      `return JSON.parse('['.repeat(3e5) + ']'.repeat(3e5));`,
      /call stack|RangeError/,
    ],
    [
      'in groups of a regular expression',
      `return new RegExp('('.repeat(1e5)).source;`,
      /SyntaxError/,
    ],
    ['in the length of a string', `return 'x'.repeat(2 ** 30);`, /Invalid string length/],
    ['in strings that double', `let s = 'x'; for (;;) s += s;`, /Invalid string length/],
    ['in padding', `return 'x'.padEnd(2 ** 30, 'abc');`, /Invalid string length/],
    [
      'in the text of a sparse array',
      `return new Array(2 ** 32 - 1).join('ab');`,
      /Invalid string/,
    ],
    ['in the length of an array', 'return new Array(-1);', /Invalid array length/],
    ['in the bytes of a buffer', 'return new Uint8Array(2 ** 53);', /Invalid typed array length/],
    ['in the digits of a bigint', 'return 2n ** (2n ** 40n);', /Maximum BigInt size/],
  ])('%s', async (_where, harm, detail) => {
    expect(await attacked(sandbox, script(harm))).toEqual(failure('threw', detail));
  });
});

const pageBytes = 65_536;
const pagesMax = attackLimits.memoryBytesMax / pageBytes;

describe('a WASI program', () => {
  test('that grows its memory to the limit and traps is out of memory', async () => {
    const module = wasiCommand({
      code: [
        ...op.loop(op.i32(16), op.memoryGrow, op.i32(-1), op.i32Ne, op.brIf(0)),
        ...op.unreachable,
      ],
    });
    const full = `its memory was full: it had 66125824 of ${attackLimits.memoryBytesMax} bytes`;
    const detail = `unreachable; ${full}`;
    expect(await attacked(sandbox, command(module))).toEqual(failure('out-of-memory', detail));
  });

  test('sees memory end at the limit, and no sooner', async () => {
    // Its exit code is the number of its pages.
    const module = wasiCommand({
      wasi: ['proc_exit'],
      code: [
        ...op.loop(op.i32(1), op.memoryGrow, op.i32(-1), op.i32Ne, op.brIf(0)),
        ...op.memorySize,
        ...op.call(0),
      ],
    });
    const full = `its memory was full: it had 67108864 of ${attackLimits.memoryBytesMax} bytes`;
    const detail = `exit code ${pagesMax}; ${full}`;
    expect(await attacked(sandbox, command(module))).toEqual(failure('out-of-memory', detail));
  });

  test.each([
    [
      'deeper than its stack',
      wasiCommand({ types: [{}], functions: [{ type: 0, code: op.call(0) }], code: op.call(0) }),
      'stack overflow',
    ],
    [
      'deeper than its stack, by many locals',
      wasiCommand({
        types: [{}],
        functions: [{ type: 0, locals: [[40_000, type.i64]], code: op.call(0) }],
        code: op.call(0),
      }),
      'stack overflow',
    ],
    [
      'beyond its memory',
      wasiCommand({ code: [...op.i32(-4), ...op.i32Load(), ...op.drop] }),
      'memory access out of bounds',
    ],
    [
      'beyond its memory by an offset',
      wasiCommand({ code: [...op.i32(-1), ...op.i32Load(0xffff_ffff), ...op.drop] }),
      'memory access out of bounds',
    ],
    [
      'beyond its memory in one fill',
      wasiCommand({ code: [...op.i32(1), ...op.i32(0), ...op.i32(-1), ...op.memoryFill] }),
      'memory access out of bounds',
    ],
    [
      'beyond its table',
      wasiCommand({
        types: [{}],
        tables: [{ min: 1 }],
        code: [...op.i32(99), ...op.callIndirect(0)],
      }),
      'table index is out of bounds',
    ],
  ])('that reaches %s traps', async (_where, module, detail) => {
    expect(await attacked(sandbox, command(module))).toEqual(failure('threw', detail));
  });

  test('can grow its tables to a million elements and no further', async () => {
    // Exits with 7 if the last growth failed and the one before it did not.
    const grow = (by: number) => [...op.refNull(type.funcref), ...op.i32(by), ...op.tableGrow()];
    const module = wasiCommand({
      wasi: ['proc_exit'],
      tables: [{ min: 1 }],
      code: [
        ...grow(999_999),
        ...op.i32(1),
        ...op.i32Eq,
        ...grow(1),
        ...op.i32(-1),
        ...op.i32Eq,
        ...op.i32Add,
        ...op.i32(5),
        ...op.i32Add,
        ...op.call(0),
      ],
    });
    expect(await attacked(sandbox, command(module))).toEqual(failure('exited', 'exit code 7'));
  });

  test.each([
    [
      'more memory than it may have',
      wasiCommand({ memory: { min: pagesMax + 1 }, code: [] }),
      /^the program begins with 64\.1 MiB of memory; it may have 64 MiB$/,
    ],
    [
      'all memory that 32 bits can address',
      wasiCommand({ memory: { min: 65_536 }, code: [] }),
      /^the program begins with 4 GiB of memory/,
    ],
    [
      'tables of billions of elements',
      wasiCommand({ tables: [{ min: 4_000_000_000 }], code: [] }),
      /^the program begins with 4000000000 elements in its tables/,
    ],
    [
      'many tables that are too large together',
      wasiCommand({ tables: Array.from({ length: 16 }, () => ({ min: 100_000 })), code: [] }),
      /^the program begins with 1600000 elements in its tables/,
    ],
  ])('that begins with %s is refused', async (_what, module, detail) => {
    expect(await refused(sandbox, command(module))).toEqual(failure('out-of-memory', detail));
  });
});
