import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import { stubDataFolder } from '../../support/cli-fixtures.ts';
import { servePeer, serveResult } from '../../support/fake-control.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempDir } from '../../support/temp-dir.ts';

let data: string;

beforeEach(() => {
  data = stubDataFolder();
});

describe('a result', () => {
  test.each([
    ['text', ['two ', 'pieces'], 'two pieces'],
    ['json', ['50847534'], '50847534\n'],
    ['json', ['{}\n'], '{}\n'],
    ['text', [''], ''],
  ])('of %s %j goes to stdout as %j', async (kind, pieces, printed) => {
    await serveResult(data, kind, ...pieces);
    expect((await runCli(['result', 'c0'])).stdout.toString()).toBe(printed);
  });

  test('of bytes goes to a pipe, but not to a terminal', async () => {
    await serveResult(data, 'bytes', '\u0000\u0001');
    expect((await runCli(['result', 'c0'])).stdout).toEqual(Buffer.from([0, 1]));
    const terminal = await runCli(['result', 'c0'], { columns: 80 });
    expect(terminal.code).toBe(2);
    expect(terminal.stdout).toHaveLength(0);
    expect(terminal.stderr).toMatch(/2 B of binary data.*--out FILE/);
  });

  test('is in the document with --json', async () => {
    await serveResult(data, 'json', '{"pi":', '3}');
    const json = await runCli(['result', 'c0', '--json']);
    expect(JSON.parse(json.stdout.toString())).toEqual({
      jobId: 'c0',
      kind: 'json',
      bytes: 8,
      value: { pi: 3 },
    });
  });

  test('of bytes is in the document as base64', async () => {
    await serveResult(data, 'bytes', 'hello');
    const bytes = await runCli(['result', 'c0', '--json']);
    expect(JSON.parse(bytes.stdout.toString())).toMatchObject({ base64: 'aGVsbG8=' });
  });

  test('is written to a file, in place of what was there', async () => {
    const folder = tempDir();
    const out = join(folder, 'out.txt');
    await writeFile(out, 'before');
    await serveResult(data, 'text', 'after');
    const written = await runCli(['result', 'c0', '--out', out]);
    expect(written).toMatchObject({ code: 0, stderr: `Wrote the result, 5 B, to ${out}\n` });
    expect(await readFile(out, 'utf8')).toBe('after');
  });

  test('that breaks off leaves what was there, and nothing else', async () => {
    const folder = tempDir();
    const out = join(folder, 'out.txt');
    await writeFile(out, 'before');
    await servePeer(data, {
      async *result() {
        yield { kind: 'text', piece: Buffer.from('half') };
        throw new GridError('store-failed', 'The disk is broken.');
      },
    });
    expect(await runCli(['result', 'c0', '--out', out])).toMatchObject({ code: 12 });
    expect(await readFile(out, 'utf8')).toBe('before');
    expect(await readdir(folder)).toEqual(['out.txt']);
  });
});

test('bytes that are text are shown on a terminal, with their line ended', async () => {
  await serveResult(data, 'bytes', '1: ä\n', '2: b');
  const terminal = await runCli(['result', 'c0'], { columns: 80 });
  expect(terminal).toMatchObject({ code: 0, stderr: '' });
  expect(terminal.stdout.toString()).toBe('1: ä\n2: b\n');
});

describe('a result in parts', () => {
  type Part = { part?: string; piece: string; kind?: string };

  async function serveParts(...parts: readonly Part[]): Promise<void> {
    await servePeer(data, {
      async *result(request) {
        expect(request.parts).toBe(true);
        for (const { piece, ...rest } of parts) yield { ...rest, piece: Buffer.from(piece) };
      },
    });
  }

  test('is a file for each in a new folder', async () => {
    await serveParts(
      { part: 'a.txt', piece: 'one ', kind: 'bytes' },
      { piece: 'two' },
      { part: 'b.txt', piece: '' },
    );
    const folder = join(tempDir(), 'new', 'results');
    const written = await runCli(['result', 'c0', '--out-dir', folder]);
    expect(written).toMatchObject({ code: 0, stderr: `Wrote 2 results, 7 B, to ${folder}\n` });
    expect(await readdir(folder)).toEqual(['a.txt', 'b.txt']);
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('one two');
    expect(await readFile(join(folder, 'b.txt'), 'utf8')).toBe('');
  });

  test('is told with --json, and may go to a folder that is there and empty', async () => {
    await serveParts({ part: '0000', piece: 'one' });
    const folder = tempDir();
    const json = await runCli(['result', 'c0', '--out-dir', folder, '--json']);
    expect(JSON.parse(json.stdout.toString())).toEqual({
      jobId: 'c0',
      files: 1,
      bytes: 3,
      outDir: folder,
    });
  });

  test('overwrites nothing', async () => {
    await serveParts({ part: 'a.txt', piece: 'new' });
    const folder = tempDir();
    await writeFile(join(folder, 'a.txt'), 'old');
    const refused = await runCli(['result', 'c0', '--out-dir', folder]);
    expect(refused.code).toBe(7);
    expect(refused.stderr).toMatch(/is not empty, and --out-dir overwrites nothing/);
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('old');
    const file = await runCli(['result', 'c0', '--out-dir', join(folder, 'a.txt')]);
    expect(file.code).toBe(7);
  });

  test.each(['../up', '/etc/x', 'a/b', 'a\\b', '..', '.', 'same', 'x'.repeat(256)])(
    'is not written under the name %j, and nothing of it is left',
    async (part) => {
      await serveParts({ part: 'same', piece: 'one' }, { part, piece: 'two' });
      const parent = tempDir();
      const folder = join(parent, 'results');
      const refused = await runCli(['result', 'c0', '--out-dir', folder]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/a part of the result under the name/);
      expect(await readdir(parent)).toEqual([]);
    },
  );

  test('that breaks off leaves an empty folder as it was', async () => {
    await servePeer(data, {
      async *result() {
        yield { part: 'a', piece: Buffer.from('half') };
        throw new GridError('store-failed', 'The disk is broken.');
      },
    });
    const folder = tempDir();
    expect(await runCli(['result', 'c0', '--out-dir', folder])).toMatchObject({ code: 12 });
    expect(await readdir(folder)).toEqual([]);
  });
});

test.each([
  ['--out-dir', '.'],
  ['--out', 'out.txt'],
])('nothing is left after Ctrl-C while %s is written', async (flag, name) => {
  await servePeer(data, {
    async *result(_request, signal) {
      yield { kind: 'bytes', part: 'a', piece: Buffer.from('half') };
      await once(signal, 'abort');
    },
  });
  const folder = tempDir();
  const made = once(watch(folder).unref(), 'change');
  const main = join(import.meta.dirname, '../../../src/cli/main.ts');
  const args = ['result', 'c0', flag, join(folder, name)];
  const child = spawn(process.execPath, [main, ...args], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await made;
  child.kill('SIGINT');
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGINT');
  expect(await readdir(folder)).toEqual([]);
});
