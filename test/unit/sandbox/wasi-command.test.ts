import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { Failure } from '../../../src/model/replica.ts';
import { WasiProgram, type WasiCommand } from '../../../src/sandbox/wasi-command.ts';
import { smallChunk } from '../../support/wasi-caller.ts';
import { type CommandParts, op, type, wasiCommand } from '../../support/wasm-builder.ts';

const page = 65_536;

function program(
  module: Uint8Array | CommandParts,
  command: Partial<Omit<WasiCommand, 'module'>> = {},
): WasiProgram {
  const bytes = module instanceof Uint8Array ? module : wasiCommand(module);
  return new WasiProgram({
    module: new WebAssembly.Module(bytes),
    arguments: ['program'],
    environment: [],
    files: [],
    ...command,
  });
}

/** One of the programs in C. */
function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../../support/wasi/${name}.wasm`, import.meta.url));
}

/** stdout as text, or the failure. */
function outcome(program: WasiProgram, chunk: Partial<typeof smallChunk> = {}): string | Failure {
  const result = program.run({ ...smallChunk, ...chunk });
  return result instanceof Uint8Array ? Buffer.from(result).toString() : result;
}

const out = {
  /** Writes `count` bytes of memory, from 64 on, to a stream. Function 0 must be `fd_write`. */
  write: (fd: number, count: number) => [
    ...op.i32(0),
    ...op.i32(64),
    ...op.i32Store(),
    ...op.i32(4),
    ...op.i32(count),
    ...op.i32Store(),
    ...op.i32(fd),
    ...op.i32(0),
    ...op.i32(1),
    ...op.i32(8),
    ...op.call(0),
    ...op.drop,
  ],
};

test('a chunk goes in and its result comes out', () => {
  const echo = program(fixture('echo'));
  expect(outcome(echo, { stdin: Buffer.from('one') })).toBe('one');
  expect(outcome(echo, { stdin: Buffer.from('') })).toBe('');
  const stdin = Buffer.alloc(60_000, 'two ');
  expect(outcome(echo, { stdin })).toBe(stdin.toString());
});

test('a result may be as large as the limit, and no larger', () => {
  const echo = program(fixture('echo'));
  const stdin = Buffer.alloc(1000);
  expect(outcome(echo, { stdin, resultBytesMax: 1000 })).toBe(stdin.toString());
  expect(outcome(echo, { stdin, resultBytesMax: 999 })).toEqual({
    kind: 'result-too-large',
    detail: 'wrote more than the 999 bytes that this job allows a result',
  });
});

test('a program that floods stdout is ended at the limit', () => {
  const flood = program({ wasi: ['fd_write'], code: op.loop(out.write(1, 4096), op.br(0)) });
  expect(outcome(flood)).toMatchObject({ kind: 'result-too-large' });
});

test('a program sees its arguments, its environment and its files, and nothing else', () => {
  const args = program(fixture('args'), {
    arguments: ['args', 'größer'],
    environment: ['NAME=value', 'EMPTY='],
    files: [{ path: 'words', bytes: Buffer.from('one two') }],
  });
  expect(outcome(args)).toBe(
    [
      'argument 0: args',
      'argument 1: größer',
      'environment: NAME=value',
      'environment: EMPTY=',
      'folder /tmp',
      'file /words: one two',
      '',
    ].join('\n'),
  );
});

test('an exit code other than 0 is a failure that shows the end of stderr', () => {
  expect(outcome(program(fixture('exit-3')))).toEqual({
    kind: 'exited',
    detail: 'exit code 3\nIt wrote: exit-3: the input is not what this program expects\n',
  });
});

test('exit code 0 is the same as falling off the end', () => {
  expect(outcome(program(fixture('no-op')))).toBe('');
  const exits = program({ wasi: ['proc_exit'], code: [...op.i32(0), ...op.call(0)] });
  expect(outcome(exits)).toBe('');
});

test.each([
  ['unreachable', op.unreachable],
  ['divide by zero', [...op.i32(1), ...op.i32(0), 0x6d, ...op.drop]],
  ['memory access out of bounds', [...op.i32(-4), ...op.i32Load(), ...op.drop]],
])('a trap says what it was: %s', (words, code) => {
  expect(outcome(program({ code }))).toEqual({ kind: 'threw', detail: words });
});

test('endless recursion is a stack overflow, also through a WASI function', () => {
  expect(outcome(program({ code: op.call(0) }))).toEqual({
    kind: 'threw',
    detail: 'stack overflow',
  });
  const writing = program({ wasi: ['fd_write'], code: [...out.write(2, 1), ...op.call(1)] });
  expect(outcome(writing)).toMatchObject({
    kind: 'threw',
    detail: expect.stringMatching(/stack overflow/),
  });
});

test('a program that ends in trouble with its memory full was out of memory', () => {
  const grow = [...op.i32(1), ...op.memoryGrow, ...op.drop];
  const memoryBytesMax = 32 * page;
  const used = (pages: number, code: readonly number[]): CommandParts => ({
    wasi: ['proc_exit'],
    memory: { min: pages, max: 32 },
    code: [...grow, ...code],
  });
  const exit = [...op.i32(1), ...op.call(0)];
  expect(outcome(program(used(31, op.unreachable)), { memoryBytesMax })).toEqual({
    kind: 'out-of-memory',
    detail: 'unreachable; its memory was full: it had 2097152 of 2097152 bytes',
  });
  expect(outcome(program(used(29, exit)), { memoryBytesMax })).toMatchObject({
    kind: 'out-of-memory',
  });
  expect(outcome(program(used(28, exit)), { memoryBytesMax })).toEqual({
    kind: 'exited',
    detail: 'exit code 1',
  });
  expect(outcome(program(used(31, [])), { memoryBytesMax })).toBe('');
});

test('a start function runs, fails and overflows like all other code', () => {
  const start = (code: readonly number[], wasi: readonly string[] = []): WasiProgram =>
    program({ wasi, types: [{}], functions: [{ type: 0, code }], startFunction: 0, code: [] });
  expect(outcome(start(op.nop))).toBe('');
  expect(outcome(start(op.unreachable))).toEqual({ kind: 'threw', detail: 'unreachable' });
  expect(outcome(start(op.call(0)))).toEqual({ kind: 'threw', detail: 'stack overflow' });
  expect(outcome(start([...op.i32(0), ...op.call(0)], ['proc_exit']))).toEqual({
    kind: 'threw',
    detail: 'proc_exit: called before its memory could be seen, in its start function',
  });
});

test('what a module lacks or wants besides WASI fails its chunks', () => {
  const nothing = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  expect(outcome(program(nothing))).toEqual({
    kind: 'threw',
    detail: 'not a WASI command: it exports no "memory" or no "_start" function',
  });
  const wants = program({
    types: [{}],
    imports: [{ module: 'env', name: 'system', func: 0 }],
    code: op.call(0),
  });
  expect(outcome(wants)).toMatchObject({ kind: 'threw', detail: expect.stringMatching(/env/) });
  const types = program({
    types: [{ params: [type.externref], results: [type.externref] }],
    imports: [{ module: 'wasi_snapshot_preview1', name: 'fd_close', func: 0 }],
    code: [...op.refNull(type.externref), ...op.call(0), ...op.drop],
  });
  expect(outcome(types)).toBe('');
});

test('data files without proper paths fail every chunk', () => {
  const files = [{ path: '../etc/passwd', bytes: Uint8Array.of(1) }];
  const escaping = program(fixture('no-op'), { files });
  expect(outcome(escaping)).toEqual({
    kind: 'threw',
    detail: 'the data file "../etc/passwd" has no path within the root folder',
  });
});

test('nothing is left in memory for the next chunk', () => {
  // Writes the byte that it finds at 64, then leaves an "X" there.
  const look = program({
    wasi: ['fd_write'],
    code: [...out.write(1, 1), ...op.i32(64), ...op.i32(0x58), ...op.i32Store8()],
  });
  expect([1, 2, 3].map(() => outcome(look))).toEqual(['\0', '\0', '\0']);
});

test('a chunk that fails leaves the program ready for the next', () => {
  const echo = program(fixture('echo'));
  expect(outcome(echo, { resultBytesMax: 1 })).toMatchObject({ kind: 'result-too-large' });
  expect(outcome(echo)).toBe('a chunk');
});

test('two programs run in turns do not see each other', () => {
  const [a, b] = [['A=1'], ['B=2']].map((environment) => program(fixture('args'), { environment }));
  if (a === undefined || b === undefined) throw new Error('no programs');
  const first = [outcome(a), outcome(b)];
  expect([outcome(a), outcome(b)]).toEqual(first);
  expect(first[0]).toContain('A=1');
  expect(first[1]).not.toContain('A=1');
});
