/** How a job's first chunks are tried, against sandboxes whose results are chosen. */

import { describe, expect, test } from 'vitest';

import type { FailureKind, Outcome } from '../../../src/model/replica.ts';
import type { ChunkBatch, LoadableProgram, Sandbox } from '../../../src/ports.ts';
import { tryJob, type TryJobEvent, type TryJobOptions } from '../../../src/runtime/try-job.ts';
import { decodeCanonical, encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { generousLimits } from '../../support/job-runner.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

function result(value: unknown): Outcome {
  const encoded = encodeCanonical(value);
  return { type: 'result', digest: digestOf(encoded), value: encoded };
}

function failure(kind: FailureKind): Outcome {
  return { type: 'failure', failure: { kind, detail: 'so it is' } };
}

/** A WASI program over lines; by itself each chunk's result is its input. */
const lines: TryJobOptions = {
  job: {
    runtime: 'wasi',
    program: { module: bytes('module'), arguments: ['x'], environment: [], files: [] },
  },
  paramsJson: '{}',
  pieces: { type: 'range', from: 0, to: 10, numbersPerChunk: 1 },
  chunksMax: 4,
  limits: generousLimits,
};

type Tried = {
  readonly events: TryJobEvent[];
  /** The chunks of each batch, for each of the two sandboxes. */
  readonly batches: readonly number[][][];
  readonly closed: number;
};

/** @param outcome of a chunk in the first or second sandbox, if it is not its input */
async function tried(
  options: TryJobOptions,
  outcome: (chunk: number, sandbox: number) => Outcome | undefined = () => undefined,
  methods: Partial<Sandbox> = {},
): Promise<Tried> {
  const batches: number[][][] = [];
  let closed = 0;
  const openSandbox = (): Sandbox => {
    const sandbox = batches.push([]) - 1;
    return fakeSandbox({
      run: async ({ chunks }: ChunkBatch) => {
        batches[sandbox]?.push(chunks.map(({ chunk }) => chunk));
        return chunks.map(({ chunk, input }) => ({
          outcome: outcome(chunk, sandbox) ?? result(decodeCanonical(input)),
          computeMs: 1,
        }));
      },
      close: async () => {
        closed += 1;
      },
      ...methods,
    });
  };
  const events = await Array.fromAsync(tryJob(options, { openSandbox }));
  return { events, batches, closed };
}

describe('a job of pieces', () => {
  test('is computed forwards and backwards in two sandboxes, and joined', async () => {
    const { events, batches, closed } = await tried(lines);
    expect(batches).toEqual([[[0], [1], [2], [3]], [[3, 2, 1, 0]]]);
    expect(events.map(({ type }) => type)).toEqual([
      'chunk',
      'chunk',
      'chunk',
      'chunk',
      'same',
      'merged',
    ]);
    expect(events.at(-1)).toEqual({
      type: 'merged',
      output: { kind: 'bytes', value: Buffer.from('0\n1\n2\n3\n') },
      sawAll: false,
    });
    expect(closed).toBe(2);
  });

  test('with no more chunks than are tried is seen whole', async () => {
    const { events } = await tried({ ...lines, chunksMax: 10 });
    expect(events.at(-2)).toEqual({ type: 'same', chunks: 10 });
    expect(events.at(-1)).toMatchObject({ sawAll: true });
  });

  test('whose setup no volunteer would take is refused before anything runs', async () => {
    const job = {
      runtime: 'wasi',
      program: {
        module: bytes('module'),
        arguments: [],
        environment: [],
        files: [{ path: '../up', bytes: bytes('') }],
      },
    } as const;
    await expect(tried({ ...lines, job })).rejects.toMatchObject({
      code: 'job-invalid',
      message: expect.stringContaining('"../up"'),
    });
  });

  test('that the sandbox refuses is told with its reason', async () => {
    const load = async () =>
      ({ kind: 'forbidden-import', detail: 'it imports env.print' }) as const;
    await expect(tried(lines, undefined, { load })).rejects.toMatchObject({
      code: 'job-invalid',
      message: expect.stringContaining('forbidden-import: it imports env.print'),
    });
  });
});

describe('a chunk', () => {
  test('whose second result is another is named with the first byte that differs', async () => {
    const { events } = await tried(lines, (chunk, sandbox) =>
      chunk === 2 && sandbox === 1 ? result(bytes('2?')) : undefined,
    );
    expect(events.slice(4)).toEqual([
      {
        type: 'differs',
        chunk: 2,
        failure: {
          kind: 'not-deterministic',
          detail: expect.stringMatching(/^byte 1 of its result was 0x0a the first time, and 0x3f/),
        },
      },
    ]);
  });

  test('that fails only the first time is not deterministic, and the rest is left', async () => {
    const { events, batches } = await tried(lines, (chunk, sandbox) =>
      chunk === 1 && sandbox === 0 ? failure('threw') : undefined,
    );
    expect(events.map(({ type }) => type)).toEqual(['chunk', 'chunk', 'differs']);
    expect(events.at(-1)).toMatchObject({
      chunk: 1,
      failure: { detail: 'it ended as threw the first time, and as a result the second' },
    });
    expect(batches[0]).toEqual([[0], [1]]);
  });

  test('that fails only the second time is not deterministic', async () => {
    const { events } = await tried(lines, (chunk, sandbox) =>
      chunk === 1 && sandbox === 1 ? failure('out-of-memory') : undefined,
    );
    expect(events.at(-1)).toMatchObject({
      type: 'differs',
      chunk: 1,
      failure: { kind: 'not-deterministic' },
    });
  });

  test('that fails alike both times is its failure, and the last event', async () => {
    const { events } = await tried(lines, (chunk) => (chunk === 1 ? failure('exited') : undefined));
    expect(events.at(-1)).toMatchObject({ type: 'chunk', chunk: 1, outcome: failure('exited') });
  });

  test('that takes too long the first time is not run again', async () => {
    const { events, batches } = await tried(lines, (chunk, sandbox) =>
      chunk === 0 && sandbox === 0 ? failure('timed-out') : undefined,
    );
    expect(events).toHaveLength(1);
    expect(batches[1]?.flat().filter((chunk) => chunk === 0).length).toBeLessThan(2);
  });

  test('that takes too long the second time has not come out otherwise', async () => {
    const { events } = await tried(lines, (chunk, sandbox) =>
      chunk === 0 && sandbox === 1 ? failure('timed-out') : undefined,
    );
    expect(events.at(-1)).toMatchObject({ type: 'differs', failure: { kind: 'timed-out' } });
  });

  test('that could not be computed twice is an error', async () => {
    const once = tried(lines, (_chunk, sandbox) =>
      sandbox === 1 ? { type: 'returned' } : undefined,
    );
    await expect(once).rejects.toMatchObject({ code: 'job-failed' });
    await expect(once).rejects.toThrow(/could not be computed a second time/);
  });
});

describe('a job with split and merge', () => {
  const split = async function* () {
    yield [encodeCanonical(bytes('a')), encodeCanonical(bytes('b'))];
  };
  const merge: Sandbox['merge'] = async (_script, _params, results) => {
    const values = (await Array.fromAsync(results)).flat().map((value) => decodeCanonical(value));
    return { kind: 'json', value: bytes(JSON.stringify(values.length)) };
  };

  test('that computes in WASI has its script loaded beside the program, once', async () => {
    const loaded: LoadableProgram[] = [];
    const job = { ...lines.job, script: bytes('script') } as const;
    const { pieces: _none, ...options } = lines;
    const { events } = await tried({ ...options, job }, undefined, {
      split,
      merge,
      load: async (program) => void loaded.push(program),
    });
    expect(loaded.map((each) => each.runtime).toSorted()).toEqual(['javascript', 'wasi', 'wasi']);
    expect(loaded.find((each) => each.runtime === 'javascript')).toMatchObject({
      functions: ['split', 'merge'],
    });
    expect(events.at(-1)).toMatchObject({ type: 'merged', output: { kind: 'json' }, sawAll: true });
  });

  test('in JavaScript is one script for all three, and its split may not be empty', async () => {
    const { pieces: _none, ...options } = lines;
    const job = { runtime: 'javascript', script: bytes('script') } as const;
    const { events } = await tried({ ...options, job }, undefined, { split, merge });
    expect(events.at(-2)).toEqual({ type: 'same', chunks: 2 });
    await expect(tried({ ...options, job })).rejects.toThrow(/split yielded no chunk/);
  });
});
