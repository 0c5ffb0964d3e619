import { expect, test } from 'vitest';

import type { AuditRecord } from '../../../src/model/audit.ts';
import type { ChunkOutcome, LoadableProgram } from '../../../src/ports.ts';
import type { Outcome } from '../../../src/model/replica.ts';
import { checkAudit } from '../../../src/runtime/audit-check.ts';
import { Findings } from '../../../src/runtime/audit-findings.ts';
import { recompute, type Recomputed } from '../../../src/runtime/recompute.ts';
import {
  allResults,
  bea,
  blobOf,
  chunksCount,
  inputOf,
  inPieces,
  lieAbout,
  program,
  resultOf,
  type SampleOptions,
  sealed,
  someAudit,
} from '../../support/audit-samples.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';

type Computed = {
  readonly recomputed: Recomputed;
  readonly texts: readonly string[];
  /** Inputs that the sandbox was given, by chunk. */
  readonly given: ReadonlyMap<number, Uint8Array>;
  /** The program that it was given. */
  readonly source: Uint8Array;
  readonly wallMsMax: number;
};

type Change = (records: readonly AuditRecord[]) => readonly AuditRecord[];

/** Recomputes a sample of it with a sandbox that answers as told. */
async function computed(
  chunks: number,
  answer: (chunk: number) => Outcome,
  options: SampleOptions & { readonly change?: Change } = {},
): Promise<Computed> {
  const { job: id, records } = await someAudit({ ...options, withInputs: true });
  const bytes = sealed(id, options.change?.(records) ?? records);
  const findings = new Findings();
  const { job } = await checkAudit(inPieces(bytes), findings);
  if (job === undefined) throw new Error('the sample names no job');
  const given = new Map<number, Uint8Array>();
  let source: Uint8Array = Buffer.of();
  let wallMsMax = 0;
  const sandbox = {
    ...fakeSandbox(),
    slots: 2,
    load: async (program: LoadableProgram) => {
      if (program.runtime === 'javascript') source = await program.source();
      return undefined;
    },
    run: async (batch: Parameters<ReturnType<typeof fakeSandbox>['run']>[0]) => {
      wallMsMax = batch.limits.wallMsMax;
      return batch.chunks.map(({ chunk, input }): ChunkOutcome => {
        given.set(chunk, Uint8Array.from(input));
        return { outcome: answer(chunk), computeMs: 1 };
      });
    },
  };
  const recomputed = await recompute(
    { pieces: inPieces(bytes), job, chunks, findings },
    () => sandbox,
  );
  return { recomputed, given, source, wallMsMax, texts: findings.first.map(({ text }) => text) };
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

test('nobody is asked what is equal: another result says nothing there', async () => {
  const equal = [0, 1, 2, 3].map((chunk): AuditRecord => {
    return { type: 'equivalent', chunk, digest: lieAbout(chunk), of: resultOf(chunk) };
  });
  const change: Change = (records) => {
    const at = records.findIndex(({ type }) => type === 'statement');
    return records.toSpliced(at, 0, ...equal);
  };
  const within = await computed(4, wrong, { comparison: 'equals', change });
  expect(within.recomputed).toMatchObject({ same: 0, different: 0 });
  expect(within.recomputed.undecided).toHaveLength(4);
  expect((await computed(4, wrong, { change })).recomputed).toMatchObject({ different: 4 });
});

test('a program that comes twice is run as it was checked', async () => {
  const change: Change = (records) => {
    const at = records.findIndex(({ type }) => type === 'blob');
    return records.toSpliced(at, 0, ...blobOf(program));
  };
  const { source, texts } = await computed(1, right, { change });
  expect(Buffer.from(source).equals(program)).toBe(true);
  expect(texts).toEqual([expect.stringContaining('comes once more')]);
});

test('a chunk may take ten minutes here, whatever the job says', async () => {
  const { wallMsMax } = await computed(1, right);
  expect(wallMsMax).toBe(600_000);
});

test('inputs that have changed since they were checked are no reason to say anything', async () => {
  const { job: id, records } = await someAudit({ withInputs: true });
  const { job } = await checkAudit(inPieces(sealed(id, records)));
  if (job === undefined) throw new Error('the sample names no job');
  const cut = inPieces(sealed(id, records.slice(0, -1)));
  const again = recompute({ pieces: cut, job, chunks: 4, findings: new Findings() }, () => {
    return fakeSandbox();
  });
  expect((await gridErrorOf(again)).message).toContain('the inputs are not whole');
});
