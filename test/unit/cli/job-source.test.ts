import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { type JobSource, readJob } from '../../../src/cli/job-source.ts';
import type { ProgramOptions } from '../../../src/cli/program-options.ts';
import { wasiProgram } from '../../support/cli-fixtures.ts';
import { tempDir } from '../../support/temp-dir.ts';

let folder: string;

beforeEach(async () => {
  folder = tempDir();
  await cp(wasiProgram('echo'), join(folder, 'echo.wasm'));
});

async function file(name: string, text: string): Promise<string> {
  await mkdir(join(folder, name, '..'), { recursive: true });
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

async function wasiOf(
  job: string,
  options?: ProgramOptions,
): Promise<JobSource & { runtime: 'wasi' }> {
  const source = await readJob(job, options);
  if (source.runtime !== 'wasi') throw new Error('it is JavaScript');
  return source;
}

/** What the program finds, with its files as text. */
function setupOf({ program }: JobSource & { runtime: 'wasi' }): object {
  const files = program.files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]);
  const { arguments: args, environment } = program;
  return { args, environment, files: Object.fromEntries(files) };
}

const steps = 'export function* split() { yield 1; }\nexport async function merge() {}\n';

describe('a .wasm file', () => {
  test('is a program, with what the command line gives to it', async () => {
    const data = await file('table.csv', 'a,b');
    const source = await wasiOf(join(folder, 'echo.wasm'), {
      arg: ['-v', 'a,b'],
      env: ['A=1', 'B=2', 'A=3'],
      data: [data, `lib/x=${data}`],
    });
    expect(source).toMatchObject({ name: 'echo' });
    expect(source.script).toBeUndefined();
    expect(setupOf(source)).toEqual({
      args: ['echo.wasm', '-v', 'a,b'],
      environment: ['A=3', 'B=2'],
      files: { 'table.csv': 'a,b', 'lib/x': 'a,b' },
    });
  });

  test.each([
    ['text', 'hello there', /no WebAssembly/],
    ['nothing', '', /no WebAssembly/],
    ['a component', '\0asm\r\0\u0001\0', /component \(WASI preview 2\)/],
    ['of another version', '\0asm\u0002\0\0\0', /of a version that is not known/],
  ])('that is %s is refused, with what to build', async (_what, content, reason) => {
    const job = readJob(await file('x.wasm', content));
    await expect(job).rejects.toMatchObject({ code: 'job-invalid' });
    await expect(job).rejects.toThrow(reason);
    await expect(job).rejects.toThrow(/wasm32-wasip1/);
  });
});

test('a .py file is a file of CPython, found by its whole path; strings hash alike', async () => {
  const script = await file('count.py', 'print(1)');
  const source = await wasiOf(script, { arg: ['x'], data: [await file('helper.py', '')] });
  expect(source.name).toBe('count');
  expect(source.program.module.length).toBeGreaterThan(20_000_000);
  expect(setupOf(source)).toEqual({
    args: ['python', '/count.py', 'x'],
    environment: ['PYTHONHASHSEED=0', 'PYTHONDONTWRITEBYTECODE=1'],
    files: { 'count.py': 'print(1)', 'helper.py': '' },
  });
});

test("a .py file's variables may be set otherwise", async () => {
  const source = await wasiOf(await file('main.py', ''), { env: ['PYTHONHASHSEED=7'] });
  expect(source.program.environment).toContain('PYTHONHASHSEED=7');
  expect(source.program.environment).not.toContain('PYTHONHASHSEED=0');
});

describe('data files', () => {
  test.each([
    ['a folder', () => folder, /is a folder, .* put --data before the command: manyhands --data/],
    ['not there', () => join(folder, 'x'), /Can't read .*manyhands --data DIR submit/],
  ])('that are %s are refused, with where a data folder goes', async (_what, data, reason) => {
    await expect(readJob(join(folder, 'echo.wasm'), { data: [data()] })).rejects.toThrow(reason);
  });

  test('with one name for two are refused', async () => {
    const [one, other] = [await file('a/t', '1'), await file('b/t', '2')];
    await expect(readJob(join(folder, 'echo.wasm'), { data: [one, other] })).rejects.toThrow(
      /two files as t: .*Give one of them another name, as in --data other-t=/,
    );
  });

  test('may have "=" in their own names', async () => {
    const source = await wasiOf(join(folder, 'echo.wasm'), { data: [await file('a=b', '1')] });
    expect(setupOf(source)).toMatchObject({ files: { 'a=b': '1' } });
  });
});

describe('a job file with a program', () => {
  test('brings its script and, from beside it, the program with its files', async () => {
    await file('words.txt', 'one two');
    const job = await file(
      'job.ts',
      `export const runtime = 'wasi', program = 'echo.wasm';
       export const args = ['a'], env = ['A=1'], data = ['w=words.txt'];\n${steps}`,
    );
    const source = await wasiOf(job, { arg: ['b'], env: ['A=2'] });
    expect(setupOf(source)).toEqual({
      args: ['echo.wasm', 'a', 'b'],
      environment: ['A=2'],
      files: { w: 'one two' },
    });
    expect(Buffer.from(source.script ?? []).toString()).toContain('split');
  });

  test('ships as nqueens and montecarlo', async () => {
    expect((await wasiOf('nqueens')).program.arguments).toEqual(['nqueens.wasm']);
    expect((await wasiOf('montecarlo')).program.arguments).toEqual(['python', '/montecarlo.py']);
  });

  test.each([
    ['its program', "program = '../secret.wasm'", ''],
    ['its data', "program = 'echo.wasm'", "export const data = ['../secret.wasm'];"],
    ['its data by a link', "program = 'echo.wasm'", "export const data = ['link'];"],
  ])('may not name files outside of its folder as %s', async (_what, program, data) => {
    await file('secret.wasm', 'secret');
    const inner = join(folder, 'inner');
    await mkdir(inner);
    await cp(wasiProgram('echo'), join(inner, 'echo.wasm'));
    await symlink(join(folder, 'secret.wasm'), join(inner, 'link'));
    const job = await file(
      'inner/job.ts',
      `export const runtime = 'wasi', ${program};${data}${steps}`,
    );
    await expect(readJob(job)).rejects.toMatchObject({
      code: 'job-invalid',
      message: expect.stringContaining('secret.wasm, which is not in the folder of the job'),
    });
  });

  test('must name one that is there, and is a program', async () => {
    const text = (program: string) =>
      `export const runtime = 'wasi', program = '${program}';${steps}`;
    await expect(readJob(await file('job.ts', text('x.wasm')))).rejects.toThrow(/can't be read/);
    await expect(readJob(await file('job.ts', text('x.exe')))).rejects.toThrow(
      /neither a .wasm nor/,
    );
  });

  test('must have split and merge', async () => {
    const job = await file('job.ts', "export const runtime = 'wasi', program = 'echo.wasm';");
    await expect(readJob(job)).rejects.toThrow(/exports no split and no merge/);
  });
});

test('a job in JavaScript takes no arguments, variables and files', async () => {
  await expect(readJob('primes', { arg: ['x'], env: ['A=1'] })).rejects.toThrow(
    /^--arg, --env: only a WASI program .* this job is JavaScript/,
  );
  await expect(readJob('primes', { data: [folder] })).rejects.toThrow(/is a folder, .*--data/);
});
