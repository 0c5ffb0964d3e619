import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { stubDataFolder, writeTinyJob } from '../../support/cli-fixtures.ts';
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
    expect(tested.stdout.toString()).toMatch(/merged all 4: json.*\n.*\n +"pi": 3\.1\d+,/);
    // Chunks that shared their random numbers would count nearly the same.
    expect(new Set(lines.slice(2, 6).map((line) => line.slice(-8))).size).toBe(4);
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
    });
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
