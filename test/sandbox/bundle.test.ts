import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';

import { readJob } from '../../src/cli/job-source.ts';
import { builtSandbox } from '../support/built-path.ts';
import { batchOf, generousLimits, scriptOf, shown } from '../support/job-runner.ts';

const sandbox = builtSandbox({ slots: 1 });
const cwd = process.cwd();
const nodeModules = join(import.meta.dirname, '../../node_modules');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-'));
});

afterEach(async () => {
  process.chdir(cwd);
  await rm(folder, { recursive: true });
});

afterAll(async () => sandbox.close());

const splitAndMerge =
  'export function* split() { yield 1; }\nexport function merge() { return 1; }\n';

async function file(path: string, text: string): Promise<string> {
  const whole = join(folder, path);
  await mkdir(dirname(whole), { recursive: true });
  await writeFile(whole, text);
  return whole;
}

/** What `compute(1)` of a job returns in the sandbox. */
async function computed(job: string): Promise<unknown> {
  const { program } = await bundleJob(job);
  const script = scriptOf(program);
  expect(await sandbox.load(script, generousLimits)).toBeUndefined();
  return shown(await sandbox.run(batchOf(script.key, [1])))[0];
}

/** A job that is a script alone. */
async function bundleJob(job: string): Promise<{ name: string; program: Uint8Array }> {
  const source = await readJob(job);
  if (source.runtime !== 'javascript') throw new Error(`${job} is no JavaScript`);
  return { name: source.name, program: source.script };
}

describe('a job', () => {
  const job = `${splitAndMerge}export function compute(n: number): number { return n + 1; }\n`;

  test('may be a file, which names it', async () => {
    const path = await file('plus-one.ts', job);
    expect((await bundleJob(path)).name).toBe('plus-one');
    expect(await computed(path)).toBe(2);
  });

  test('may be a folder with a job.ts, which names it', async () => {
    await file('adder/job.ts', job);
    expect((await bundleJob(join(folder, 'adder'))).name).toBe('adder');
    expect(await computed(join(folder, 'adder'))).toBe(2);
  });

  test('may be a folder whose package.json has a main', async () => {
    await file('package.json', '{ "main": "lib/sum.mjs" }');
    await file('lib/sum.mjs', `${splitAndMerge}export const compute = (n) => n + 1;`);
    expect((await bundleJob(folder)).name).toBe('sum');
    expect(await computed(folder)).toBe(2);
  });

  test('may be the name of one that ships, from any folder', async () => {
    process.chdir(folder);
    expect((await bundleJob('primes')).name).toBe('primes');
  });

  test('may import its own files and npm packages', async () => {
    await symlink(nodeModules, join(folder, 'node_modules'));
    await file('by.ts', 'export const by = 2;');
    const path = await file(
      'zip.ts',
      `import { unzlibSync, zlibSync } from 'fflate';
      import { by } from './by.ts';
      ${splitAndMerge}
      export function compute(n) { return unzlibSync(zlibSync(Uint8Array.of(n * by, 7))); }`,
    );
    expect(await computed(path)).toEqual(Uint8Array.of(2, 7));
  });

  test('may hold text that the sandbox would take for an import or an HTML comment', async () => {
    const path = await file(
      'text.ts',
      `${splitAndMerge}
      const methods = { import(text) { return text; } };
      export function compute(n) {
        let m = 2;
        while (m --> 1);
        const found = /^import(s)?<!---->$/.test('imports<!---->');
        return [n < !--m, methods.import('<!-- a -->'), \`import(\${n})\`, found];
      }`,
    );
    const value = [false, '<!-- a -->', 'import(1)', true];
    expect(await computed(path)).toEqual(value);
  });

  test('keeps how its results are compared, and nothing else that it exports', async () => {
    const path = await file(
      'compared.ts',
      `${job}export const verify = (n: number, result: number) => result === n + 1;\n` +
        'export const secret = 42;\n',
    );
    const { program } = await bundleJob(path);
    const script = scriptOf(program);
    expect(await sandbox.load(script, generousLimits)).toBeUndefined();
    expect(sandbox.exportsOf(script.key)).toEqual(['split', 'compute', 'merge', 'verify']);
    expect(new TextDecoder().decode(program)).not.toContain('42');
  });

  test('has the same program wherever it lies and whatever the current folder is', async () => {
    await symlink(nodeModules, join(folder, 'node_modules'));
    const text = `import { zlibSync } from 'fflate';\n${job.replace('n + 1', 'zlibSync(n)')}`;
    const one = await file('one/job.ts', text);
    const other = await file('somewhere/else/altogether/job.ts', text);
    const { program } = await bundleJob(one);
    process.chdir(folder);
    expect((await bundleJob('./one')).program).toEqual(program);
    expect((await bundleJob(other)).program).toEqual(program);
    expect(new TextDecoder().decode(program)).not.toContain(folder);
  });

  test('is not affected by a tsconfig.json above it', async () => {
    const path = await file('inner/job.ts', job);
    const { program } = await bundleJob(path);
    await file('tsconfig.json', '{ "compilerOptions": { "target": "es5", "baseUrl": "nowhere" } }');
    expect((await bundleJob(path)).program).toEqual(program);
  });
});

describe('an error in a job', () => {
  test('of syntax is shown with file, line, column and the source line', async () => {
    const path = await file('job.ts', 'const ok = 1;\nconst wrong = = 2;\n');
    await expect(bundleJob(path)).rejects.toMatchObject({
      code: 'job-invalid',
      message: `${path}:2:15: Unexpected "="\n  const wrong = = 2;\n                ^`,
    });
  });

  test.each([
    ['a file that is not there', "import './nowhere.ts';", 'Could not resolve "./nowhere.ts"'],
    ['a package that is not there', "import 'left-pod-x';", 'Could not resolve "left-pod-x"'],
    ['a name that is not there', "import { a } from './other.ts'; a();", 'No matching export'],
    [
      'a module of Node',
      "import fs from 'node:fs'; fs.x();",
      "a job can't use node:fs: it runs on",
    ],
    [
      'a module of Node by its old name',
      "import fs from 'fs'; fs.x();",
      "a job can't use fs: it runs",
    ],
  ])('that imports %s is shown where it is', async (_what, text, reason) => {
    await file('other.ts', 'export const b = 1;');
    const path = await file('job.ts', `${splitAndMerge}${text}\nexport function compute() {}`);
    await expect(bundleJob(path)).rejects.toMatchObject({ code: 'job-invalid' });
    await expect(bundleJob(path)).rejects.toThrow(new RegExp(`job.ts:3:\\d+: .*${reason}`));
  });

  test('that imports a computed name is explained', async () => {
    const path = await file('job.ts', `${splitAndMerge}export const compute = (x) => import(x);`);
    await expect(bundleJob(path)).rejects.toThrow(/import\(\) whose argument is computed/);
  });

  test('that lacks functions names those', async () => {
    const path = await file('job.ts', 'export function* split() {}\nfunction compute() {}\n');
    await expect(bundleJob(path)).rejects.toMatchObject({
      code: 'job-invalid',
      message: expect.stringContaining(`${path} exports no compute and no merge.`),
    });
  });

  test('that makes it too large says how large', async () => {
    const text = `${splitAndMerge}export const compute = () => '${'x'.repeat(9 * 2 ** 20)}';`;
    const path = await file('job.ts', text);
    await expect(bundleJob(path)).rejects.toThrow(/and a script may have 8388608/);
  });

  test.each([
    ['that is not there', 'nowhere', /no file or folder nowhere here, and no job of this name/],
    ['that is a folder without a job', '.', /holds no job\.ts/],
    ['that is no script', 'notes.txt', /notes\.txt is no job/],
  ])('%s is an error that lists the jobs that ship', async (_what, job, reason) => {
    await file('notes.txt', 'text');
    process.chdir(folder);
    await expect(bundleJob(job)).rejects.toMatchObject({ code: 'unknown-job' });
    await expect(bundleJob(job)).rejects.toThrow(reason);
    await expect(bundleJob(job)).rejects.toThrow(
      /collatz, factors, mandelbrot, montecarlo, nqueens, primes, wordcount/,
    );
  });
});
