import { describe, expect, test } from 'vitest';

import type { JobSpec, Pieces } from '../../../src/model/job.ts';
import type { StoredJob } from '../../../src/ports.ts';
import { resultInParts, wholeResult } from '../../../src/runtime/final-result.ts';
import { joinResults } from '../../../src/runtime/joined-results.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { storedJob } from '../../support/stored-jobs.ts';

const { signal } = new AbortController();

/** A job that is done, whose chunks wrote these texts. */
async function doneJob(pieces: Pieces, ...parts: readonly string[]) {
  const store = new MemoryStore();
  async function* results() {
    yield parts.map((part) => encodeCanonical(Buffer.from(part)));
  }
  const output = await joinResults(results(), store, signal);
  const { spec, ...job } = storedJob('pieces', 'done');
  const steps: JobSpec['steps'] = { type: 'pieces', pieces };
  return { store, job: { ...job, spec: { ...spec, steps }, output } };
}

const lines: Pieces = { type: 'lines', linesPerChunk: 1 };

async function partsOf(store: MemoryStore, job: StoredJob): Promise<[string, string][]> {
  const parts: [string, string][] = [];
  for await (const { piece, part } of resultInParts(store, job)) {
    if (part === undefined) {
      const last = parts.at(-1);
      if (last === undefined) throw new Error('the first piece names no part');
      last[1] += String(piece);
    } else parts.push([part, String(piece)]);
  }
  return parts;
}

test('a whole result says its kind once, also when it is empty', async () => {
  const long = 'x'.repeat(300_000);
  const { store, job } = await doneJob(lines, long);
  const pieces = await Array.fromAsync(wholeResult(store, job));
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.map(({ kind }) => kind).join('')).toBe('bytes');
  expect(Buffer.concat(pieces.map(({ piece }) => piece)).toString()).toBe(long);
  const empty = await doneJob(lines, '');
  expect(await Array.fromAsync(wholeResult(empty.store, empty.job))).toEqual([
    { piece: Buffer.of(), kind: 'bytes' },
  ]);
});

describe('a result in parts', () => {
  test('has a file for each chunk, numbered so that they sort, empty ones too', async () => {
    const long = 'y'.repeat(250_000);
    const { store, job } = await doneJob(lines, 'one', '', long, 'four');
    expect(await partsOf(store, job)).toEqual([
      ['0000', 'one'],
      ['0001', ''],
      ['0002', long],
      ['0003', 'four'],
    ]);
  });

  test('of more than ten thousand chunks has longer numbers', async () => {
    const { store, job } = await doneJob(
      lines,
      ...Array.from({ length: 10_001 }, (_, n) => `${n}`),
    );
    const parts = await partsOf(store, job);
    expect(parts.at(0)).toEqual(['00000', '0']);
    expect(parts.at(-1)).toEqual(['10000', '10000']);
  });

  test('of files has their names, each once', async () => {
    const names = ['a.txt', 'A.txt', 'a.txt', 'a-2.txt', 'b', 'b'];
    const { store, job } = await doneJob({ type: 'files', names }, ...names);
    const named = (await partsOf(store, job)).map(([name]) => name);
    expect(named).toEqual(['a.txt', 'A-2.txt', 'a-3.txt', 'a-2-2.txt', 'b', 'b-2']);
    expect(new Set(named.map((name) => name.toLowerCase())).size).toBe(names.length);
  });

  test('says its kind in the first piece alone', async () => {
    const { store, job } = await doneJob(lines, 'one', 'two');
    const kinds = (await Array.fromAsync(resultInParts(store, job))).map(({ kind }) => kind);
    expect(kinds).toEqual(['bytes', undefined]);
  });

  test('can not be had of what a merge made, nor of too many chunks', async () => {
    const store = new MemoryStore();
    const output = { kind: 'bytes', blob: await store.putBlob(Buffer.from('x')) } as const;
    const merged = { ...storedJob('merged', 'done'), output };
    const error = await gridErrorOf(Array.fromAsync(resultInParts(store, merged)));
    expect([error.code, error.message]).toEqual(['usage', expect.stringContaining('its merge')]);
    const { job } = await doneJob(lines, 'one');
    const { parts: _none, ...many } = job.output;
    const refused = await gridErrorOf(
      Array.fromAsync(resultInParts(store, { ...job, output: many })),
    );
    expect(refused.message).toContain('more than 1000000 chunks');
  });
});

test.each([
  ['running', 'job-failed', 'manyhands watch'],
  ['cancelled', 'job-cancelled', 'it is cancelled'],
  ['failed', 'job-failed', 'it is failed. Chunk 7'],
] as const)('a job that is %s has no result, and says why', async (state, code, words) => {
  const job = { ...storedJob('none', state), ...(state === 'failed' && { failure: 'Chunk 7' }) };
  for (const result of [wholeResult, resultInParts]) {
    const error = await gridErrorOf(Array.fromAsync(result(new MemoryStore(), job)));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
  }
});

test('a result that made room for others is told of as that', async () => {
  const { store, job } = await doneJob(lines, 'a');
  const { output: _gone, ...rest } = job;
  const pieces = wholeResult(store, { ...rest, isTrimmed: true });
  expect(await gridErrorOf(pieces.next())).toMatchObject({
    code: 'job-failed',
    message: expect.stringContaining('The result of this job was removed'),
  });
});
