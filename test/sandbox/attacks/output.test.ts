/** Chunks that drown whoever takes their results and their last words, or lie to them. */

import { afterAll, describe, expect, test } from 'vitest';

import { builtSandbox } from '../../support/built-path.ts';
import { attackLimits, attacked, command, failure, script } from '../../support/attack.ts';
import { op, type, wasiCommand } from '../../support/wasm-builder.ts';

const sandbox = builtSandbox({ slots: 1, limits: attackLimits });

afterAll(async () => sandbox.close());

const { resultBytesMax } = attackLimits;

function tooLarge(bytes: number) {
  const detail = `the result has ${bytes} bytes as CBOR; this job allows ${resultBytesMax}`;
  return { kind: 'result-too-large', detail } as const;
}

describe('a script whose result is too large fails by its size', () => {
  test.each([
    ['as text', `return 'x'.repeat(${resultBytesMax});`, resultBytesMax + 5],
    ['as text of many bytes a character', `return '\\u{1f600}'.repeat(20_000);`, 80_005],
    ['as bytes', `return new Uint8Array(1e6);`, 1e6 + 5],
    ['as numbers', 'return Array.from({ length: 1e5 }, () => 0.1);', 9e5 + 5],
    [
      'as nested arrays',
      'let a = [[]]; for (let n = 0; n < 17; n += 1) a = [a, a]; return a;',
      2 ** 18 + 2 ** 17 - 1,
    ],
    ['by its keys', `return { ['k'.repeat(1e5)]: 1 };`, 1e5 + 7],
    [
      'by a proxy that makes it up',
      `return new Proxy({}, {
        ownKeys: () => Array.from({ length: 20_000 }, (_, n) => 'k' + n),
        getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
        get: (target, key) => (key === 'then' ? undefined : 1),
      });`,
      148_893,
    ],
  ])('%s', async (_how, harm, bytes) => {
    expect(await attacked(sandbox, script(harm))).toEqual(tooLarge(bytes));
  });
});

describe('a script whose result no CBOR can carry fails', () => {
  test.each([
    ['undefined', 'return undefined;', /can't carry undefined/],
    ['a function', 'return harm;', /can't carry a function/],
    ['a symbol', 'return [Symbol.iterator];', /can't carry a symbol/],
    ['a hole', 'return [1, , 2];', /can't carry undefined/],
    ['a cycle', 'const a = [1]; a.push({ a }); return a;', /carry an object that is within itself/],
    ['a bigint over 64 bits', 'return 2n ** 64n;', /can't carry so large a bigint/],
    [
      'a class instance',
      'return new (class Mine { x = 1; })();',
      /can't carry an instance of a class/,
    ],
    ['an error', 'return new Error("mine");', /can't carry a.* Error|instance/],
    ['a Date', 'return new Date(0);', /can't carry a Date/],
    [
      'floats in the order of the machine',
      'return new Float64Array(2);',
      /can't carry a Float64Array/,
    ],
    ['a buffer', 'return new ArrayBuffer(2);', /can't carry a ArrayBuffer/],
    ['a Map of objects', 'return new Map([[{}, 1]]);', /can't carry a Map with other keys/],
    ['a proxy of a function', 'return new Proxy(harm, {});', /can't carry a function/],
    [
      'a proxy that was revoked',
      'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy;',
      /revoked/,
    ],
    [
      'a getter that throws',
      'return { get a() { throw new RangeError("mine"); } };',
      /can't be sent: RangeError: mine/,
    ],
    [
      'half of a surrogate pair',
      'return "\\ud800";',
      /can't carry text with half of a surrogate pair/,
    ],
    [
      'keys that differ in such halves',
      'return { "\\ud800": 1, "\\ud801": 2 };',
      /half of a surrogate/,
    ],
    [
      'bytes that are none',
      'return Object.create(Uint8Array.prototype, { length: { value: 9 } });',
      /instance/,
    ],
    [
      'bytes that went elsewhere',
      'const b = new ArrayBuffer(9); const u = new Uint8Array(b); b.transfer(); return u;',
      /detached/,
    ],
    [
      'an array that says it is longer',
      'return new Proxy([1], { get: (t, k) => (k === "length" ? 9 : t[k]) });',
      /carry undefined/,
    ],
    [
      'a Map that lists other keys than it has',
      'const m = new Map([[{}, 1]]); m.keys = () => ["a"].values(); return m;',
      /Map with other keys/,
    ],
    [
      'an array that shrinks while it is read',
      'return Object.defineProperty([1, 2], 0, { get() { this.length = 1; return 1; } });',
      /carry undefined/,
    ],
  ])('%s', async (_what, harm, detail) => {
    expect(await attacked(sandbox, script(harm))).toEqual(failure('threw', detail));
  });
});

describe('a script whose result lies about itself is taken at what it is', () => {
  const bytes = new Uint8Array([1, 2]);
  test.each([
    [
      // The encoder believed it, and sent what lay behind the bytes in its own memory.
      'bytes that say that they are more',
      `return Object.defineProperty(Uint8Array.of(1, 2), 'length', { value: 1000 });`,
      bytes,
    ],
    [
      'bytes that say that they are fewer than none',
      `return Object.defineProperty(Uint8Array.of(1, 2), 'length', { value: -1 });`,
      bytes,
    ],
    [
      'bytes of a class that says another length at each look',
      `let n = 0;
      return new (class extends Uint8Array { get length() { return (n += 100); } })([1, 2]);`,
      bytes,
    ],
    [
      'bytes that are gone before all is read',
      `const buffer = new ArrayBuffer(2, { maxByteLength: 100 });
      const bytes = new Uint8Array(buffer);
      bytes.set([1, 2]);
      return [bytes, { get a() { buffer.resize(0); return 1; } }];`,
      [bytes, { a: 1 }],
    ],
    ['a getter that counts', 'let n = 0; return { get a() { n += 1; return n; } };', { a: 1 }],
    [
      'an array that grows while it is read',
      'return Object.defineProperty([1], 0, { get() { this.push(2); return 1; } });',
      [1],
    ],
    [
      'an array with an iterator of its own',
      'return Object.assign([1, 2], { *[Symbol.iterator]() { yield* "lies"; } });',
      [1, 2],
    ],
    [
      'a Map with methods of its own',
      `const m = new Map([['a', 1]]);
      m.keys = m.entries = () => [['b', 2], ['b', 3]].values();
      m.get = () => 4;
      return Object.defineProperty(m, 'size', { value: 5 });`,
      { a: 1 },
    ],
    [
      'an object that says what it is',
      'return { [Symbol.toStringTag]: "Uint8Array", length: 4 };',
      { length: 4 },
    ],
    ['zeros and NaNs of all kinds', 'return [-0, 0, NaN, -NaN];', [0, 0, NaN, NaN]],
  ])('%s', async (_what, harm, value) => {
    expect(await attacked(sandbox, script(harm))).toEqual(value);
  });
});

describe('what a script says of its failure is kept to its end, within bounds', () => {
  test.each([
    [
      'many lines',
      `for (let n = 0; n < 20_000; n += 1) console.log('line ' + n + 'x'.repeat(200));
      throw new Error('after the flood');`,
      /^Error: after the flood\nIt wrote: \.\.\.x+\nline 1999\d[^]*\nline 19999x+$/,
    ],
    [
      'one line',
      `console.log('x'.repeat(2e7) + 'end'); throw 1;`,
      /^threw 1\nIt wrote: \.\.\.x+end$/,
    ],
    [
      'characters of many bytes',
      `console.log('x' + '\\u{1f600}'.repeat(5000)); throw 1;`,
      /^threw 1\nIt wrote: \.\.\.\ufffd?\u{1f600}+$/u,
    ],
    ['a long message', `throw new Error('m'.repeat(1e7));`, /^Error: m{1017}$/],
    ['a long name', `throw Object.assign(new Error('m'), { name: 'n'.repeat(1e7) });`, /^n{1024}$/],
    [
      'an array of many',
      'console.log(Array.from({ length: 1e5 }, () => 1)); throw 1;',
      /more items\n\]$/,
    ],
    [
      'a deep object',
      'let a = {}; for (let n = 0; n < 1e4; n += 1) a = { a }; console.log(a); throw 1;',
      /\[Object\]/,
    ],
    [
      'objects that want to be shown in their own way',
      `const rude = () => { throw 'rude'; };
      const custom = Symbol.for('nodejs.util.inspect.custom');
      const shown = { [custom]: rude, toString: rude, toJSON: rude };
      console.log(shown, new Proxy({}, { get: rude, ownKeys: rude, getPrototypeOf: rude }));
      throw 1;`,
      /^threw 1\nIt wrote: \{/,
    ],
    [
      'what cannot be shown',
      'throw { toString() { throw 1; } };',
      /^threw something that cannot be shown$/,
    ],
    [
      'a proxy that refuses',
      'throw new Proxy({}, { getPrototypeOf() { throw 1; } });',
      /cannot be shown/,
    ],
    ['a secret sign', `console.log('\\u001b[2J\\u0007'); throw 1;`, /^threw 1\nIt wrote: /],
  ])('%s', async (_what, harm, detail) => {
    expect(await attacked(sandbox, script(harm))).toEqual(failure('threw', detail));
  });
});

/** Writes its memory from 64 on, so many bytes, to a descriptor, in a loop that ends when told. */
function writer(fd: number, bytes: number, times: number): Uint8Array {
  const write = [
    ...op.i32(fd),
    ...op.i32(0),
    ...op.i32(1),
    ...op.i32(16),
    ...op.call(0),
    ...op.drop,
  ];
  return wasiCommand({
    wasi: ['fd_write', 'proc_exit'],
    memory: { min: 2 },
    locals: [type.i32],
    code: [
      ...op.i32(0),
      ...op.i32(64),
      ...op.i32Store(),
      ...op.i32(4),
      ...op.i32(bytes),
      ...op.i32Store(),
      // Full of "x".
      ...op.i32(64),
      ...op.i32(0x78),
      ...op.i32(bytes),
      ...op.memoryFill,
      ...op.i32(times),
      ...op.localSet(0),
      ...op.loop(write, op.localGet(0), op.i32(1), op.i32Sub, op.localTee(0), op.brIf(0)),
      ...op.i32(9),
      ...op.call(1),
    ],
  });
}

describe('a WASI program', () => {
  const tooMuch = `wrote more than the ${resultBytesMax} bytes that this job allows a result`;

  test.each([
    ['little by little', 1, 1 << 30],
    ['at once', 100_000, 1],
  ])('that floods stdout %s is ended as soon as it is too much', async (_how, bytes, times) => {
    expect(await attacked(sandbox, command(writer(1, bytes, times)))).toEqual(
      failure('result-too-large', tooMuch),
    );
  });

  test('that fills stdout to the last byte has no room for what CBOR adds', async () => {
    const module = wasiCommand({
      wasi: ['fd_write'],
      memory: { min: 2 },
      code: [
        ...op.i32(4),
        ...op.i32(resultBytesMax),
        ...op.i32Store(),
        ...op.i32(1),
        ...op.i32(0),
        ...op.i32(1),
        ...op.i32(16),
        ...op.call(0),
        ...op.drop,
      ],
    });
    expect(await attacked(sandbox, command(module))).toEqual(tooLarge(resultBytesMax + 5));
  });

  test.each([
    ['little by little', 1, 100_000],
    ['in floods', 100_000, 1000],
  ])('that floods stderr %s is quoted with the end of it', async (_how, bytes, times) => {
    const detail = /^exit code 9\nIt wrote: \.\.\.x{2000,}$/;
    expect(await attacked(sandbox, command(writer(2, bytes, times)))).toEqual(
      failure('exited', detail),
    );
  });
});
