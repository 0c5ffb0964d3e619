import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import type { Sandbox, Store } from '../../../src/ports.ts';
import type { LocalEvent } from '../../../src/protocol/events.ts';
import { Peer } from '../../../src/protocol/peer.ts';
import { JobBook } from '../../../src/runtime/job-book.ts';
import type { JobRequest, ProgramRequest } from '../../../src/runtime/job-request.ts';
import { encodePacked, pack } from '../../../src/wire/packed.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { digestNumbered, givenLimits, self, specOf } from '../../support/protocol-fixtures.ts';
import { resultOf as storedResult, storedJob } from '../../support/stored-jobs.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('a job that the store can’t take is refused, and nobody waits for its end', async () => {
  class FullStore extends MemoryStore {
    override putJob(): void {
      throw new GridError('disk-full', 'The disk is full.');
    }
  }
  const store = new FullStore();
  const jobs = jobBook(store);
  const submitted = jobs.submit(await squares(store));
  expect((await gridErrorOf(submitted)).code).toBe('disk-full');
  expect(jobs.running).toEqual([]);
  await jobs.leaveAll();
});

test('what computes a job can be fetched while it runs, and nothing else', async () => {
  const store = new MemoryStore();
  const jobs = jobBook(store);
  const [module, words, script, other] = await Promise.all(
    [1, 2, 3, 4].map((byte) => store.putBlob(Uint8Array.of(byte))),
  );
  if (!module || !words || !script || !other) throw new Error('not put');
  const files = [{ path: 'words', blob: words }];
  const id = await jobs.submit({
    ...request,
    program: {
      runtime: 'wasi',
      module,
      setup: { arguments: ['x'], environment: [], files },
      steps: { type: 'script', script },
    },
  });
  const { spec, data } = jobs.resolve(id);
  expect(data).toEqual([words]);
  const setup = spec.setup?.digest ?? other;
  const all = [module, setup, words, script, other];
  expect(all.map((blob) => jobs.isOffered(blob))).toEqual([true, true, true, false, false]);
  await jobs.leaveAll();
  expect(all.map((blob) => jobs.isOffered(blob))).toEqual(all.map(() => false));
});

test('an input may be removed as soon as the job is accepted', async () => {
  const store = new MemoryStore();
  const added: LocalEvent[] = [];
  const ended = Promise.withResolvers<void>();
  const jobs = jobBook(store, fakeSandbox(), (event) => {
    added.push(event);
    if (event.type === 'split-ended') ended.resolve();
  });
  const inputPath = join(tempDir(), 'lines');
  await writeFile(inputPath, '1\n2\n3\n');
  await jobs.submit({ ...request, inputPath, program: await lineProgram(store) });
  await rm(inputPath);
  await ended.promise;
  expect(added).toContainEqual(expect.objectContaining({ type: 'chunks-added', count: 3 }));
  await jobs.leaveAll();
});

test('an input that can’t be read is refused, and no job begins', async () => {
  const store = new MemoryStore();
  const jobs = jobBook(store);
  const inputPath = join(tempDir(), 'missing');
  const submitted = jobs.submit({ ...request, inputPath, program: await lineProgram(store) });
  expect((await gridErrorOf(submitted)).code).toBe('input-unreadable');
  expect([jobs.running, store.listJobs()]).toEqual([[], []]);
});

test('a job is forgotten once it has ended, not before', async () => {
  const store = new MemoryStore();
  const jobs = jobBook(store);
  const id = await jobs.submit(await squares(store));
  expect(() => jobs.forget(id)).toThrow('has not ended yet');
  jobs.ownJob(id)?.cancel();
  await jobs.ownJob(id)?.settled;
  expect(jobs.forget(id.slice(0, 8))).toBe(id);
  expect(jobs.list()).toEqual([]);
  expect(() => jobs.forget(id)).toThrow('knows no job');
});

test('a job whose chunks were all accepted is merged at the next start', async () => {
  const store = new MemoryStore();
  const kept = { ...storedJob('squares', 'running'), isSplit: true } as const;
  const blob = await store.putBlob(encodePacked(pack([Uint8Array.of(1)])));
  const page = { blob, first: 0, count: 1, bytes: 1 };
  store.putJob(kept);
  store.commit([{ job: kept.job, pages: [page], results: [storedResult(0)] }]);
  const jobs = jobBook(store, fakeSandbox(), ({ type }) => {
    if (type !== 'resume-job') return;
    jobs.ownJob(kept.job)?.advanceTo(1);
    jobs.ownJob(kept.job)?.allAccepted();
  });
  await jobs.readLeft();
  jobs.resumeLeft();
  await jobs.ownJob(kept.job)?.settled;
  expect(store.getJob(kept.job)?.state).toBe('done');
});

test('a start whose disk can’t sync ends no job, and none goes on', async () => {
  const synced: number[] = [];
  class FailingStore extends MemoryStore {
    override async sync(): Promise<void> {
      synced.push(this.readLeases(storedJob('one', 'running').job, 0).length);
      throw new GridError('store-failed', 'The disk is away.');
    }
  }
  const store = new FailingStore();
  const kept = [storedJob('one', 'running'), storedJob('other', 'merging')];
  for (const job of kept) store.putJob(job);
  const jobs = jobBook(store);
  expect((await gridErrorOf(jobs.readLeft())).message).toBe('The disk is away.');
  // From where on leases are numbered was written by then.
  expect(synced).toEqual([1]);
  expect(kept.map(({ job }) => store.getJob(job)?.state)).toEqual(['running', 'merging']);
  expect(jobs.running).toEqual([]);
});

test('parameters that are too large for a spec are refused', async () => {
  const store = new MemoryStore();
  const submitted = jobBook(store).submit({
    ...(await squares(store)),
    params: { text: 'x'.repeat(65_536) },
  });
  expect((await gridErrorOf(submitted)).message).toContain('Give large data with --input');
});

const request: JobRequest = {
  name: 'squares',
  trust: { quorum: 1 },
  limits: specOf().limits,
  chunksMax: 10,
  program: { runtime: 'javascript', script: digestNumbered(0) },
  params: {},
  inputPath: undefined,
};

async function squares(store: Store): Promise<JobRequest> {
  const script = await store.putBlob(Uint8Array.of(1));
  return { ...request, program: { runtime: 'javascript', script } };
}

async function lineProgram(store: Store): Promise<ProgramRequest> {
  return {
    runtime: 'wasi',
    module: await store.putBlob(Uint8Array.of(1)),
    setup: { arguments: ['x'], environment: [], files: [] },
    steps: { type: 'pieces', pieces: { type: 'lines', linesPerChunk: 1 }, paths: [] },
  };
}

function jobBook(
  store: Store,
  sandbox: Sandbox = fakeSandbox(),
  dispatch: (event: LocalEvent) => void = () => undefined,
): JobBook {
  return new JobBook({
    self,
    peer: new Peer({
      self,
      addresses: () => [],
      entrances: [],
      known: [],
      features: [],
      slots: 0,
      limits: givenLimits,
      seed: 1,
    }),
    sandbox,
    store,
    clock: { nowMs: () => 0, unixMs: () => 0 },
    dispatch,
  });
}
