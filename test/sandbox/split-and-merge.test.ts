/** `split` and `merge`, each in a thread of its own. */

import { createReadStream, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { GridError } from '../../src/model/errors.ts';
import { limits } from '../../src/model/limits.ts';
import type { ProgramKey } from '../../src/model/program.ts';
import type { SplitInput } from '../../src/ports.ts';
import { builtSandbox } from '../support/built-path.ts';
import { encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { loadProgram, splitAll } from '../support/job-runner.ts';

const MiB = 1024 * 1024;
const sandbox = builtSandbox({ slots: 1, limits: { memoryBytesMax: 48 * MiB } });
const impatient = builtSandbox({ slots: 1, splitIdleMsMax: 500, mergeIdleMsMax: 500 });
const { signal: never } = new AbortController();
const compute = 'function compute(n) { return n; }';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-'));
});

afterAll(async () => {
  await sandbox.close();
  await impatient.close();
  await rm(folder, { recursive: true });
});

async function split(
  body: string,
  params?: unknown,
  input?: string,
  within = sandbox,
): Promise<unknown[]> {
  const program = await loadProgram(within, `${compute}\n${body}`);
  return splitAll(within, program, params, input === undefined ? undefined : inputOf(input));
}

async function merge(
  body: string,
  results: readonly unknown[][] = [[1, 2], [3]],
  within = sandbox,
): Promise<string> {
  const program = await loadProgram(within, `${compute}\n${body}`);
  const output = await within.merge(program, encodeCanonical({ p: 1 }), pages(), never);
  return `${output.kind}: ${new TextDecoder().decode(output.value)}`;

  async function* pages(): AsyncGenerator<Uint8Array[]> {
    for (const page of results) yield page.map(encodeCanonical);
  }
}

function inputFile(text: string | Uint8Array): string {
  const path = join(folder, 'input.txt');
  writeFileSync(path, text);
  return path;
}

function inputOf(path: string): SplitInput {
  return { name: basename(path), pieces: createReadStream(path) };
}

/** Of a job whose parameters don't matter, pulled with nobody to stop it. */
function pull(program: ProgramKey, input?: SplitInput): AsyncIterable<readonly Uint8Array[]> {
  return sandbox.split(program, encodeCanonical({ max: MiB - 100 }), input, 'values', never);
}

describe('split', () => {
  test.each([
    ['a generator', 'function* split({ n }) { for (let i = 0; i < n; i += 1) yield i; }'],
    [
      'an async generator',
      'async function* split({ n }) { yield 0; await null; yield 1; yield 2; }',
    ],
    ['an array', 'function split({ n }) { return [0, 1, 2]; }'],
    ['a promise of a Set', 'async function split() { return new Set([0, 1, 2]); }'],
    [
      'an iterator of its own making',
      `function split() {
        let n = 0;
        const next = () => (n < 3 ? { done: false, value: n++ } : { done: true });
        return { [Symbol.iterator]: () => ({ next }) };
      }`,
    ],
  ])('may be or return %s', async (_what, body) => {
    expect(await split(body, { n: 3 })).toEqual([0, 1, 2]);
  });

  test('gives a hundred thousand chunks in their order', async () => {
    const chunks = await split('function* split() { for (let i = 0; i < 1e5; i += 1) yield i; }');
    expect(chunks).toEqual(Array.from({ length: 1e5 }, (_, n) => n));
  });

  test('waits while nobody pulls: an endless one yields no more than what is taken', async () => {
    const program = await loadProgram(
      sandbox,
      `${compute}\nfunction* split() { for (let i = 0; ; i += 1) yield 'x'.repeat(1e5) + i; }`,
    );
    // Far more than the thread's memory, had it run ahead.
    let bytes = 0;
    for await (const chunks of pull(program)) {
      for (const chunk of chunks) bytes += chunk.byteLength;
      expect(chunks.length).toBeLessThan(12);
      if (bytes > 100 * MiB) break;
    }
    expect(bytes).toBeLessThan(102 * MiB);
  });

  test.each([
    ['yields nothing', 'function* split() {}', 'Error: split yielded no chunks'],
    ['returns nothing', 'function split() {}', 'split must return something to iterate over'],
    [
      'returns a string',
      "function split() { return 'abc'; }",
      'it returned a value of type string',
    ],
    ['is missing', '', 'a job must export a function split, but this one exports nothing'],
    ['throws', "function* split() { yield 1; throw new TypeError('no'); }", 'TypeError: no'],
    [
      'yields what CBOR can not carry',
      'function* split() { yield 0; yield () => 1; }',
      "chunk 1 that split yielded can't be sent: Error: CBOR can't carry a function",
    ],
    [
      'yields too large a chunk',
      'function* split() { yield 0; yield new Uint8Array(2 ** 21); }',
      'chunk 1 that split yielded has 2097157 bytes as CBOR, but a chunk may have at most 1048581',
    ],
    [
      'fills its memory',
      'function* split() { const all = []; for (;;) all.push({ all }); }',
      'it needed more than 48 MiB of memory',
    ],
    [
      'wrote something before it failed',
      "function* split() { console.log('was here'); throw new Error('no'); }",
      'Error: no\nIt wrote: was here',
    ],
  ])('that %s fails the job and says so', async (_what, body, reason) => {
    const failed = split(body);
    await expect(failed).rejects.toBeInstanceOf(GridError);
    await expect(failed).rejects.toMatchObject({
      code: 'job-failed',
      message: expect.stringContaining(`The job's split failed: `),
    });
    await expect(failed).rejects.toThrow(reason);
  });

  test.each([
    ['runs on without yielding', 'function* split() { yield 1; for (;;) {} }'],
    ['waits for what never comes', 'async function split() { return new Promise(() => {}); }'],
  ])('that %s is given up', async (_what, body) => {
    await expect(split(body, {}, undefined, impatient)).rejects.toMatchObject({
      code: 'job-failed',
      message: "The job's split failed: it ran for 0.5 s without yielding a chunk or ending",
    });
  });

  test('ends with the reason of the signal that aborts it, even in an endless loop', async () => {
    const program = await loadProgram(sandbox, `${compute}\nfunction* split() { for (;;) {} }`);
    const controller = new AbortController();
    const chunks = sandbox.split(
      program,
      encodeCanonical({}),
      undefined,
      'values',
      controller.signal,
    );
    const next = chunks[Symbol.asyncIterator]().next();
    controller.abort(new Error('cancelled'));
    await expect(next).rejects.toThrow('cancelled');
  });
});

describe('split for a WASI program', () => {
  test('yields bytes: text and bytes as they are, anything else as a line of JSON', async () => {
    const body = `function* split() {
      yield 'grüße';
      yield new Uint8Array([1, 2]);
      yield { b: 1, a: [null] };
      yield 7n;
    }`;
    const program = await loadProgram(sandbox, body);
    const text = (written: string): Uint8Array => new TextEncoder().encode(written);
    expect(await splitAll(sandbox, program, {}, undefined, 'bytes')).toEqual([
      text('grüße'),
      new Uint8Array([1, 2]),
      text('{"b":1,"a":[null]}\n'),
      text('"7"\n'),
    ]);
  });

  test('that yields what has no JSON fails the job and says so', async () => {
    const program = await loadProgram(sandbox, 'function* split() { yield 1; yield undefined; }');
    const failed = splitAll(sandbox, program, {}, undefined, 'bytes');
    await expect(failed).rejects.toThrow(
      "chunk 1 that split yielded can't be sent: Error: it is undefined; a WASI program reads text",
    );
  });
});

describe('the input of split', () => {
  const linesOf = 'async function* split({ max }, input) { yield* input.lines(max); }';

  test('comes in pieces of whole lines', async () => {
    const path = inputFile('one\ntwo\n\nthree four five\nsix');
    const pieces = ['one\ntwo\n\n', 'three four five\n', 'six'];
    expect(await split(linesOf, { max: 12 }, path)).toEqual(pieces);
  });

  test('comes in pieces of so many bytes', async () => {
    const bytesOf = 'async function* split({ n }, input) { yield* input.bytes(n); }';
    const path = inputFile('abcdefgh');
    const pieces = ['abc', 'def', 'gh'].map((text) => new TextEncoder().encode(text));
    expect(await split(bytesOf, { n: 3 }, path)).toEqual(pieces);
  });

  test('has a name, and is absent if none is given', async () => {
    const body =
      'function* split(params, input) { yield input === undefined ? null : input.name; }';
    expect(await split(body, {}, inputFile('x'))).toEqual(['input.txt']);
    expect(await split(body)).toEqual([null]);
  });

  test('can not be changed by the program', async () => {
    const body = "function* split(params, input) { 'use strict'; input.name = 'mine'; yield 1; }";
    await expect(split(body, {}, inputFile('x'))).rejects.toThrow(/read only|not extensible|name/);
  });

  test('can be read once', async () => {
    const body = `async function* split(params, input) {
      yield* input.lines(10);
      yield* input.lines(10);
    }`;
    await expect(split(body, {}, inputFile('x'))).rejects.toThrow('can be read once');
  });

  test.each([0, -1, 1.5, 2 ** 21, '10'])('refuses to come in pieces of %j bytes', async (max) => {
    const failed = split(linesOf, { max }, inputFile('x'));
    await expect(failed).rejects.toThrow(
      'input.lines takes a whole number of bytes from 1 to 1048576',
    );
  });

  test('with a line longer than a chunk may be fails and names the line', async () => {
    const path = inputFile(`short\nshort\n${'x'.repeat(limits.pieceBytesMax + 1)}\nshort\n`);
    const failed = split(linesOf, { max: 100 }, path);
    await expect(failed).rejects.toThrow('line 3 of the input is longer than 1048576 bytes');
  });

  test('that can not be read is the error of whoever was to read it', async () => {
    const program = await loadProgram(sandbox, `${compute}\n${linesOf}`);
    const pieces = {
      async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
        yield Buffer.from('some bytes');
        throw new GridError('input-unreadable', 'the disk is gone');
      },
    };
    const failed = splitAll(sandbox, program, { max: 10 }, { name: 'input.txt', pieces });
    await expect(failed).rejects.toMatchObject({
      code: 'input-unreadable',
      message: 'the disk is gone',
    });
  });

  test('streams through a thread with less memory than it has bytes', async () => {
    const path = join(folder, 'large.txt');
    const file = await open(path, 'w');
    const block = Buffer.from(`${'0123456789'.repeat(10)}\n`.repeat(10_000));
    for (let written = 0; written < 80 * MiB; written += block.length) await file.write(block);
    await file.close();
    const program = await loadProgram(sandbox, `${compute}\n${linesOf}`);
    const hash = createHash('sha256');
    for await (const chunks of pull(program, inputOf(path))) {
      // Five bytes of CBOR before the text.
      for (const chunk of chunks) hash.update(chunk.subarray(5));
    }
    const expected = createHash('sha256');
    for await (const piece of createReadStream(path)) expected.update(piece);
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
  });
});

describe('merge', () => {
  const collect = `async function merge(results, params) {
    const all = [];
    for await (const result of results) all.push(result);`;

  test('gets all results in their order, and the parameters', async () => {
    const body = `${collect} return [...all, params]; }`;
    expect(await merge(body)).toBe(`json: ${JSON.stringify([1, 2, 3, { p: 1 }], null, 2)}\n`);
  });

  test.each([
    ['text', "'grüße'", 'text: grüße'],
    ['bytes', 'new Uint8Array([104, 105])', 'bytes: hi'],
    ['JSON', '({ n: 2n ** 64n })', 'json: {\n  "n": "18446744073709551616"\n}\n'],
  ])('returns %s', async (_kind, value, output) => {
    expect(await merge(`function merge() { return ${value}; }`)).toBe(output);
  });

  test('gets more results than its memory holds, if it keeps none', async () => {
    const page = Array.from({ length: 8 }, () => new Uint8Array(MiB - 16));
    const body = `async function merge(results) {
      let bytes = 0;
      for await (const result of results) bytes += result.length;
      return bytes;
    }`;
    const pages = Array.from({ length: 16 }, () => page);
    expect(await merge(body, pages)).toBe(`json: ${128 * (MiB - 16)}\n`);
  });

  test.each([
    ['is missing', '', 'a job must export a function merge'],
    ['throws', "function merge() { throw new Error('no'); }", 'Error: no'],
    ['returns nothing', 'function merge() {}', 'merge returned undefined; it must return text'],
    ['returns a function', 'function merge() { return merge; }', 'merge returned function'],
  ])('that %s fails the job and says so', async (_what, body, reason) => {
    const failed = merge(body);
    await expect(failed).rejects.toMatchObject({ code: 'job-failed' });
    await expect(failed).rejects.toThrow(`The job's merge failed: `);
    await expect(failed).rejects.toThrow(reason);
  });

  test('that runs on is given up', async () => {
    await expect(merge('function merge() { for (;;) {} }', [], impatient)).rejects.toMatchObject({
      code: 'job-failed',
      message: "The job's merge failed: it ran for 0.5 s without asking for a result or ending",
    });
  });

  test('fails with the error of whoever was to give the results', async () => {
    const program = await loadProgram(sandbox, `${compute}\n${collect} }`);
    const broken = {
      async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array[]> {
        yield [encodeCanonical(1)];
        throw new GridError('store-failed', 'the store is gone');
      },
    };
    const failed = sandbox.merge(program, encodeCanonical({}), broken, never);
    await expect(failed).rejects.toMatchObject({ code: 'store-failed' });
  });

  test('ends with the reason of the signal that aborts it', async () => {
    const program = await loadProgram(sandbox, `${compute}\nfunction merge() { for (;;) {} }`);
    const controller = new AbortController();
    const none = {
      async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array[]> {},
    };
    const merged = sandbox.merge(program, encodeCanonical({}), none, controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(merged).rejects.toThrow('cancelled');
  });
});
