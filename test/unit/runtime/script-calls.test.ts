import { expect, test } from 'vitest';

import type { ChunkBatch, ChunkOutcome } from '../../../src/ports.ts';
import { loadableScript } from '../../../src/runtime/loadable.ts';
import { type Pair, ScriptCalls } from '../../../src/runtime/script-calls.ts';
import { decodeCanonical, encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { chunkLimitsOf, specOf } from '../../support/protocol-fixtures.ts';

const limits = chunkLimitsOf();
const script = loadableScript(specOf().program, limits.memoryBytesMax, [], async () => Buffer.of());

function result(value: unknown): ChunkOutcome {
  const encoded = encodeCanonical(value);
  return { outcome: { type: 'result', digest: digestOf(encoded), value: encoded }, computeMs: 1 };
}

const returned: ChunkOutcome = { outcome: { type: 'returned' }, computeMs: 0 };

/** @param run what comes of each batch */
function callsOver(run: (batch: ChunkBatch) => ChunkOutcome[]) {
  const batches: ChunkBatch[] = [];
  const sandbox = fakeSandbox({
    run: async (batch) => {
      batches.push(batch);
      return run(batch);
    },
  });
  return { batches, calls: new ScriptCalls({ script, limits }, { sandbox }) };
}

const pairOf = (first: unknown, second: unknown): Pair => [
  encodeCanonical(first),
  encodeCanonical(second),
];

test('a call has both values in canonical CBOR, each as bytes of its own', async () => {
  const { batches, calls } = callsOver(() => [result(true)]);
  expect(await calls.ask('verify', [pairOf(6, [2, 3])])).toEqual(['yes']);
  expect(batches).toMatchObject([{ program: script.key, call: 'verify' }]);
  expect(batches[0]?.limits).toEqual(limits);
  const input = batches[0]?.chunks[0]?.input ?? Buffer.of();
  expect(decodeCanonical(input)).toEqual(pairOf(6, [2, 3]));
});

test('whatever is not true or false is no answer, and neither is a failure', async () => {
  const failure = { kind: 'timed-out', detail: 'the chunk ran longer than 1000 ms' } as const;
  const tooLarge = { kind: 'result-too-large', detail: 'large' } as const;
  const outcomes = [
    result(true),
    result(false),
    result(1),
    result([true]),
    { outcome: { type: 'failure', failure }, computeMs: 1 } as const,
    { outcome: { type: 'failure', failure: tooLarge }, computeMs: 1 } as const,
  ];
  const { calls } = callsOver(() => outcomes);
  const none = { kind: 'threw', detail: 'equals returned something else than true or false' };
  const asked = outcomes.map(() => pairOf(1, 1));
  expect(await calls.ask('equals', asked)).toEqual([
    'yes',
    'no',
    none,
    none,
    { kind: 'timed-out', detail: 'equals: the chunk ran longer than 1000 ms' },
    none,
  ]);
});

test('calls that come back unanswered are made again, and only those', async () => {
  const { batches, calls } = callsOver(({ chunks }) =>
    batches.length === 1 ? [returned, result(true), returned] : chunks.map(() => result(false)),
  );
  const asked = [pairOf(1, 2), pairOf(3, 4), pairOf(5, 6)];
  expect(await calls.ask('equals', asked)).toEqual(['no', 'yes', 'no']);
  expect(batches.map(({ chunks }) => chunks.map(({ chunk }) => chunk))).toEqual([
    [0, 1, 2],
    [0, 2],
  ]);
});

test('a comparison has ten seconds, however long a chunk may take', async () => {
  const batches: ChunkBatch[] = [];
  const sandbox = fakeSandbox({
    run: async (batch) => {
      batches.push(batch);
      return [result(true)];
    },
  });
  const long = { ...limits, wallMsMax: 3_600_000 };
  const calls = new ScriptCalls({ script, limits: long }, { sandbox });
  await calls.ask('equals', [pairOf(1, 1)]);
  expect(batches[0]?.limits).toEqual({ ...limits, wallMsMax: 10_000 });
});

test('a job that is over stops its own calls, and nobody else’s', async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const sandbox = fakeSandbox({
    run: async (_batch, signal) => {
      signals.push(signal);
      return [result(true)];
    },
  });
  const all = [1, 2].map(() => new ScriptCalls({ script, limits }, { sandbox }));
  for (const calls of all) await calls.ask('equals', [pairOf(1, 1)]);
  all[0]?.close();
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, false]);
});

test('once its job is over, nothing is asked any more', async () => {
  const { batches, calls } = callsOver(({ chunks }) => {
    calls.close();
    return chunks.map(() => returned);
  });
  await gridErrorOf(calls.ask('verify', [pairOf(1, 2)]));
  expect(batches).toHaveLength(1);
});

test('calls that never come back answered end in an error', async () => {
  const { batches, calls } = callsOver(({ chunks }) => chunks.map(() => returned));
  const error = await gridErrorOf(calls.ask('verify', [pairOf(1, 2)]));
  expect(error.code).toBe('job-failed');
  expect(error.message).toContain('verify could not be asked');
  expect(batches).toHaveLength(8);
});
