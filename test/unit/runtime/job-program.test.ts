import { describe, expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { ChunkLimits } from '../../../src/model/job.ts';
import type { ScriptFunction } from '../../../src/model/program.ts';
import type { Failure } from '../../../src/model/replica.ts';
import type { LoadableProgram } from '../../../src/ports.ts';
import { prepareProgram } from '../../../src/runtime/job-program.ts';
import type { ProgramRequest, SetupRequest } from '../../../src/runtime/job-request.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { decodeSetup } from '../../../src/wire/setup-codec.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { digestNumbered, specOf } from '../../support/protocol-fixtures.ts';

const chunkLimits: ChunkLimits = specOf().limits;
const pieces = { type: 'pieces', pieces: { type: 'lines', linesPerChunk: 1 }, paths: [] } as const;

/** A store with the blobs of a WASI job, and a sandbox that says what it was given to load. */
async function prepared(
  refuse?: (program: LoadableProgram) => Failure | undefined,
  exports: readonly ScriptFunction[] = [],
) {
  const store = new MemoryStore();
  const [module, script, words] = await Promise.all(
    ['module', 'script', 'words'].map((text) => store.putBlob(Buffer.from(text))),
  );
  if (module === undefined || script === undefined || words === undefined) throw new Error();
  const loaded: LoadableProgram[] = [];
  const sandbox = fakeSandbox({
    load: async (program, given) => {
      expect(given).toBe(chunkLimits);
      loaded.push(program);
      return refuse?.(program);
    },
    exportsOf: () => exports,
  });
  const setup: SetupRequest = {
    arguments: ['prog', '-v'],
    environment: ['LANG=C'],
    files: [{ path: 'data/words', blob: words }],
  };
  const wasi = { runtime: 'wasi', module, setup, steps: pieces } as const;
  const prepare = (request: ProgramRequest) => {
    return prepareProgram(request, chunkLimits, { sandbox, store });
  };
  return { store, module, script, words, wasi, loaded, prepare };
}

test('a JavaScript program is loaded once, with all its functions', async () => {
  const { script, loaded, prepare } = await prepared();
  const { runner: _runner, ...program } = await prepare({ runtime: 'javascript', script });
  expect(program).toEqual({
    ref: { runtime: 'javascript', program: script, programBytes: 6 },
    steps: { type: 'script', script },
    comparison: 'digest',
  });
  expect(loaded).toMatchObject([
    {
      key: `javascript:${script}:${chunkLimits.memoryBytesMax}`,
      functions: ['split', 'compute', 'merge'],
    },
  ]);
});

describe('results are compared', () => {
  test.each<[string, readonly ScriptFunction[], string]>([
    ['by digest, where the script says nothing else', ['split', 'compute', 'merge'], 'digest'],
    ['by equals, where it exports that', ['compute', 'equals'], 'equals'],
    ['by verify, where it exports that', ['compute', 'verify'], 'verify'],
    ['by verify, where it exports both', ['equals', 'verify'], 'verify'],
  ])('%s', async (_words, exports, comparison) => {
    const { script, wasi, prepare } = await prepared(undefined, exports);
    for (const request of [
      { runtime: 'javascript', script } as const,
      { ...wasi, steps: { type: 'script', script } } as const,
    ]) {
      const program = await prepare(request);
      expect(program.comparison).toBe(comparison);
      expect(program.comparer?.key).toBe(comparison === 'digest' ? undefined : keyOf(script));
    }
  });

  test('by digest, where there is no script', async () => {
    const { wasi, prepare } = await prepared(undefined, ['equals', 'verify']);
    const { comparison, comparer } = await prepare(wasi);
    expect([comparison, comparer]).toEqual(['digest', undefined]);
  });

  function keyOf(script: string): string {
    return `javascript:${script}:${chunkLimits.memoryBytesMax}`;
  }
});

test('a WASI program has its setup in a blob of its own, and names its data', async () => {
  const { store, module, words, wasi, loaded, prepare } = await prepared();
  const { ref, data, steps } = await prepare(wasi);
  expect(ref).toMatchObject({ runtime: 'wasi', program: module, programBytes: 6 });
  expect(data).toEqual([words]);
  expect(steps).toEqual({ type: 'pieces', pieces: pieces.pieces });
  const setup = (await store.getBlob(ref.setup?.digest ?? words)) ?? Buffer.of();
  expect(setup.length).toBe(ref.setup?.bytes);
  const files = [{ path: 'data/words', digest: words, bytes: 5 }];
  const { arguments: args, environment } = wasi.setup;
  expect(decodeSetup(setup)).toEqual({
    type: 'message',
    message: { arguments: args, environment, files },
  });
  const [program] = loaded;
  if (program?.runtime !== 'wasi') throw new Error('no WASI program was loaded');
  expect(program).toMatchObject({ arguments: args, environment });
  expect(String(await program.module())).toBe('module');
  expect(String(await program.files[0]?.bytes())).toBe('words');
  expect(loaded).toHaveLength(1);
});

test('a WASI program with a script has both loaded', async () => {
  const { script, wasi, loaded, prepare } = await prepared();
  const { steps } = await prepare({ ...wasi, steps: { type: 'script', script } });
  expect(steps).toEqual({ type: 'script', script });
  expect(loaded).toMatchObject([{ runtime: 'wasi' }, { functions: ['split', 'merge'] }]);
});

describe('a program that can not be had is refused with what to do', () => {
  const gone = digestNumbered(404);
  const large = (bytesMax: number) => Buffer.alloc(bytesMax + 1);

  test.each<[string, (wasi: Extract<ProgramRequest, { runtime: 'wasi' }>) => ProgramRequest]>([
    ['The script is not here', () => ({ runtime: 'javascript', script: gone })],
    ['The program is not here', (wasi) => ({ ...wasi, module: gone })],
    ['The script is not here', (wasi) => ({ ...wasi, steps: { type: 'script', script: gone } })],
    [
      'The data file a is not here',
      (wasi) => ({ ...wasi, setup: { ...wasi.setup, files: [{ path: 'a', blob: gone }] } }),
    ],
  ])('%s', async (words, change) => {
    const { wasi, prepare } = await prepared();
    const error = await gridErrorOf(prepare(change(wasi)));
    expect([error.code, error.message]).toEqual(['job-invalid', expect.stringContaining(words)]);
    expect(error.message).toContain('Put it first');
  });

  test('a script over its bound', async () => {
    const { store, prepare } = await prepared();
    const script = await store.putBlob(large(limits.scriptBytesMax));
    const error = await gridErrorOf(prepare({ runtime: 'javascript', script }));
    expect(error.message).toContain('8388609 bytes, and 8388608 is the most');
  });

  test('an empty program', async () => {
    const { store, prepare } = await prepared();
    const script = await store.putBlob(Buffer.of());
    const error = await gridErrorOf(prepare({ runtime: 'javascript', script }));
    expect(error.message).toContain('The script is empty');
  });

  test('data files over their bound in all', async () => {
    const { store, wasi, prepare } = await prepared();
    const half = await store.putBlob(large(limits.dataBytesMax / 2));
    const files = ['a', 'b'].map((path) => ({ path, blob: half }));
    const error = await gridErrorOf(prepare({ ...wasi, setup: { ...wasi.setup, files } }));
    expect(error.message).toMatch(/^The data file b has .* left for it: all data files of a job/);
  });
});

test.each<[string, Partial<SetupRequest>, string[]]>([
  ['an argument with NUL', { arguments: ['a\0b'] }, []],
  ['a variable without a value', { environment: ['LANG'] }, []],
  ['a variable with NUL', { environment: ['A=\0'] }, []],
  ['an absolute path', {}, ['/etc/passwd']],
  ['a path upwards', {}, ['a/../../b']],
  ['a path with a hole', {}, ['a//b']],
  ['a path twice', {}, ['a', 'a']],
  ['no path', {}, ['']],
  ['too much', { arguments: Array<string>(1000).fill('x'.repeat(100)) }, []],
])('a setup with %s is refused', async (_what, change, paths) => {
  const { words, wasi, prepare } = await prepared();
  const files = paths.map((path) => ({ path, blob: words }));
  const setup = { ...wasi.setup, files, ...change };
  const error = await gridErrorOf(prepare({ ...wasi, setup }));
  expect([error.code, error.message]).toEqual([
    'job-invalid',
    expect.stringMatching(/^The program can't be given this: .*NAME=value; /),
  ]);
});

test('what the sandbox refuses is told with its kind and what to do', async () => {
  const { script, wasi, prepare } = await prepared((program) => {
    return program.runtime === 'wasi'
      ? { kind: 'forbidden-import', detail: 'it imports env.sleep' }
      : { kind: 'threw', detail: 'SyntaxError: no' };
  });
  const refused = await gridErrorOf(prepare(wasi));
  expect([refused.code, refused.message]).toEqual([
    'job-invalid',
    expect.stringMatching(
      /^The program can't run \(forbidden-import\): it imports env\.sleep\n.*WASI/,
    ),
  ]);
  const thrown = await gridErrorOf(prepare({ runtime: 'javascript', script }));
  expect(thrown.message).toBe('SyntaxError: no');
});

test('the sandbox reads a program again from the disk, as often as it wants', async () => {
  const { store, script, loaded, prepare } = await prepared();
  await prepare({ runtime: 'javascript', script });
  const [program] = loaded;
  if (program?.runtime !== 'javascript') throw new Error('no script was loaded');
  const read = [await program.source(), await program.source()];
  expect(read.map((bytes) => digestOf(bytes))).toEqual([script, script]);
  await store.deleteBlob(script);
  await expect(program.source()).rejects.toThrow('is not here');
});
