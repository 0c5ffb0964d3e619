import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { beforeEach, describe, expect, test } from 'vitest';

import { stubDataFolder, wasiProgram, writeTinyJob } from '../../support/cli-fixtures.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempDir } from '../../support/temp-dir.ts';

beforeEach(() => {
  stubDataFolder();
});

describe('init and test', () => {
  test('a new job runs as it stands', async () => {
    const folder = join(tempDir(), 'my-job');
    const made = await runCli(['init', folder]);
    expect(made.code).toBe(0);
    expect(made.stdout.toString()).toContain(`manyhands test ${folder}`);
    expect(await readdir(folder)).toEqual(['README.md', 'job.ts']);

    const tested = await runCli(['test', folder, 'samples=40000', 'chunkSamples=10000']);
    expect(tested.stderr).toBe('');
    expect(tested.code).toBe(0);
    const lines = tested.stdout.toString().split('\n');
    expect(lines[1]).toBe('CHUNK      INPUT       TIME     RESULT  DIGEST');
    expect(lines.slice(2, 6)).toEqual(
      [0, 1, 2, 3].map((chunk): unknown =>
        expect.stringMatching(new RegExp(`^ +${chunk} +\\d+ B +[\\d.]+ m?s +\\d+ B  [0-9a-f]{8}$`)),
      ),
    );
    expect(tested.stdout.toString()).toContain('same on 2 threads, in 2 orders: 4 chunks\n');
    expect(tested.stdout.toString()).toMatch(/merged all 4: json.*\n.*\n +"pi": 3\.1\d+,/);
    // Chunks that shared their random numbers would count nearly the same.
    expect(new Set(lines.slice(2, 6).map((line) => line.slice(-8))).size).toBe(4);
  });

  test.each([
    ['python', 'main.py', '1000003..1000006', '1000003: 1000003'],
    ['wasi', 'main.wasm', '1000000000039..1000000000042', '1000000000039: 1000000000039'],
  ])('a new job in %s runs as it stands', async (lang, file, range, line) => {
    const folder = join(tempDir(), 'my-job');
    const made = await runCli(['init', folder, '--lang', lang]);
    expect(made.stdout.toString()).toContain(`manyhands test ${folder}/${file} --range`);
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toContain(
      `manyhands submit ${folder}/${file} --range`,
    );
    const tested = await runCli(['test', join(folder, file), '--range', range]);
    expect(tested).toMatchObject({ code: 0, stderr: '' });
    const lines = tested.stdout.toString().split('\n');
    expect(lines[0]).toMatch(/^my-job: .* of WebAssembly/);
    expect(lines).toContain('same on 2 threads, in 2 orders: 3 chunks');
    expect(lines).toContain(`  ${line}`);
    expect(lines).toContain('That is the whole job.');
  });

  test('init writes a name down as it is', async () => {
    const folder = join(tempDir(), '$& {{folder}}');
    await runCli(['init', folder]);
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    expect(readme).toMatch(/^# \$& \{\{folder\}\}\n/);
    expect(readme).toContain(`manyhands test ${folder} `);
  });

  test('init leaves what is there alone', async () => {
    const folder = join(tempDir(), 'my-job');
    await mkdir(folder);
    expect(await runCli(['init', folder])).toMatchObject({ code: 7 });
    expect(await readdir(folder)).toEqual([]);
    await chmod(folder, 0o700);
    expect(await runCli(['init', join(folder, 'no', 'parent')])).toMatchObject({ code: 7 });
  });

  test('a test runs the first chunks only, and warns that merge saw no more', async () => {
    const { code, stdout } = await runCli(['test', await writeTinyJob(), 'n=20', '--chunks', '3']);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/merged the first 3 chunks: json, 2 B\n {2}5\nNot the final/);
    const json = await runCli(['test', await writeTinyJob(), 'n=2', '--json']);
    expect(JSON.parse(json.stdout.toString())).toMatchObject({
      job: 'tiny',
      chunks: [{ chunk: 0, resultBytes: 1 }, { chunk: 1 }],
      merged: { kind: 'json', sawAll: true },
      same: true,
    });
  });

  test('a test takes of an endless stdin what it needs', async () => {
    const endless = Readable.from(
      (function* () {
        for (let n = 0; ; n += 1) yield Buffer.from(`${n}\n`);
      })(),
    );
    const { code, stdout } = await runCli(
      ['test', wasiProgram('echo'), '--lines', '-', '--per-chunk', '2', '--chunks', '2'],
      { stdin: endless },
    );
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(
      /merged the first 2 chunks: bytes, 8 B\n {2}0\n {2}1\n {2}2\n/,
    );
  });

  test('a test shows what a program that fails wrote', async () => {
    const { code, stdout, stderr } = await runCli([
      'test',
      wasiProgram('exit-3'),
      '--range',
      '0..2',
    ]);
    expect(code).toBe(4);
    expect(stdout.toString()).toMatch(/ exited: exit code 3\n$/);
    expect(stderr).toMatch(/^error: Chunk 0 failed: exited: exit code 3[^]*not what this program/);
    expect(stderr).toMatch(/\nOn the grid, this would fail the job\.\n$/);
  });

  test('a test names the chunk of a job that is not deterministic, and the byte', async () => {
    const job = join(tempDir(), 'job.js');
    // How deep it may go hangs on what V8 made of it, which hangs on how often it ran before.
    await writeFile(
      job,
      `export function* split() { for (let i = 0; i < 6; i += 1) yield i; }
       export function compute() {
         let depth = 0;
         const dig = () => { depth += 1; dig(); };
         try { dig(); } catch {}
         return String(depth);
       }
       export function merge() {}`,
    );
    const { code, stdout, stderr } = await runCli(['test', job]);
    expect(code).toBe(4);
    expect(stdout.toString()).toMatch(/ \d {2}the second time: not-deterministic\n$/);
    expect(stderr).toMatch(
      /^error: Chunk \d is not-deterministic: byte \d of its result was 0x3\d the first time, and /,
    );
    const json = await runCli(['test', job, '--json']);
    expect(JSON.parse(json.stdout.toString())).toMatchObject({
      differs: { chunk: expect.any(Number), failure: { kind: 'not-deterministic' } },
    });
  });

  test('a test asks a job that compares its results itself', async () => {
    const job = join(tempDir(), 'job.js');
    const text = (limit: number) =>
      `export function* split() { yield 1; yield 2; }
       export function compute(n) { return n * n; }
       export function equals(a, b) { return a === b; }
       export function verify(n, square) { return n < ${limit} && square === n * n; }
       export function merge() {}`;
    await writeFile(job, text(3));
    const right = await runCli(['test', job]);
    expect(right.stdout.toString()).toContain('equals is true of 2 results\n');
    expect(right.stdout.toString()).toContain('verify is true of 2 results\n');
    await writeFile(job, text(2));
    const wrong = await runCli(['test', job]);
    expect(wrong.code).toBe(4);
    expect(wrong.stderr).toContain('verify(chunk, result) of chunk 1 and its result is false.');
  });

  test('a test tells a chunk that fails, with exit code 4', async () => {
    const job = join(tempDir(), 'job.js');
    await writeFile(
      job,
      `export function* split() { yield 1; yield 2; }
       export function compute(n) { if (n === 2) throw new Error('two is too many'); return n; }
       export function merge() {}`,
    );
    const { code, stdout, stderr } = await runCli(['test', job]);
    expect(code).toBe(4);
    expect(stdout.toString()).toContain('threw');
    expect(stderr).toMatch(/^error: Chunk 1 failed: threw: .*two is too many/);
    expect(stderr).not.toContain(' at Object');
  });

  test('a test tells a split that yields nothing and a job that is not there', async () => {
    expect(await runCli(['test', await writeTinyJob(), 'n=0'])).toMatchObject({ code: 4 });
    const missing = await runCli(['test', join(tempDir(), 'nothing.ts')]);
    expect(missing.code).toBe(6);
    expect(missing.stderr).toMatch(/^error: [^\n]+\n$/);
  });
});
