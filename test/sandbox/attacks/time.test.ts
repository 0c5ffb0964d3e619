/** Chunks that never end, whatever they do meanwhile. */

import { afterAll, describe, expect, test } from 'vitest';

import { builtSandbox } from '../../support/built-path.ts';
import {
  attackLimits,
  attacked,
  command,
  endless,
  failure,
  refused,
  script,
} from '../../support/attack.ts';
import { op, type, wasiCommand } from '../../support/wasm-builder.ts';

const sandbox = builtSandbox({ slots: 1, limits: attackLimits });

afterAll(async () => sandbox.close());

const timedOut = { kind: 'timed-out', detail: 'the chunk ran longer than 300 ms' } as const;

describe('a script that never ends is timed out', () => {
  test.each([
    ['in a loop', 'for (;;) {}'],
    ['in finally, after its return', 'try { return 1; } finally { for (;;) {} }'],
    ['in a getter of what it returns', 'return { get value() { for (;;) {} } };'],
    ['in a trap that lists properties', 'return new Proxy({}, { ownKeys() { for (;;) {} } });'],
    ['in a trap that gets a property', 'return new Proxy({ a: 1 }, { get() { for (;;) {} } });'],
    ['in the then of what it returns', 'return { then() { for (;;) {} } };'],
    ['in a getter of then', 'return { get then() { for (;;) {} } };'],
    [
      'in a then that answers with thenables for ever',
      `const next = () => ({ then: (resolve) => resolve(next()) });
      return next();`,
    ],
    ['in a promise job', 'return Promise.resolve().then(() => { for (;;) {} });'],
    ['in promise jobs, each short', 'return (async () => { for (;;) await null; })();'],
    ['in promise jobs that it leaves behind', '(async () => { for (;;) await 0; })(); return 1;'],
    [
      'in an async iterator',
      `return (async () => {
        for await (const one of (async function* () { for (;;) yield 1; })()) one;
      })();`,
    ],
    [
      'in an iterator',
      'Array.from({ [Symbol.iterator]: () => ({ next: () => ({ value: 0 }) }) });',
    ],
    ['in a conversion to a number', 'return +{ [Symbol.toPrimitive]() { for (;;) {} } };'],
    ['in a conversion to text, of what it throws', 'throw { toString() { for (;;) {} } };'],
    [
      "in a getter of an error's message",
      'throw Object.defineProperty(new Error(), "message", { get() { for (;;) {} } });',
    ],
    ['in a regular expression', `return /^(a+)+$/.test('a'.repeat(50) + 'b');`],
    [
      'in a regular expression that looks back',
      `return /(?<=^b(a+)+)c/.test('a'.repeat(60) + 'c');`,
    ],
    ['in powers of a bigint', 'let n = 3n; for (;;) n = n ** 2n % 2n ** 100000n + 3n;'],
    ['in the digits of a bigint', 'return (3n ** 40000000n).toString().length;'],
    ['in the comparison of a sort', '[2, 1].sort(() => { for (;;) {} });'],
    ['in the callback of a replacement', `'x'.replace(/x/, () => { for (;;) {} });`],
    ['in the toJSON of an object', 'JSON.stringify({ toJSON() { for (;;) {} } });'],
    [
      'in recursion that is not deep',
      'const f = (n) => { if (n < 60) { f(n + 1); f(n + 1); } }; f(0);',
    ],
    ['in code that it evaluates', 'eval("for (;;) {}");'],
    [
      'in a getter that its console looks at',
      'console.log({ get [Symbol.toStringTag]() { for (;;) {} } });',
    ],
    [
      'in a constructor of a species',
      `
      class Many extends Array { static get [Symbol.species]() { for (;;) {} } }
      new Many(1).map((x) => x);`,
    ],
    ['in hasInstance', '({}) instanceof { [Symbol.hasInstance]() { for (;;) {} } };'],
  ])('%s', async (_where, harm) => {
    expect(await attacked(sandbox, endless(script(harm)))).toEqual(timedOut);
  });
});

/** Answered by `[0]` of memory: a buffer of a page that begins at 64. */
const oneBuffer = [
  ...op.i32(0),
  ...op.i32(64),
  ...op.i32Store(),
  ...op.i32(4),
  ...op.i32(60000),
  ...op.i32Store(),
];

describe('a WASI program that never ends is timed out', () => {
  test.each([
    ['in a loop', wasiCommand({ code: op.loop(op.br(0)) })],
    [
      'in its start function, before _start',
      wasiCommand({
        types: [{}],
        functions: [{ type: 0, code: op.loop(op.br(0)) }],
        startFunction: 0,
        code: [],
      }),
    ],
    [
      'in recursion that is not deep',
      wasiCommand({
        types: [{ params: [type.i32] }],
        functions: [
          {
            type: 0,
            code: [
              ...op.localGet(0),
              ...op.if(
                [...op.localGet(0), ...op.i32(1), ...op.i32Sub, ...op.call(0)],
                [...op.localGet(0), ...op.i32(1), ...op.i32Sub, ...op.call(0)],
              ),
            ],
          },
        ],
        code: [...op.i32(60), ...op.call(0)],
      }),
    ],
    ['in a table of branches', wasiCommand({ code: op.loop([...op.i32(7), 0x0e, 3, 0, 0, 0, 0]) })],
    [
      'in growing a memory that grows no more',
      wasiCommand({ code: op.loop(op.i32(1), op.memoryGrow, op.drop, op.br(0)) }),
    ],
    [
      'in waiting for a clock that it asks nothing else',
      wasiCommand({
        wasi: ['clock_time_get'],
        code: op.loop(
          [...op.i32(1), ...op.i64(0n), ...op.i32(0), ...op.call(0), ...op.drop],
          [...op.i32(0), ...op.i64Load(), 0x50, ...op.brIf(0), ...op.br(0)],
        ),
      }),
    ],
    [
      'in sleeping',
      wasiCommand({
        wasi: ['poll_oneoff'],
        // One subscription, to a clock, for as long as a number can say.
        code: [
          ...op.i32(0),
          ...op.i64(-1n),
          ...op.i64Store(24),
          ...op.loop(
            op.i32(0),
            op.i32(1024),
            op.i32(1),
            op.i32(2048),
            op.call(0),
            op.drop,
            op.br(0),
          ),
        ],
      }),
    ],
    [
      'in yielding',
      wasiCommand({ wasi: ['sched_yield'], code: op.loop(op.call(0), op.drop, op.br(0)) }),
    ],
    [
      'in asking for random bytes',
      wasiCommand({
        wasi: ['random_get'],
        memory: { min: 1000 },
        code: op.loop(op.i32(0), op.i32(65_000_000), op.call(0), op.drop, op.br(0)),
      }),
    ],
    [
      'in writing to stderr',
      wasiCommand({
        wasi: ['fd_write'],
        code: [
          ...oneBuffer,
          ...op.loop(op.i32(2), op.i32(0), op.i32(1), op.i32(16), op.call(0), op.drop, op.br(0)),
        ],
      }),
    ],
    [
      'in reading an input that has ended',
      wasiCommand({
        wasi: ['fd_read'],
        code: [
          ...oneBuffer,
          ...op.loop(op.i32(0), op.i32(0), op.i32(1), op.i32(16), op.call(0), op.drop, op.br(0)),
        ],
      }),
    ],
  ])('%s', async (_where, module) => {
    expect(await attacked(sandbox, endless(command(module)))).toEqual(timedOut);
  });
});

test('a promise that never settles is found out before its time is up', async () => {
  const detail = 'the promise that compute returned never settles: nothing is left to run';
  for (const harm of [
    'return new Promise(() => {});',
    'return { then() {} };',
    `return new Proxy({}, {
      has: () => false,
      get: (target, key) => (key === 'then' ? () => {} : undefined),
    });`,
    'return Object.defineProperty(Promise.resolve(1), "then", { value() {} });',
    'return (async () => { await { then() {} }; })();',
  ]) {
    expect(await attacked(sandbox, script(harm))).toEqual(failure('timed-out', detail));
  }
});

test('a script that never ends at its top level is refused', async () => {
  expect(await refused(sandbox, script('', 'for (;;) {}'))).toEqual(
    failure('timed-out', 'evaluating it takes more than 5 s'),
  );
});
