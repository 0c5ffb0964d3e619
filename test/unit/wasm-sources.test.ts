/**
 * WASI programs are checked in, because few machines have a compiler for them. Each has its source
 * beside it, and the command that its folder states makes one that does the same.
 */

import { cpSync, existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { WasiProgram } from '../../src/sandbox/wasi-command.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runTool } from '../support/tools.ts';

const root = join(import.meta.dirname, '..', '..');
const MiB = 2 ** 20;

type Run = { readonly stdin: string; readonly gives: string };

const noRows = 'it must begin with the number of rows, from 1 to 27';
const noColumn = "after the number of rows come the queens' columns, counted from 0";

/** What each program does. */
const programs: Readonly<Record<string, readonly Run[]>> = {
  'jobs/nqueens/nqueens.wasm': [
    { stdin: '', gives: '' },
    { stdin: '8\n1\n2\n10\n', gives: '92\n1\n0\n724\n' },
    { stdin: '8 0\n8 0 4 7 5 2 6 1 3\n8 0 1', gives: '4\n1\n0\n' },
    { stdin: '0', gives: exited(2, `nqueens: line 1 of the input: ${noRows}`) },
    { stdin: '28', gives: exited(2, `nqueens: line 1 of the input: ${noRows}`) },
    { stdin: '8\n\n', gives: exited(2, `nqueens: line 2 of the input: ${noRows}`) },
    { stdin: 'eight', gives: exited(2, `nqueens: line 1 of the input: ${noRows}`) },
    { stdin: '8 8', gives: exited(2, `nqueens: line 1 of the input: ${noColumn}`) },
    { stdin: '8 0x', gives: exited(2, `nqueens: line 1 of the input: ${noColumn}`) },
    {
      stdin: '1 0 0',
      gives: exited(2, 'nqueens: line 1 of the input: it has more queens than rows'),
    },
    {
      stdin: '8 '.repeat(200),
      gives: exited(2, 'nqueens: line 1 of the input: it is too long to be a board'),
    },
  ],
  'bench/native/crunch.wasm': [
    { stdin: 'random\n', gives: 'random 3317983161626276309\n' },
    {
      stdin: 'all\n',
      gives: exited(2, 'crunch: no "all", but sieve, mandelbrot, matrices, random'),
    },
  ],
  'test/support/wasi/args.wasm': [
    {
      stdin: '',
      gives:
        'argument 0: program\nargument 1: two words\nenvironment: NAME=value\n' +
        'folder /data\nfile /data/b.txt: bee\nfolder /tmp\n',
    },
  ],
  'test/support/wasi/echo.wasm': [
    { stdin: 'a\0b\n'.repeat(100_000), gives: 'a\0b\n'.repeat(100_000) },
  ],
  'test/support/wasi/exit-3.wasm': [
    {
      stdin: '',
      gives: exited(3, 'exit-3: the input is not what this program expects'),
    },
  ],
  'test/support/wasi/no-op.wasm': [{ stdin: 'is not read', gives: '' }],
  'test/support/wasi/tricks.wasm': [
    { stdin: '', gives: readFileSync(join(root, 'test/support/wasi/tricks.txt'), 'utf8') },
  ],
};

test('every program has its source beside it, and is tried below', () => {
  const found = globSync('{bench,jobs,test}/**/*.wasm', { cwd: root });
  expect(found.sort()).toEqual(Object.keys(programs).sort());
  expect(found.filter((path) => !existsSync(join(root, sourceOf(path))))).toEqual([]);
});

describe.each(Object.entries(programs))('%s', (path, runs) => {
  test('does what it is there for', () => {
    expect(results(readFileSync(join(root, path)), runs)).toEqual(runs.map(({ gives }) => gives));
  });

  test('does the same when it is built again from its source', (ctx) => {
    const folder = tempDir();
    const missing = compilerMissing(folder);
    if (missing !== undefined) {
      ctx.skip(
        `no C compiler for WASI (clang, lld, wasi-libc, libclang-rt-dev-wasm32): ${missing}`,
      );
    }
    for (const name of globSync('*.{c,md,sh}', { cwd: join(root, dirname(path)) })) {
      cpSync(join(root, dirname(path), name), join(folder, name));
    }
    const built = runTool('sh', ['-c', buildCommand(folder)], { cwd: folder });
    expect(built).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(results(readFileSync(join(folder, basename(path))), runs)).toEqual(
      runs.map(({ gives }) => gives),
    );
  });
});

/** What the program gives for each stdin. */
function results(bytes: Uint8Array<ArrayBuffer>, runs: readonly Run[]): readonly string[] {
  const program = new WasiProgram({
    module: new WebAssembly.Module(bytes),
    arguments: ['program', 'two words'],
    environment: ['NAME=value'],
    files: [{ path: 'data/b.txt', bytes: Buffer.from('bee') }],
  });
  return runs.map(({ stdin }) => {
    const ended = program.run({
      stdin: Buffer.from(stdin),
      seed: 'any',
      resultBytesMax: MiB,
      stderrBytesMax: MiB,
      memoryBytesMax: 64 * MiB,
    });
    if (ended instanceof Uint8Array) return Buffer.from(ended).toString();
    return `${ended.kind}: ${ended.detail}`;
  });
}

/** How a failure is reported. */
function exited(code: number, written: string): string {
  return `exited: exit code ${code}\nIt wrote: ${written}\n`;
}

/** The compiler may be there without its library or its linker, so it is tried. */
function compilerMissing(folder: string): string | undefined {
  const args = ['--target=wasm32-wasi', '-x', 'c', '-', '-o', join(folder, 'tried.wasm')];
  const tried = runTool('clang', args, { input: '#include <stdio.h>\nint main() { puts(""); }' });
  if (tried === undefined) return 'clang is not installed';
  return tried.status === 0 ? undefined : tried.stderr;
}

/** What the folder's README tells people to type, or its script. */
function buildCommand(folder: string): string {
  if (existsSync(join(folder, 'build.sh'))) return 'sh build.sh';
  const command = /^clang .*$/m.exec(readFileSync(join(folder, 'README.md'), 'utf8'));
  if (command === null) throw new Error('the README has no line that begins with "clang "');
  return command[0];
}

function sourceOf(path: string): string {
  return path.replace(/\.wasm$/, '.c');
}
