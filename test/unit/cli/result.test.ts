import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

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
