/** Programs that are not JavaScript, through real processes: from the command line and back. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { wasiProgram } from '../support/cli-fixtures.ts';
import { type CommandResult, manyhands, startGrid } from '../support/grid-process.ts';
import { sharedPeer } from '../support/shared-peer.ts';
import { tempDir } from '../support/temp-dir.ts';

const { dataPath } = sharedPeer();

/** On the peer of this file. */
function submit(args: readonly string[], stdin?: string): Promise<CommandResult> {
  const command = ['--data', dataPath, 'submit', ...args, '--trust', 'all'];
  return manyhands(command, undefined, stdin);
}

const echo = wasiProgram('echo');
const text = Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join('');

describe('a WASI program', () => {
  test('computes lines of stdin, which are joined in their order', async () => {
    const submitted = await submit([echo, '--lines', '-', '--per-chunk', '3'], text);
    expect(submitted).toMatchObject({ code: 0, stdout: text });
    expect(submitted.stderr).toContain('done: 34 of 34 chunks accepted');
  });

  test('computes numbers', async () => {
    const { stdout } = await submit([echo, '--range', '-2..3']);
    expect(stdout).toBe('-2\n-1\n0\n1\n2\n');
  });

  test('computes pieces as large as a chunk may be, and gives them back', async () => {
    const folder = tempDir();
    const input = new Uint8Array(2.5 * 2 ** 20).map((_, index) => index >> 3);
    writeFileSync(join(folder, 'in'), input);
    const out = join(folder, 'out');
    const pieces = ['--bytes', '1MiB', '--input', join(folder, 'in')];
    const { code, stderr } = await submit([echo, ...pieces, '--out', out]);
    expect(code).toBe(0);
    expect(stderr).toContain('done: 3 of 3 chunks accepted');
    expect(readFileSync(out).equals(input)).toBe(true);
  });

  test('computes files to files of the same names', async () => {
    const folder = tempDir();
    for (const name of ['a.txt', 'b.txt']) writeFileSync(join(folder, name), `in ${name}`);
    const out = join(tempDir(), 'out');
    const { code } = await submit([echo, '--files', join(folder, '*.txt'), '--out-dir', out]);
    expect(code).toBe(0);
    expect(readdirSync(out)).toEqual(['a.txt', 'b.txt']);
    expect(readFileSync(join(out, 'b.txt'), 'utf8')).toBe('in b.txt');
  });

  test('has its results told apart afterwards too', async () => {
    const submitted = await submit([echo, '--range', '7..9', '--detach']);
    const id = submitted.stdout.trim();
    expect((await manyhands(['watch', id, '--data', dataPath])).code).toBe(0);
    const out = join(tempDir(), 'out');
    const got = await manyhands(['result', id, '--out-dir', out, '--data', dataPath]);
    expect(got.code).toBe(0);
    expect(readdirSync(out)).toEqual(['0000', '0001']);
    expect(readFileSync(join(out, '0001'), 'utf8')).toBe('8\n');
  });

  test('finds its arguments, variables and files, and nothing else', async () => {
    const table = join(tempDir(), 'table.csv');
    writeFileSync(table, 'a,b');
    const extras = ['--arg', '-v', '--env', 'A=1', '--data', table];
    const { stdout } = await submit([wasiProgram('args'), '--range', '0..1', ...extras]);
    expect(stdout).toContain('argument 0: args.wasm\nargument 1: -v\nenvironment: A=1\n');
    expect(stdout).toMatch(/^file \/?table\.csv: a,b$/m);
    expect(stdout).not.toMatch(/passwd|HOME|PATH/);
  });

  test('that fails is told with its exit code and what it wrote', async () => {
    const { code, stderr } = await submit([wasiProgram('exit-3'), '--range', '0..3']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/exit code 3/);
    expect(stderr).toContain('the input is not what this program expects');
  });

  test('computes the chunks of a job that ships', async () => {
    const { stdout } = await submit(['nqueens', 'n=10']);
    expect(JSON.parse(stdout)).toEqual({ n: 10, solutions: 724 });
  });
});

test('a Python script runs with its modules and data, and its chunks are alike', async () => {
  const folder = tempDir();
  const script = join(folder, 'main.py');
  const helper = join(folder, 'helper.py');
  writeFileSync(
    script,
    'import sys, helper\nfor line in sys.stdin:\n' +
      '    print(helper.twice(int(line)), sys.argv[1:], "".join({"a", "b", "c"}))\n',
  );
  writeFileSync(helper, 'def twice(n):\n    return 2 * n\n');
  const { code, stdout } = await submit(
    [script, '--lines', '-', '--data', helper, '--arg', 'x y'],
    '1\n2\n',
  );
  expect(code).toBe(0);
  const [one, two] = stdout.trimEnd().split('\n');
  expect(one).toMatch(/^2 \['x y'\] [abc]{3}$/);
  expect(two).toBe(one?.replace(/^2/, '4'));
});

test('three peers agree on what a program computes', async () => {
  const [ada] = await startGrid();
  const command = ['--data', ada.dataPath, 'submit', echo, '--lines', '-', '--trust', 'quorum:3'];
  const submitted = await manyhands(command, undefined, text);
  expect(submitted).toMatchObject({ code: 0, stdout: text });
  expect(submitted.stderr).toContain('done: 100 of 100 chunks accepted, 0 disputes');
});

test('a volunteer declines a job over its own limits, and status says why', async () => {
  const [ada, ben] = await startGrid({}, { args: ['--max-memory', '64MiB'] });
  // With three votes wanted, and one of three peers declining, it lasts.
  const job = [echo, '--range', '0..50', '--name', 'large', '--memory-limit', '128MiB'];
  const policy = ['--trust', 'quorum:3', '--detach'];
  expect(await manyhands(['--data', ada.dataPath, 'submit', ...job, ...policy])).toMatchObject({
    code: 0,
  });
  const status = async (): Promise<string> =>
    (await manyhands(['status', '--data', ben.dataPath])).stdout.replaceAll(/\n +/g, ' ');
  await expect.poll(status).toMatch(/^declines +large: .*128 MiB.*64 MiB/m);
  expect(await status()).toMatch(/^gives +a chunk up to 1 h and 64 MiB of memory$/m);
});
