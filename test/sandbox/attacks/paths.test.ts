/** Files, descriptors and addresses of WASI programs: there is nothing behind them to get at. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { builtSandbox } from '../../support/built-path.ts';
import { wasiResults } from '../../../src/sandbox/wasi-functions.ts';
import { attacked, attackLimits, command, failure } from '../../support/attack.ts';
import { op, wasiCommand } from '../../support/wasm-builder.ts';

const sandbox = builtSandbox({ slots: 1, limits: attackLimits });
const programs = join(import.meta.dirname, '../../support/wasi');

afterAll(async () => sandbox.close());

function program(name: string): Uint8Array {
  return readFileSync(join(programs, name));
}

const files = { 'data/b.txt': 'bee' };

test('a program of tricks is told no, each time in the words of WASI', async () => {
  const output = await attacked(sandbox, command(program('tricks.wasm'), { files }));
  expect(Buffer.from(asBytes(output)).toString()).toBe(program('tricks.txt').toString());
});

test('a program after it finds its files as they were', async () => {
  await attacked(sandbox, command(program('tricks.wasm'), { files }));
  const output = await attacked(sandbox, command(program('args.wasm'), { files }));
  expect(Buffer.from(asBytes(output)).toString()).toBe(
    'argument 0: attack\nfolder /data\nfile /data/b.txt: bee\nfolder /tmp\n',
  );
});

describe('data files whose paths are none fail the job that has them:', () => {
  test.each([
    ['above the root', '../b.txt'],
    ['above the root from below', 'data/../../b.txt'],
    ['from the root of the machine', '/etc/passwd'],
    ['without a name', 'data/'],
    ['in the folder that they are in', 'data/./b.txt'],
  ])('%s', async (_where, path) => {
    const attack = command(program('args.wasm'), { files: { [path]: 'x' } });
    const detail = `the data file "${path}" has no path within the root folder`;
    expect(await attacked(sandbox, attack)).toEqual(failure('threw', detail));
  });

  test('a file that is the folder of another', async () => {
    const attack = command(program('args.wasm'), { files: { a: 'x', 'a/b': 'y' } });
    const detail = 'a folder of the data file "a/b" is a data file itself';
    expect(await attacked(sandbox, attack)).toEqual(failure('threw', detail));
  });
});

/** A program that makes one call, and exits with what it answers if that is anything. */
function call(name: string, ...args: readonly (number | bigint)[]): Uint8Array {
  return wasiCommand({
    wasi: [name, 'proc_exit'],
    code: [
      ...args.flatMap((arg) => (typeof arg === 'bigint' ? op.i64(arg) : op.i32(arg))),
      ...op.call(0),
      ...(wasiResults(name) === '' ? [] : op.call(1)),
    ],
  });
}

describe('an address outside of its memory ends a program:', () => {
  test.each([
    ['for its arguments', call('args_get', -4, -4)],
    ['for the number of its arguments', call('args_sizes_get', -4, 0)],
    ['for its environment', call('environ_sizes_get', 0, 65_536)],
    ['for the time', call('clock_time_get', 0, 0n, -8)],
    ['for what a descriptor is', call('fd_fdstat_get', 0, 65_530)],
    ['for what a file is', call('fd_filestat_get', 3, 65_530)],
    ['for the name of its root', call('fd_prestat_dir_name', 3, 65_536, 1)],
    ['for waits', call('poll_oneoff', -48, 0, 1, 0)],
    ['for a position', call('fd_tell', 1, -8)],
  ])('%s', async (_what, module) => {
    const outcome = await attacked(sandbox, command(module));
    // Either it is told so, and exits with what it was told, or its call ends it.
    expect([
      failure('exited', /^exit code (?:21|28|70)$/),
      failure('threw', /: was given an address outside of its memory$/),
    ]).toContainEqual(outcome);
  });
});

describe('a program ends as it says:', () => {
  test.each([
    [
      'with an exit code of all bits',
      call('proc_exit', -1),
      failure('exited', /^exit code 4294967295/),
    ],
    ['by a signal to itself', call('proc_raise', 9), failure('threw', 'raised signal 9')],
  ])('%s', async (_how, module, fate) => {
    expect(await attacked(sandbox, command(module))).toEqual(fate);
  });

  test('whatever it does once it has ended', async () => {
    // Its start function exits, and is called again by _start.
    const module = wasiCommand({
      types: [{}],
      wasi: ['proc_exit'],
      functions: [{ type: 0, code: [...op.i32(5), ...op.call(0)] }],
      code: op.call(1),
    });
    expect(await attacked(sandbox, command(module))).toEqual(failure('exited', 'exit code 5'));
  });
});

function asBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error(`no bytes, but ${JSON.stringify(value)}`);
}
