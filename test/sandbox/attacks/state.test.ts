/**
 * State smuggled from one chunk to the next, on the same thread: within a batch, from batch to
 * batch, from job to job, from program to program. What a chunk does here is to look for what was
 * left, tell what it found, and leave something: every chunk must find what the first one found.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { jobId } from '../../../src/model/ids.ts';
import type { ChunkBatch, LoadableProgram, Sandbox } from '../../../src/ports.ts';
import { createRandom, sample } from '../../../src/protocol/random.ts';
import { builtSandbox } from '../../support/built-path.ts';
import { attackLimits, command, expectHonest, failure } from '../../support/attack.ts';
import { batchOf, programText, scriptOf, shown } from '../../support/job-runner.ts';
import { leaver, smuggler, ways } from '../../support/smuggler.ts';

const sandbox = builtSandbox({ slots: 1, limits: attackLimits });
const twoThreads = builtSandbox({ slots: 2, limits: attackLimits });

afterAll(async () => Promise.all([sandbox.close(), twoThreads.close()]));

const first = smuggler('first');
const second = smuggler('second');
const anotherJob = jobId('b'.repeat(64));

async function load(sandbox: Sandbox, ...programs: readonly LoadableProgram[]): Promise<void> {
  for (const program of programs) {
    expect(await sandbox.load(program, attackLimits)).toBeUndefined();
  }
}

async function results(
  inputs: readonly unknown[],
  program: LoadableProgram,
  changes: Partial<ChunkBatch> = {},
): Promise<readonly unknown[]> {
  return shown(await sandbox.run({ ...batchOf(program.key, inputs, attackLimits), ...changes }));
}

describe('JavaScript leaves nothing for the next chunk in', () => {
  beforeAll(async () => load(sandbox, first, second));

  test.each(ways)('%s', async (way, _statements, found) => {
    expect(await results([way, way, way], first)).toEqual([found, found, found]);
    expect(await results([way, way], first)).toEqual([found, found]);
    expect(await results([way, way], first, { job: anotherJob })).toEqual([found, found]);
    expect(await results([way, way], second)).toEqual([found, found]);
  });

  test.each([
    ['tells', 'console.log("left"); return 1;'],
    [
      'tells in promises that run on',
      '(async () => { for (;n < 99; n++) { await 0; console.log("left"); } })(); return 1;',
    ],
    ['tells before it fails', 'console.log("left"); throw 1;'],
    ['tells while it is encoded', 'return { get a() { console.log("left"); return 1; } };'],
    ['rejects later', 'Promise.resolve().then(() => { throw new Error("left"); }); return 1;'],
  ])('what it %s', async (_what, statements) => {
    const program = scriptOf(
      programText(`let n = 0; function compute(leaves) { if (leaves) { ${statements} } throw 2; }`),
    );
    await load(sandbox, program);
    const [, told] = await results([true, false], program);
    expect(told).toEqual(failure('threw', 'threw 2'));
  });

  test.each([
    ['looks', 'for (const byte of new Uint8Array(bytes.buffer)) sum += byte;'],
    ['writes', 'new Uint8Array(bytes.buffer).fill(200);'],
    ['lets go', 'bytes.buffer.transfer();'],
  ])('the bytes of its input, when it %s beyond them', async (_what, statements) => {
    const program = scriptOf(
      programText(`function compute(bytes) {
        let sum = 0;
        const found = [bytes.buffer.byteLength - bytes.length, [...bytes].join()];
        ${statements}
        return [...found, sum];
      }`),
    );
    await load(sandbox, program);
    const inputs = [1, 2, 3].map((byte) => Uint8Array.of(byte, byte));
    const found = await results(inputs, program);
    const sums = [1, 2, 3].map((byte) => (statements.startsWith('for') ? 2 * byte : 0));
    expect(found).toEqual([1, 2, 3].map((byte, at) => [0, `${byte},${byte}`, sums[at]]));
  });
});

describe('a program that leaves memory behind takes none from the chunks after it:', () => {
  // Kept by V8 for as long as there is the thread.
  test.each([
    [
      'with symbols',
      "for (let n = 0; n < 900; n += 1) Symbol.for((input + '.' + n).padEnd(20_000));",
    ],
    [
      'with private names',
      `class Stamp extends (function (object) { return object; }) {
        #left = Array.from({ length: 1e6 }, (_, n) => n + 0.5);
      }
      try { new Stamp(Object.prototype); } catch {}`,
    ],
  ])('%s', async (_how, statements) => {
    const program = scriptOf(programText(`function compute(input) { ${statements} return 1; }`));
    const needy = scriptOf(
      programText(`function compute(length) {
        return Array.from({ length }, (_, n) => n + 0.5).length;
      }`),
    );
    await load(sandbox, program, needy);
    for (let round = 0; round < 2; round += 1) {
      const inputs = [1, 2, 3].map((chunk) => `${round} ${chunk}`);
      expect(await results(inputs, program)).toEqual([1, 1, 1]);
      expect(await results([2_500_000], needy, { job: anotherJob })).toEqual([2_500_000]);
    }
    await expectHonest(sandbox);
  });
});

describe('WASI leaves nothing for the next chunk', () => {
  const { program } = command(leaver);
  const other = command(leaver, { arguments: ['of another setup'] }).program;
  const stdin = Buffer.from('a chunk');
  /** Sizes, contents, error numbers and times, in the order in which the program looks. */
  const anew = [
    ...u32s(Uint32Array.of(1, 0, 5, 0, 1, 1)),
    ...u32s(Buffer.from('passive\0')),
    ...u32s(Uint32Array.of(0, 0)),
    ...u32s(BigUint64Array.of(946_684_800_001_000_000n, 2_000_000n)),
    ...u32s(Uint32Array.of(0, 4, 0, 0, stdin.byteLength, 0, 0)),
  ];

  beforeAll(async () => load(sandbox, program, other));

  test('in memory, globals, tables, segments, clocks, files and descriptors', async () => {
    const outputs = [
      ...(await results([stdin, stdin, stdin], program)),
      ...(await results([stdin, stdin], program, { job: anotherJob })),
      ...(await results([stdin], other)),
    ];
    expect(outputs.map((output) => u32s(output).slice(0, anew.length))).toEqual(
      outputs.map(() => anew),
    );
  });

  test('in what it is given for chance, which is each chunk of each job its own', async () => {
    const once = await results([stdin, stdin, stdin], program);
    const inOther = await results([stdin, stdin, stdin], program, { job: anotherJob });
    const all = [...once, ...inOther].map((output) => u32s(output).slice(anew.length).join());
    expect(new Set(all).size).toBe(6);
    expect(await results([stdin, stdin, stdin], program)).toEqual(once);
    expect(await results([stdin, stdin, stdin], other)).toEqual(once);
    expect(await results([stdin, stdin, stdin], program, { job: anotherJob })).toEqual(inOther);
  });
});

function u32s(bytes: unknown): readonly number[] {
  if (!ArrayBuffer.isView(bytes)) throw new Error(`not bytes: ${JSON.stringify(bytes)}`);
  const copy = Uint8Array.from(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return [...new Uint32Array(copy.buffer)];
}

test('chunks that leave something give the same in whatever order, on two threads', async () => {
  const { program } = command(leaver);
  const jobs = [
    { program: first, inputs: ways.map(([way]) => way) },
    { program, inputs: ways.map(([way]) => Buffer.from(way)) },
  ];
  await load(twoThreads, first, program);
  const inOrder = await Promise.all(jobs.map(({ program, inputs }) => results(inputs, program)));
  const random = createRandom(20_261_123);
  for (let round = 0; round < 6; round += 1) {
    const shuffled = await Promise.all(
      jobs.map(async ({ program, inputs }) => {
        const { chunks, ...rest } = batchOf(program.key, inputs, attackLimits);
        const order = sample(random, chunks, chunks.length);
        const half = order.length >> 1;
        const outcomes = await Promise.all(
          [order.slice(0, half), order.slice(half)].map((chunks) =>
            twoThreads.run({ ...rest, chunks }),
          ),
        );
        const values = shown(outcomes.flat());
        return chunks.map((chunk) => values[order.indexOf(chunk)]);
      }),
    );
    expect(shuffled).toEqual(inOrder);
  }
});
