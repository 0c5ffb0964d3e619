import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { beforeEach, describe, expect, test, vi } from 'vitest';

import { digestOf } from '../../../src/wire/digest.ts';
import type { ControlHandler } from '../../../src/transport/control-server.ts';
import { stubDataFolder, wasiProgram, writeTinyJob } from '../../support/cli-fixtures.ts';
import { aDoneJob, aJobId, servePeer, serveResult } from '../../support/fake-control.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempDir } from '../../support/temp-dir.ts';

let data: string;

beforeEach(() => {
  data = stubDataFolder();
});

describe('submit', () => {
  test('sends the job with its limits, and prints nothing but the result on stdout', async () => {
    let request: object | undefined;
    await servePeer(data, {
      submit: (each) => {
        request = each;
        return Promise.resolve({ jobId: aJobId });
      },
      async *watch() {
        yield { job: aDoneJob() };
      },
      async *result() {
        yield { kind: 'json', piece: Buffer.from('14') };
      },
    });
    const job = await writeTinyJob();
    const input = join(tempDir(), 'in.txt');
    await writeFile(input, 'text');
    const limits =
      '--wall-limit 1m30s --memory-limit 64MiB --result-limit 1KiB --stderr-limit 2KiB ' +
      '--max-chunks 9';
    const args = ['submit', job, 'n=4', '--input', input, '--trust', 'quorum:3'];
    const submitted = await runCli([...args, ...limits.split(' ')]);
    expect(submitted).toMatchObject({ code: 0, stdout: Buffer.from('14\n') });
    expect(submitted.stderr).toContain('Submitted tiny as c0ffee00, trust quorum:3');
    expect(request).toMatchObject({
      name: 'tiny',
      paramsJson: '{"n":4}',
      inputPath: input,
      quorum: 3,
      wallMsMax: 90_000,
      memoryBytesMax: 67_108_864,
      // With the head that CBOR gives the bytes.
      resultBytesMax: 1024 + 5,
      stderrBytesMax: 2048,
      chunksMax: 9,
      runtime: 'javascript',
      script: '',
      setup: null,
    });
  });

  test('as JSON prints a line for the submission, each event and the result', async () => {
    await serveResult(data, 'json', '14');
    const { stdout, stderr } = await runCli(['submit', await writeTinyJob(), 'n=4', '--json']);
    const lines = stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { type: 'submitted', jobId: aJobId, name: 'tiny', quorum: 2 },
      { type: 'progress', state: 'running' },
      { type: 'progress', state: 'done' },
      { type: 'result', jobId: aJobId, kind: 'json', value: 14 },
    ]);
    expect(stderr).toBe('');
  });

  test('--detach prints the id and returns; without a peer it is refused', async () => {
    const job = await writeTinyJob();
    expect(await runCli(['submit', job, '--detach'])).toMatchObject({ code: 8 });
    await servePeer(data);
    const { code, stdout } = await runCli(['submit', job, '--detach']);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: `${aJobId}\n` });
  });

  test('says which options a running peer makes useless', async () => {
    await servePeer(data);
    const { stderr } = await runCli(['submit', await writeTinyJob(), '--detach', '--slots', '1']);
    expect(stderr).toContain('Not used: --slots.');
  });

  test('looks at input and output before anything is sent', async () => {
    let isSubmitted = false;
    await servePeer(data, {
      submit: () => {
        isSubmitted = true;
        return Promise.resolve({ jobId: aJobId });
      },
    });
    const job = await writeTinyJob();
    const folder = tempDir();
    const missing = await runCli(['submit', job, '--input', join(folder, 'missing')]);
    expect(missing.code).toBe(7);
    expect(missing.stderr).toContain(join(folder, 'missing'));
    expect(await runCli(['submit', job, '--input', folder])).toMatchObject({ code: 7 });
    expect(await runCli(['submit', job, '--out', join(folder, 'no', 'out')])).toMatchObject({
      code: 7,
    });
    expect(await runCli(['submit', job, '--out', folder])).toMatchObject({ code: 7 });
    expect(isSubmitted).toBe(false);
  });

  test('tells a syntax error with file, line and column', async () => {
    const folder = tempDir();
    await writeFile(join(folder, 'job.ts'), 'export function* split() {\n  yield 1 +;\n}');
    await servePeer(data);
    const { code, stderr } = await runCli(['submit', folder]);
    expect(code).toBe(3);
    expect(stderr).toContain('job.ts:2:12');
  });
});

describe('submit of a WASI program', () => {
  /** What the peer is asked, its blobs by digest, and what the input file held just then. */
  type Asked = {
    request: Parameters<ControlHandler['submit']>[0];
    blobs: Map<string, Buffer>;
    input: string | undefined;
  };

  async function asked(args: readonly string[], stdin?: string): Promise<Asked> {
    const blobs = new Map<string, Buffer>();
    let found: Omit<Asked, 'blobs'> | undefined;
    await servePeer(data, {
      putBlob: async (pieces) => {
        const bytes = Buffer.concat(await Array.fromAsync(pieces));
        blobs.set(digestOf(bytes), bytes);
        return { digest: digestOf(bytes), bytes: bytes.length };
      },
      submit: async (request) => {
        const { inputPath } = request;
        found = {
          request,
          input: inputPath === '' ? undefined : await readFile(inputPath, 'utf8'),
        };
        return { jobId: aJobId };
      },
    });
    const run = await runCli(['submit', ...args, '--detach'], stdin === undefined ? {} : { stdin });
    expect(run.stderr).toBe('');
    if (found === undefined) throw new Error('nothing was submitted');
    return { ...found, blobs };
  }

  const echo = wasiProgram('echo');

  test('puts the program, its files and its setup', async () => {
    const table = join(tempDir(), 'table.csv');
    await writeFile(table, 'a,b');
    const extras = ['--arg', '-v', '--arg', 'x,y', '--env', 'A=1', '--data', `t=${table}`];
    const { request, blobs } = await asked([
      echo,
      '--range',
      '-3..4',
      '--per-chunk',
      '2',
      ...extras,
    ]);
    expect(request).toMatchObject({
      name: 'echo',
      runtime: 'wasi',
      program: digestOf(await readFile(echo)),
      script: '',
      paramsJson: '{}',
      setup: {
        arguments: ['echo.wasm', '-v', 'x,y'],
        environment: ['A=1'],
        files: [{ path: 't', digest: digestOf(Buffer.from('a,b')) }],
      },
      pieces: { kind: 'range', range: { from: -3, to: 4, numbersPerChunk: 2 } },
    });
    expect(blobs.get(request.program)).toEqual(await readFile(echo));
    expect(blobs.size).toBe(2);
  });

  test.each([
    [['--lines'], { kind: 'lines', lines: 1 }],
    [['--bytes', '1MiB', '--input'], { kind: 'bytes', bytes: 1_048_576 }],
  ])('cuts the file of %j', async (flags, pieces) => {
    const path = join(tempDir(), 'in.txt');
    await writeFile(path, 'a\nb\n');
    const { request } = await asked([echo, ...flags, path]);
    expect(request).toMatchObject({ inputPath: path, pieces });
  });

  test('takes files in the order they have', async () => {
    const folder = tempDir();
    for (const name of ['b', 'a']) await writeFile(join(folder, name), name);
    const { request } = await asked([echo, '--files', join(folder, '*')]);
    expect(request.pieces).toMatchObject({
      kind: 'files',
      files: { paths: [join(folder, 'a'), join(folder, 'b')] },
    });
  });

  test.each([[['--lines', '-', '--per-chunk', '2']], [['--bytes', '3', '--input', '-']]])(
    'keeps what comes from stdin as a file until it is submitted: %j',
    async (args) => {
      const folder = tempDir();
      vi.stubEnv('TMPDIR', folder);
      const { request, input } = await asked([echo, ...args], '1\n2\n3\n');
      expect(input).toBe('1\n2\n3\n');
      expect(dirname(dirname(request.inputPath))).toBe(folder);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test('sends split and merge of a job file with it', async () => {
    const { request, blobs } = await asked(['nqueens', 'n=6']);
    expect(request).toMatchObject({
      name: 'nqueens',
      runtime: 'wasi',
      paramsJson: '{"n":6}',
      setup: { arguments: ['nqueens.wasm'] },
      pieces: null,
    });
    expect(blobs.get(request.script)?.toString()).toContain('split');
  });

  test('runs a Python script by an interpreter that is a program like any other', async () => {
    const script = join(tempDir(), 'main.py');
    await writeFile(script, 'print(1)');
    const { request, blobs } = await asked([script, '--range', '0..2']);
    expect(request.setup?.arguments).toEqual(['python', '/main.py']);
    expect(request.setup?.files.map(({ path }) => path)).toEqual(['main.py']);
    expect(blobs.get(request.program)?.length).toBeGreaterThan(20_000_000);
  });

  test.each([
    [[], /each chunk is its stdin.*--lines FILE.*--range 0\.\.256.*--bytes 1MiB --input.*--files/s],
    [['n=4'], /"n=4": parameters are for a job's split.*--arg VALUE/],
    [['words.txt'], /"words.txt": parameters are .*files with --lines/],
    [['--range', '0..4', '--lines', '-'], /Give one of --lines and --range/],
    [['--range', '0..4', '--input', '-'], /--input goes with --bytes, not with --range/],
    [['--lines', '-', '--input', '-'], /--lines names its file itself/],
    [['--bytes', '5'], /--input - for stdin/],
    [['--bytes', '2MiB', '--input', '-'], /at most 1MiB/],
    [['--files', echo, '--per-chunk', '2'], /--per-chunk goes with --lines and --range/],
    [
      ['--range', '0..1e9'],
      /1,000,000,000 chunks, and --max-chunks allows 10000000.*--per-chunk 100/,
    ],
    [['--range', '0..1', '--env', 'A'], /NAME=VALUE/],
    [['--range', '0..1', '--out', 'a', '--out-dir', 'b'], /cannot be used with/],
  ])('with %j is refused, with what to do', async (args, reason) => {
    const { code, stderr } = await runCli(['submit', echo, ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
  });

  test('says where the program goes when --files took it', async () => {
    const { code, stderr } = await runCli(['submit', '--files', 'a', echo]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/missing required argument 'job': --files takes all that follows it/);
  });

  test.each([
    [['primes', '--lines', '-'], /--lines: primes has a split of its own/],
    [['nqueens', '--per-chunk', '4'], /--per-chunk: nqueens has a split of its own/],
    [['primes', '--out-dir', 'x'], /primes has a merge, which makes one result/],
    [['primes', '--arg', 'x'], /--arg: only a WASI program/],
    [['primes', '--data', '/'], /\/ is a folder.*put --data before the command/],
  ])('is not what %j is, and that is said', async (args, reason) => {
    const { code, stderr } = await runCli(['submit', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
  });
});
