import { once } from 'node:events';
import { setImmediate as breathe } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import { limits } from '../../../src/model/limits.ts';
import type { JobSpec } from '../../../src/model/job.ts';
import type { StoredJob } from '../../../src/ports.ts';
import type { LocalEvent } from '../../../src/protocol/events.ts';
import { NUMBERS_SKIPPED } from '../../../src/protocol/requester/lease-book.ts';
import { PieceSteps, ScriptSteps, type StepRunner } from '../../../src/runtime/job-steps.ts';
import { loadableScript } from '../../../src/runtime/loadable.ts';
import { KeptInputs } from '../../../src/runtime/kept-inputs.ts';
import { OwnJob } from '../../../src/runtime/own-job.ts';
import { PageFiles } from '../../../src/runtime/pages.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { encodePacked, pack } from '../../../src/wire/packed.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { jobNumbered, specOf } from '../../support/protocol-fixtures.ts';

const job = jobNumbered(1);
const rangeSpec = specOf({
  steps: { type: 'pieces', pieces: { type: 'range', from: 0, to: 3, numbersPerChunk: 1 } },
});

/** A job that runs, and its machine's part: the results of all chunks, in order, when told. */
function running(spec: JobSpec, steps: StepRunner, store: MemoryStore) {
  const taking = taken(spec, steps, store);
  taking.own.run();
  return taking;
}

/** The same, before it begins. */
function taken(spec: JobSpec, steps: StepRunner, store: MemoryStore) {
  const splitEnded = Promise.withResolvers<void>();
  const events: LocalEvent['type'][] = [];
  const own = new OwnJob(job, spec, {
    steps,
    store,
    pageFiles: new PageFiles(store),
    dispatch: ({ type }) => {
      events.push(type);
      if (type === 'split-ended') splitEnded.resolve();
    },
    machine: () => undefined,
    nowMs: () => 0,
  });
  async function accept(...values: readonly Uint8Array[]): Promise<void> {
    await splitEnded.promise;
    const results = values.map((value, chunk) => ({ chunk, digest: digestOf(value), value }));
    store.commit([{ job, results }]);
    own.advanceTo(values.length);
    own.allAccepted();
    await own.settled;
  }
  return { own, events, accept };
}

test('merge has its script loaded again, since others’ may have taken its place', async () => {
  const store = new MemoryStore();
  const { program, limits } = specOf();
  const read = async () => Buffer.of();
  const script = loadableScript(program, limits.memoryBytesMax, ['split', 'merge'], read);
  const calls: unknown[] = [];
  const sandbox = fakeSandbox({
    load: async (...loaded) => {
      calls.push(['load', ...loaded]);
      return undefined;
    },
    async *split(key, params, input, encoding) {
      calls.push(['split', key, params, input, encoding]);
      yield [Uint8Array.of(7)];
    },
    merge: async (key, params, results) => {
      calls.push(['merge', key, params, await Array.fromAsync(results)]);
      return { kind: 'text', value: Buffer.from('A') };
    },
  });
  const params = Uint8Array.of(1);
  const given = { script, params, limits, encoding: 'bytes', input: undefined } as const;
  const { own, accept } = running(specOf(), new ScriptSteps(given, { sandbox, store }), store);
  await accept(encodeCanonical('result'));
  expect(calls).toEqual([
    ['split', script.key, params, undefined, 'bytes'],
    ['load', script, limits],
    ['merge', script.key, params, [[encodeCanonical('result')]]],
  ]);
  expect(own.stored).toMatchObject({ state: 'done', output: { kind: 'text' } });
  const blob = own.stored.output?.blob ?? specOf().program;
  expect(String(await store.getBlob(blob))).toBe('A');
});

function pieceSteps(store: MemoryStore): StepRunner {
  if (rangeSpec.steps.type !== 'pieces') throw new Error('not cut into pieces');
  const { pieces } = rangeSpec.steps;
  return new PieceSteps({ pieces, paths: [], input: undefined }, { store });
}

test('a job of pieces is split and its results are joined, in chunk order', async () => {
  const store = new MemoryStore();
  const { own, accept, events } = running(rangeSpec, pieceSteps(store), store);
  await accept(...['zero ', 'one ', 'two'].map((text) => encodeCanonical(Buffer.from(text))));
  expect(events).toEqual(['submit', 'chunks-added', 'split-ended', 'end-job']);
  const { state, output } = own.stored;
  expect([state, output?.kind]).toEqual(['done', 'bytes']);
  expect(String(await store.getBlob(output?.blob ?? rangeSpec.program))).toBe('zero one two');
  expect(store.readResults(job, 0, 10)).toEqual([]);
});

test('of a job that is done accepted digests and inputs are kept, and no page', async () => {
  const store = new MemoryStore();
  const { own, accept } = running(rangeSpec, pieceSteps(store), store);
  const values = ['a', 'b', 'c'].map((text) => encodeCanonical(Buffer.from(text)));
  await accept(...values);
  const { digests, inputs } = store.getJob(job)?.certificates ?? {};
  if (digests === undefined || inputs === undefined) throw new Error('no certificates');
  const accepted = Buffer.concat(values.map((value) => Buffer.from(digestOf(value), 'hex')));
  expect(accepted.equals((await store.getBlob(digests)) ?? Buffer.alloc(0))).toBe(true);
  const kept = new KeptInputs().push((await store.getBlob(inputs)) ?? Buffer.alloc(0)) ?? [];
  expect(kept).toHaveLength(3);
  expect(await store.getBlob(digestOf(encodePacked(pack(kept))))).toBeUndefined();
  expect(own.stored).toEqual(store.getJob(job));
});

test('of a job that failed nothing is kept', async () => {
  const store = new MemoryStore();
  const { own, accept } = running(rangeSpec, pieceSteps(store), store);
  await accept(...['a', 'b', 'c'].map((text) => encodeCanonical(text)));
  expect(own.stored).not.toHaveProperty('certificates');
});

test('a result that no WASI program can give fails the job', async () => {
  const store = new MemoryStore();
  const { own, accept } = running(rangeSpec, pieceSteps(store), store);
  await accept(...['a', 'b', 'c'].map((text) => encodeCanonical(text)));
  expect(own.stored.state).toBe('failed');
  expect(own.stored.failure).toContain('The result of chunk 0 is not a string of bytes');
});

test('too many pieces fail the job, with what to do', async () => {
  const store = new MemoryStore();
  const spec = { ...rangeSpec, chunksMax: 2 };
  const { own } = running(spec, pieceSteps(store), store);
  await own.settled;
  expect(own.stored.failure).toMatch(/more than 2 chunks\. Make larger ones, .*--max-chunks/);
});

test.each<[string, (own: OwnJob) => void, string]>([
  ['cancelled', (own) => own.cancel(), 'cancelled'],
  ['left to the next process', (own) => own.leave(), 'running'],
])('a job that is %s closes its input', async (_how, end, state) => {
  const store = new MemoryStore();
  let closed = 0;
  const steps: StepRunner = {
    async *split(signal) {
      yield [Uint8Array.of(1)];
      if (!signal.aborted) await once(signal, 'abort');
    },
    merge: () => Promise.reject(new Error('never begun')),
    closeInput: async () => {
      closed += 1;
    },
  };
  const { own } = running(rangeSpec, steps, store);
  end(own);
  await own.settled;
  expect([own.state, closed]).toEqual([state, 1]);
});

test('the next process numbers its leases behind this one, whatever is lost of them', async () => {
  const store = new MemoryStore();
  store.putJob({ job, spec: rangeSpec, state: 'running', isSplit: true });
  const next = () => taken(rangeSpec, pieceSteps(store), store).own.readPast({ isSplit: true });
  const pasts = [await next(), await next(), await next()];
  const each = NUMBERS_SKIPPED;
  expect(pasts.map(({ lastLease }) => lastLease)).toEqual([0, each, 2 * each]);
  expect(pasts.map(({ counts }) => counts.size)).toEqual([0, 0, 0]);
});

test('pages go once a power failure would find the job ended, not before', async () => {
  const synced = Promise.withResolvers<void>();
  class SlowStore extends MemoryStore {
    override sync(): Promise<void> {
      return synced.promise;
    }
  }
  const store = new SlowStore();
  const { own, accept, events } = running(rangeSpec, pieceSteps(store), store);
  await expect.poll(() => events).toContain('split-ended');
  const page = store.readPages(job)[0]?.blob ?? rangeSpec.program;
  const accepted = accept(...['a', 'b', 'c'].map((text) => encodeCanonical(Buffer.from(text))));
  await expect.poll(() => own.state).toBe('done');
  await breathe();
  expect(await store.getBlob(page)).toBeDefined();
  synced.resolve();
  await accepted;
  expect(await store.getBlob(page)).toBeUndefined();
});

test('all inputs are kept for a job that may need any of them again', async () => {
  const store = new MemoryStore();
  const credibility = { errorRate: 1e-3, assumeFaulty: 0.2, identities: 'free' } as const;
  const spec = { ...rangeSpec, trust: { quorum: 1, credibility } };
  const pages = limits.pagesAheadMax + 2;
  const inputs = Array.from({ length: limits.pageChunksMax }, () => Uint8Array.of(1));
  const steps: StepRunner = {
    async *split() {
      for (let page = 0; page < pages; page++) yield inputs;
    },
    merge: () => Promise.resolve({ kind: 'text', blob: specOf().program }),
    closeInput: () => Promise.resolve(),
  };
  const { own, events } = running({ ...spec, chunksMax: 1e7 }, steps, store);
  await expect.poll(() => events).toContain('split-ended');
  expect(own.pages.live).toBe(pages);
  own.cancel();
  await own.settled;
  expect(own.pages.live).toBe(0);
});

test('a job whose end the disk could not take keeps what the next process needs', async () => {
  class FullStore extends MemoryStore {
    isFull = false;

    override putJob(stored: StoredJob): void {
      if (this.isFull) throw new GridError('disk-full', 'The disk is full.');
      super.putJob(stored);
    }
  }
  const store = new FullStore();
  const first = running(rangeSpec, pieceSteps(store), store);
  await expect.poll(() => first.events).toContain('split-ended');
  store.isFull = true;
  first.own.cancel();
  await first.own.settled;
  expect(first.own.stored).toMatchObject({
    state: 'failed',
    failure: expect.stringContaining('The disk is full'),
  });
  const [kept] = store.listJobs();
  expect(kept?.state).toBe('running');

  store.isFull = false;
  const second = taken(rangeSpec, pieceSteps(store), store);
  second.own.resume(await second.own.readPast({ isSplit: true }));
  const values = ['a', 'b', 'c'].map((text) => encodeCanonical(Buffer.from(text)));
  const results = values.map((value, chunk) => ({ chunk, digest: digestOf(value), value }));
  store.commit([{ job, results }]);
  second.own.advanceTo(3);
  second.own.allAccepted();
  await second.own.settled;
  expect(second.own.stored).toMatchObject({ state: 'done', certificates: {} });
});

test('the next process goes on with what one has left; nothing is split twice', async () => {
  const store = new MemoryStore();
  const steps = (signal: AbortSignal, count: number): StepRunner => ({
    ...pieceSteps(store),
    async *split() {
      for (let at = 0; at < count; at++) yield [encodeCanonical(Buffer.from(`${at}`))];
      if (!signal.aborted) await once(signal, 'abort');
    },
    merge: (results, stop) => pieceSteps(store).merge(results, stop),
    closeInput: async () => undefined,
  });
  const stop = new AbortController();
  const first = running(rangeSpec, steps(stop.signal, 2), store);
  await expect.poll(() => first.own.pages.chunks).toBe(2);
  first.own.leave();
  stop.abort();
  await first.own.settled;
  const [kept] = store.listJobs();
  expect(kept?.state).toBe('running');
  expect(store.readPages(job).map(({ count }) => count)).toEqual([2]);

  const second = taken(rangeSpec, steps(AbortSignal.abort(), 3), store);
  second.own.resume(await second.own.readPast({}));
  await expect.poll(() => second.events).toContain('split-ended');
  expect(second.events).toEqual(['resume-job', 'chunks-added', 'split-ended']);
  expect(store.readPages(job).map((page) => page.first)).toEqual([0, 2]);
  expect(store.getJob(job)?.isSplit).toBe(true);
  second.own.cancel();
  await second.own.settled;
  expect(store.readPages(job)).toEqual([]);
});
