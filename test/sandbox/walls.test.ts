/** What a program can't reach, can't change and can't leave behind. */

import { afterAll, describe, expect, test } from 'vitest';

import { createSandbox } from '../../src/sandbox/create-sandbox.ts';
import { batchOf, computeAll, loadProgram, shown } from '../support/job-runner.ts';

// Before any thread starts: dates must not show where this machine is.
process.env['TZ'] = 'America/New_York';
process.env['MANYHANDS_TEST_SECRET'] = 'secret';
const sandbox = createSandbox({ slots: 1 });

const evaluator = loadProgram(sandbox, 'function compute(text) { return eval(text); }');

afterAll(async () => sandbox.close());

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
  ])('in %s', async (_where, top, body) => {
    const program = `${top}\nfunction compute() { ${body} }`;
    expect(await computeAll(sandbox, program, [0, 1, 2])).toEqual([1, 1, 1]);
  });
});
