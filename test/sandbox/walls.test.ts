/** What a program can't reach, can't change and can't leave behind. */

import { afterAll, describe, expect, test } from 'vitest';

import { ThreadSandbox } from '../../src/sandbox/thread-sandbox.ts';
import {
  batchOf,
  computeAll,
  inThreads,
  loadProgram,
  shown,
  threadOptions,
} from '../support/job-runner.ts';

// Before any thread starts: dates must not show where this machine is.
process.env['TZ'] = 'America/New_York';
process.env['MANYHANDS_TEST_SECRET'] = 'secret';
const threads = new ThreadSandbox(threadOptions);
const sandbox = inThreads(threads);

const evaluator = loadProgram(sandbox, 'function compute(text) { return eval(text); }');

afterAll(async () => threads.close());

/** Of an expression inside of the compartment: what its `eval` gives can do what a program can. */
async function valueOf(expression: string): Promise<unknown> {
  const [value] = shown(await sandbox.run(batchOf(await evaluator, [expression])));
  return value;
}

describe('a program', () => {
  test.each([
    'process',
    'require',
    'module',
    'fetch',
    'WebAssembly',
    'SharedArrayBuffer',
    'Atomics',
    'Intl',
    'WeakRef',
    'FinalizationRegistry',
    'performance',
    'crypto',
    'Buffer',
    'setTimeout',
    'setImmediate',
    'queueMicrotask',
    'structuredClone',
    'MessageChannel',
    'Worker',
    'Compartment',
    'lockdown',
    'global',
    'self',
    'window',
    'navigator',
    'gc',
  ])('has no %s', async (name) => {
    expect(await valueOf(`typeof ${name}`)).toBe('undefined');
  });

  test.each([
    'Date.now()',
    'new Date()',
    'Date()',
    'new (new Date(0).constructor)()',
    'Math.random()',
    "Function('return this')().process.env",
    "new Function('return imp' + 'ort(0)')()",
    "eval('imp' + 'ort(0)')",
    'eval("import.source(\'node:fs\')")',
    'eval("import\\n.defer(\'node:fs\')")',
    "Function('name', 'return im' + 'port.source(name)')('node:fs')",
    "(async () => {}).constructor('return 1')()",
    "(function* () {}).constructor('yield 1')()",
    'Object.prototype.polluted = 1',
    "Array.prototype.push = () => 'mine'",
    'globalThis.left = 1',
    'console.left = 1',
    '(function callee() { return callee.caller.toString(); })()',
  ])('fails with %s', async (expression) => {
    expect(await valueOf(`(() => { 'use strict'; return ${expression}; })()`)).toEqual(
      expect.objectContaining({ kind: 'threw' }),
    );
  });

  test('makes no functions by way of those that it is given', async () => {
    const paths = ['console.log', 'Promise.resolve', 'harden', 'TextDecoder'];
    for (const path of paths) {
      const detail = 'TypeError: Function.prototype.constructor is not a valid constructor.';
      expect(await valueOf(`${path}.constructor('return process')()`)).toEqual({
        kind: 'threw',
        detail,
      });
    }
  });

  test('sees no stack and no path of this machine in errors', async () => {
    const seen = await valueOf(
      "(() => { try { null.x; } catch (error) { return error.stack + '|' + error; } })()",
    );
    expect(seen).toBe("|TypeError: Cannot read properties of null (reading 'x')");
  });

  test('finds nothing but what is frozen behind the errors that V8 makes', async () => {
    const value = await valueOf(`(() => {
      const failing = (message) => ({ [Symbol.dispose]() { throw new Error(message); } });
      const errors = [];
      for (const fail of [
        () => null.x,
        () => { early; let early; },
        () => new Array(-1),
        () => decodeURIComponent('%'),
        () => 1n / 0n,
        () => 'x'.repeat(2 ** 30),
        () => eval('('),
        () => { (function deeper() { return 1 + deeper(); })(); },
        () => { using one = failing(1); using two = failing(2); },
      ]) {
        try { fail(); } catch (error) { errors.push(error); }
      }
      const open = new Set();
      const seen = new Set();
      const look = (value, path) => {
        if (Object(value) !== value || seen.has(value)) return;
        seen.add(value);
        if (!Object.isFrozen(value)) open.add(path);
        look(Object.getPrototypeOf(value), path + '.prototype');
        for (const key of Reflect.ownKeys(value)) {
          const { value: member, get, set } = Reflect.getOwnPropertyDescriptor(value, key);
          for (const part of [member, get, set]) look(part, path + '.' + String(key));
        }
      };
      for (const error of errors) look(Object.getPrototypeOf(error), error.name);
      return [errors.length, [...open]];
    })()`);
    expect(value).toEqual([9, []]);
  });

  test('has dates in UTC, wherever it runs', async () => {
    const value = await valueOf(`[
      new Date(2020, 5, 1).toISOString(),
      new Date('2020-06-01T00:00').toISOString(),
      new Date(Date.parse('2020-06-01')).toISOString(),
      new Date(0).getHours(),
      new Date(0).getTimezoneOffset(),
      new Date(0).toString(),
      String(Date.parse('June 1, 2020')),
      new Date(new Date(7)).getTime(),
    ]`);
    expect(value).toEqual([
      '2020-06-01T00:00:00.000Z',
      '2020-06-01T00:00:00.000Z',
      '2020-06-01T00:00:00.000Z',
      0,
      0,
      'Thu, 01 Jan 1970 00:00:00 GMT',
      'NaN',
      7,
    ]);
  });

  test('may give properties any name', async () => {
    const assigned = `(() => {
      const counts = {};
      for (const name of ['constructor', 'toString', 'valueOf']) counts[name] = 1;
      return counts;
    })()`;
    expect(await valueOf(assigned)).toEqual({ constructor: 1, toString: 1, valueOf: 1 });
  });
});

describe('a chunk leaves nothing behind for the next', () => {
  test.each([
    ['a variable of the module', 'let left = 0;', 'left += 1; return left;'],
    [
      'a property of a function',
      '',
      'compute.left = (compute.left ?? 0) + 1; return compute.left;',
    ],
    ['the global object', '', 'try { globalThis.left = 1; } catch {} return globalThis.left ?? 1;'],
    [
      'a tagged template',
      'const seen = new WeakMap(); const tag = (strings) => strings;',
      `const strings = tag\`x\`;
      seen.set(strings, (seen.get(strings) ?? 0) + 1);
      return seen.get(strings);`,
    ],
    [
      'the last match of a regular expression',
      '',
      "const left = RegExp.lastMatch; /x/.exec('x'); return left === undefined ? 1 : left;",
    ],
    ['a regular expression', 'const sticky = /x/g;', "sticky.test('xx'); return sticky.lastIndex;"],
    [
      'a registered symbol',
      '',
      `const { left } = Symbol.for('left');
      try { Object(Symbol.for('left')).left = 2; } catch {}
      return left ?? 1;`,
    ],
    [
      'the names that a with-statement skips',
      'const names = Array.prototype[Symbol.unscopables];',
      'const { left } = names; try { names.left = 2; } catch {} return left ?? 1;',
    ],
    [
      'the length of stacks',
      '',
      'const left = Error.stackTraceLimit; Error.stackTraceLimit = 99; return left ?? 1;',
    ],
    ...[
      ['a generator', '(function* () {})()'],
      ['an async generator', '(async function* () {})()'],
      ['an async function', 'async () => {}'],
      ['an iterator', '[].values()'],
      ['an iterator helper', '[].values().map(String)'],
      ["a string's matches", "'x'.matchAll(/x/g)"],
      ['a promise', '(async () => {})()'],
      ['a list of arguments', '(function () { return arguments; })()'],
      ['a typed array', 'new Float64Array(1)'],
      ['the console', 'console.log'],
      ['an array', '[]'],
    ].map(([what, made]) => [
      `the prototypes of ${what}`,
      `function* prototypes(value) {
        for (let at = Object.getPrototypeOf(value); at; at = Object.getPrototypeOf(at)) yield at;
      }`,
      `// The nearest one is a generator function's own.
      const shared = [...prototypes(${made})].filter((each) => Object.isFrozen(each));
      const left = shared.filter((each) => each.left !== undefined).length;
      for (const each of shared) try { each.left = 1; } catch {}
      return shared.length === 0 ? 'none' : left + 1;`,
    ]),
  ])('in %s', async (_where, top, body) => {
    const program = `${top}\nfunction compute() { ${body} }`;
    expect(await computeAll(sandbox, program, [0, 1, 2])).toEqual([1, 1, 1]);
  });

  test('not even promise jobs, which have all run before it begins', async () => {
    const body = `async function turns(count) {
      for (let turn = 0; turn < count; turn += 1) await null;
    }
    function compute(n) {
      if (n === 1) return void turns(100).then(() => console.log('from the first')) ?? n;
      return turns(1000).then(() => { throw new Error('second'); });
    }`;
    const detail = 'Error: second';
    expect(await computeAll(sandbox, body, [1, 2])).toEqual([1, { kind: 'threw', detail }]);
  });

  test.each([
    ['after it returned', '(async () => { for (;;) await null; })(); return 1;'],
    ['while it is looked at', 'return { get a() { (async () => { for (;;) await null; })(); } };'],
    ['before it threw', '(async () => { for (;;) await null; })(); throw new Error();'],
  ])('promise jobs without end, begun %s, fail the chunk that began them', async (_when, harm) => {
    const body = `function compute(n) { if (n === 1) { ${harm} } return n; }`;
    expect(await computeAll(sandbox, body, [0, 1, 2], { wallMsMax: 1000 })).toEqual([
      0,
      { kind: 'timed-out', detail: 'the chunk ran longer than 1000 ms' },
      2,
    ]);
  });
});
