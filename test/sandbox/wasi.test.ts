/** WASI programs in the sandbox's threads: what is loaded, what runs, and what becomes of it. */

import { readFileSync } from 'node:fs';

import { afterAll, describe, expect, test } from 'vitest';

import type { ProgramKey } from '../../src/model/program.ts';
import type { LoadableProgram } from '../../src/ports.ts';
import { ThreadSandbox } from '../../src/sandbox/thread-sandbox.ts';
import { digestOf } from '../../src/wire/digest.ts';
import {
  batchOf,
  computeAll,
  generousLimits,
  inThreads,
  shown,
  threadOptions,
} from '../support/job-runner.ts';
import { op, wasiCommand } from '../support/wasm-builder.ts';

const MiB = 1024 * 1024;
const threads = new ThreadSandbox(threadOptions);
const sandbox = inThreads(threads);

afterAll(async () => threads.close());

/** One of the programs in C. */
function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../support/wasi/${name}.wasm`, import.meta.url));
}

type Setup = {
  readonly arguments?: readonly string[];
  readonly environment?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
};

function command(module: Uint8Array, setup: Setup = {}): LoadableProgram {
  const { arguments: args = ['program'], environment = [], files = {} } = setup;
  const setupDigest = digestOf(bytes(JSON.stringify(setup)));
  return {
    runtime: 'wasi',
    key: `wasi:${digestOf(module)}:${setupDigest}:${generousLimits.memoryBytesMax}`,
    module: async () => module,
    arguments: args,
    environment,
    files: Object.entries(files).map(([path, text]) => ({ path, bytes: async () => bytes(text) })),
  };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** @throws {Error} when the program can't run */
async function load(module: Uint8Array, setup?: Setup): Promise<ProgramKey> {
  const program = command(module, setup);
  const failure = await sandbox.load(program, generousLimits);
  if (failure !== undefined) throw new Error(failure.detail);
  return program.key;
}

/** Outputs as text, failures as they are. */
async function outputs(
  program: ProgramKey,
  inputs: readonly unknown[],
  changes: Partial<typeof generousLimits> = {},
): Promise<unknown[]> {
  const stdins = inputs.map((input) => (typeof input === 'string' ? bytes(input) : input));
  const outcomes = shown(await sandbox.run(batchOf(program, stdins, changes)));
  return outcomes.map((outcome) =>
    outcome instanceof Uint8Array ? new TextDecoder().decode(outcome) : outcome,
  );
}

/** Loops for ever when there are two bytes on stdin. */
const loopsOnLongInput = wasiCommand({
  wasi: ['fd_read'],
  code: [
    ...op.i32(0),
    ...op.i32(64),
    ...op.i32Store(),
    ...op.i32(4),
    ...op.i32(2),
    ...op.i32Store(),
    ...op.i32(0),
    ...op.i32(0),
    ...op.i32(1),
    ...op.i32(8),
    ...op.call(0),
    ...op.drop,
    ...op.i32(8),
    ...op.i32Load(),
    ...op.i32(2),
    ...op.i32Eq,
    ...op.if(op.loop(op.br(0))),
  ],
});

describe('a WASI program', () => {
  test('has the chunk on its stdin and gives the result on its stdout', async () => {
    const echo = await load(fixture('echo'));
    expect(await outputs(echo, ['one', '', 'two\n'])).toEqual(['one', '', 'two\n']);
  });

  test('has arguments, environment and data files', async () => {
    const args = await load(fixture('args'), {
      arguments: ['args', '-v', 'ü'],
      environment: ['NAME=value'],
      files: { 'words.txt': 'one two', 'deep/er/x': 'y' },
    });
    const [output] = await outputs(args, ['']);
    expect(output).toContain('argument 0: args\nargument 1: -v\nargument 2: ü\n');
    expect(output).toContain('environment: NAME=value\n');
    expect(output).toContain('words.txt');
    expect(output).toContain('one two');
    expect(output).toContain('/deep/er/x');
  });

  test('fails with its exit code and what it wrote to stderr', async () => {
    const program = await load(fixture('exit-3'));
    expect(await outputs(program, [''])).toEqual([
      { kind: 'exited', detail: expect.stringMatching(/^exit code 3\b/) },
    ]);
  });

  test('that runs too long costs the other chunks of its batch nothing', async () => {
    const program = await load(loopsOnLongInput);
    const outcomes = await outputs(program, ['1', '1', '22', '1'], { wallMsMax: 1000 });
    const failure = { kind: 'timed-out', detail: 'the chunk ran longer than 1000 ms' };
    expect(outcomes).toEqual(['', '', failure, '']);
  });

  test('is given bytes and nothing else', async () => {
    const echo = await load(fixture('echo'));
    expect(await outputs(echo, ['a', 42, new Uint8Array([98])])).toEqual([
      'a',
      { kind: 'threw', detail: 'a chunk of a WASI program must be bytes, for its stdin' },
      'b',
    ]);
  });

  test('may give as many bytes as the job allows', async () => {
    const echo = await load(fixture('echo'));
    const [fits, not] = await outputs(echo, ['x'.repeat(90), 'x'.repeat(200)], {
      resultBytesMax: 100,
    });
    expect(fits).toBe('x'.repeat(90));
    expect(not).toEqual(expect.objectContaining({ kind: 'result-too-large' }));
  });

  test('gives each chunk random bytes of its own, and the same ones again', async () => {
    const program = await load(
      wasiCommand({
        wasi: ['random_get', 'fd_write'],
        code: [
          ...op.i32(64),
          ...op.i32(16),
          ...op.call(0),
          ...op.drop,
          ...op.i32(0),
          ...op.i32(64),
          ...op.i32Store(),
          ...op.i32(4),
          ...op.i32(16),
          ...op.i32Store(),
          ...op.i32(1),
          ...op.i32(0),
          ...op.i32(1),
          ...op.i32(8),
          ...op.call(1),
          ...op.drop,
        ],
      }),
    );
    const batch = batchOf(program, [bytes(''), bytes('')]);
    const [first, second] = shown(await sandbox.run(batch));
    expect(first).not.toEqual(second);
    expect(shown(await sandbox.run({ ...batch, chunks: batch.chunks.slice(1) }))).toEqual([second]);
  });

  test('runs beside JavaScript ones', async () => {
    const echo = await load(fixture('echo'));
    const both = await Promise.all([
      outputs(echo, ['one']),
      computeAll(sandbox, 'function compute(n) { return n + 1; }', [1]),
      outputs(echo, ['two']),
    ]);
    expect(both).toEqual([['one'], [2], ['two']]);
  });
});

describe('a module is refused', () => {
  test.each([
    ['is no module', bytes('hello'), 'threw', /not a valid WebAssembly module/],
    [
      'passes the gate but not V8',
      wasiCommand({ code: [...op.i32(1)] }),
      'threw',
      /not a valid WebAssembly module/,
    ],
    [
      'begins with more memory than the job allows',
      wasiCommand({ memory: { min: 1024 }, code: [] }),
      'out-of-memory',
      /memory/,
    ],
  ])('that %s', async (_what, module, kind, detail) => {
    const program = command(module);
    const failure = await sandbox.load(program, { ...generousLimits, memoryBytesMax: 32 * MiB });
    expect(failure).toEqual({ kind, detail: expect.stringMatching(detail) });
    expect(threads.has(program.key)).toBe(false);
    expect(await outputs(program.key, ['a', 'b'])).toEqual(['returned', 'returned']);
  });
});
