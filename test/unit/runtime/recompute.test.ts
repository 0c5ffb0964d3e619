import { expect, test } from 'vitest';

import type { ChunkOutcome } from '../../../src/ports.ts';
import type { Outcome } from '../../../src/model/replica.ts';
import { checkAudit } from '../../../src/runtime/audit-check.ts';
import { Findings } from '../../../src/runtime/audit-findings.ts';
import { recompute, type Recomputed, sampleOf } from '../../../src/runtime/recompute.ts';
import {
  allResults,
  bea,
  chunksCount,
  inputOf,
  inPieces,
  lieAbout,
  resultOf,
  type SampleOptions,
  sealed,
  someAudit,
} from '../../support/audit-samples.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';

type Computed = {
  readonly recomputed: Recomputed;
  readonly texts: readonly string[];
  /** Inputs that the sandbox was given, by chunk. */
  readonly given: ReadonlyMap<number, Uint8Array>;
};

/** Recomputes a sample of it with a sandbox that answers as told. */
async function computed(
  chunks: number,
  answer: (chunk: number) => Outcome,
  options: SampleOptions = {},
): Promise<Computed> {
  const { job: id, records } = await someAudit({ ...options, withInputs: true });
  const bytes = sealed(id, records);
  const findings = new Findings();
  const { job } = await checkAudit(inPieces(bytes), findings);
  if (job === undefined) throw new Error('the sample names no job');
  const given = new Map<number, Uint8Array>();
  const sandbox = {
    ...fakeSandbox(),
    slots: 2,
    run: async (batch: Parameters<ReturnType<typeof fakeSandbox>['run']>[0]) =>
      batch.chunks.map(({ chunk, input }): ChunkOutcome => {
        given.set(chunk, Uint8Array.from(input));
        return { outcome: answer(chunk), computeMs: 1 };
      }),
  };
  const recomputed = await recompute(
    { pieces: inPieces(bytes), job, chunks, findings },
    () => sandbox,
  );
  return { recomputed, given, texts: findings.first.map(({ text }) => text) };
}

const value = new Uint8Array(0);
const right = (chunk: number): Outcome => ({ type: 'result', digest: resultOf(chunk), value });
const wrong = (chunk: number): Outcome => ({ type: 'result', digest: lieAbout(chunk), value });

test('all chunks come out as they were accepted, each from its own input', async () => {
  const { recomputed, given, texts } = await computed(chunksCount, right);
  expect(recomputed).toEqual({ chunks: 4, same: 4, different: 0, undecided: [] });
  expect(texts).toEqual([]);
  expect([...given].sort(([a], [b]) => a - b)).toEqual(
    [0, 1, 2, 3].map((chunk) => [chunk, Uint8Array.from(inputOf(chunk))]),
  );
});

test('only a sample is computed', async () => {
  const { recomputed, given } = await computed(2, right);
  expect([recomputed.chunks, given.size]).toEqual([2, 2]);
});

test('a chunk that comes out otherwise, or fails, is named', async () => {
  const threw: Outcome = { type: 'failure', failure: { kind: 'threw', detail: 'no' } };
  const { recomputed, texts } = await computed(4, (chunk) => {
    if (chunk === 1) return wrong(chunk);
    return chunk === 2 ? threw : right(chunk);
  });
  expect(recomputed).toMatchObject({ same: 2, different: 2 });
  const name = (chunk: number) => resultOf(chunk).slice(0, 8);
  expect(texts.toSorted()).toEqual([
    `Chunk 1: its accepted result is ${name(1)}, but here it comes out as ` +
      `${lieAbout(1).slice(0, 8)}.`,
    `Chunk 2: its accepted result is ${name(2)}, but it failed here: threw.`,
  ]);
});

test('what this machine has no time for says nothing of the job', async () => {
  const late: Outcome = { type: 'failure', failure: { kind: 'timed-out', detail: '' } };
  const { recomputed, texts } = await computed(4, (chunk) => (chunk === 3 ? late : right(chunk)));
  expect(recomputed).toMatchObject({ same: 3, undecided: [{ chunk: 3, why: 'timed-out' }] });
  expect(texts).toEqual([]);
});

test('where several results may be right, another one says nothing', async () => {
  const signed = [[bea, allResults()]] as const;
  const { recomputed } = await computed(4, wrong, { comparison: 'verify', signed });
  expect(recomputed).toMatchObject({ same: 0, different: 0 });
  expect(recomputed.undecided).toHaveLength(4);
});

test('a sample has as many different chunks as were asked for, each with the same chance', () => {
  expect(sampleOf(5, 9)).toEqual(new Set([0, 1, 2, 3, 4]));
  const counts = new Map<number, number>();
  for (let round = 0; round < 2000; round++) {
    const sample = sampleOf(10, 3);
    expect(sample.size).toBe(3);
    for (const chunk of sample) counts.set(chunk, (counts.get(chunk) ?? 0) + 1);
  }
  // 600 each, with a deviation of 20.
  for (let chunk = 0; chunk < 10; chunk++) {
    expect(counts.get(chunk)).toBeGreaterThan(480);
    expect(counts.get(chunk)).toBeLessThan(720);
  }
});
