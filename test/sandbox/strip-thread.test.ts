/**
 * What a thread has left once it is stripped: seen by code that runs in it without a compartment,
 * in this process, which Node's permission model doesn't hold.
 */

import { setFlagsFromString } from 'node:v8';

import { describe, expect, onTestFinished, test } from 'vitest';

import { runRaw } from '../support/raw-thread.ts';

const refused = { threw: 'Error: a thread of the sandbox loads no modules' };

describe('a stripped thread', () => {
  test.each([
    "import('node:fs')",
    "import('fs')",
    "import('node:process')",
    "import('node:worker_threads')",
    "import('data:text/javascript,export default 1')",
    "import('./raw-thread.ts')",
    "import('piscina')",
    `new Function("return import('node:child_process')")()`,
    `(async () => {}).constructor("return import('node:net')")()`,
    "import.source('file:///x.wasm')",
  ])('refuses %s', async (code) => {
    expect(await runRaw(code)).toEqual(refused);
  });

  test.each([
    'require',
    'module',
    'exports',
    'Worker',
    'MessageChannel',
    'MessagePort',
    'BroadcastChannel',
    'fetch',
    'WebSocket',
    'EventSource',
    'WebAssembly',
    'SharedArrayBuffer',
    'setTimeout',
    'setImmediate',
    'structuredClone',
    'performance',
    'crypto',
    'navigator',
    'localStorage',
    'console',
    'global',
    'gc',
    'AsyncDisposableStack',
    'WeakRef',
  ])('has no %s', async (name) => {
    expect(await runRaw(`typeof ${name}`)).toEqual({ value: 'undefined' });
  });

  test('has no gc either when V8 hands it to all threads', async () => {
    setFlagsFromString('--expose-gc');
    onTestFinished(() => setFlagsFromString('--no-expose-gc'));
    expect(await runRaw('typeof gc')).toEqual({ value: 'undefined' });
  });

  test('has a process that says nothing and does nothing', async () => {
    const code = `JSON.stringify([process, Object.isFrozen(process)]) +
      Reflect.ownKeys(process) + (Object.getPrototypeOf(process) === Object.prototype)`;
    const streams = '{"stdout":{"writableLength":0},"stderr":{"writableLength":0}}';
    expect(await runRaw(code)).toEqual({ value: `[${streams},true]stdout,stderrtrue` });
  });

  test('sees no frames of a stack', async () => {
    const code = 'Error.prepareStackTrace = (error, sites) => sites; typeof new Error().stack';
    expect(await runRaw(code)).toEqual({ value: 'string' });
  });

  test('finds no caller', async () => {
    const code =
      '(function callee() { return [callee.caller, arguments.callee.caller]; })().join()';
    expect(await runRaw(code)).toEqual({ value: ',' });
  });

  test('can not have its globals back', async () => {
    const code = `delete globalThis.process; globalThis.process = { kill() {} };
      typeof process.kill`;
    expect(await runRaw(code)).toEqual({ value: 'undefined' });
  });

  test('computes', async () => {
    expect(await runRaw('(async () => [..."abc"].map((c) => c + c).join())()')).toEqual({
      value: 'aa,bb,cc',
    });
  });

  test('dies alone of what it does to itself', async () => {
    expect(await runRaw('const all = []; for (;;) all.push({ all });')).toEqual({
      died: expect.stringContaining('reaching memory limit'),
    });
    expect(await runRaw('6 * 7')).toEqual({ value: '42' });
  });
});
