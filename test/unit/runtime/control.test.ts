import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { Peer } from '../../../src/protocol/peer.ts';
import { createControl } from '../../../src/runtime/control.ts';
import { JobBook } from '../../../src/runtime/job-book.ts';
import { joinResults } from '../../../src/runtime/joined-results.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { givenLimits, receiptOf, self } from '../../support/protocol-fixtures.ts';
import { storedJob } from '../../support/stored-jobs.ts';
import { submitRequest } from '../../support/submit-request.ts';

const store = new MemoryStore();
const components = {
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
  sandbox: fakeSandbox(),
  store,
  clock: { nowMs: () => 0, unixMs: () => 0 },
  dispatch: () => undefined,
};
const jobs = new JobBook(components);
const control = createControl({
  ...components,
  jobs,
  signSeal: () => {
    throw new Error('no job is audited here');
  },
  addresses: () => [],
  about: { version: '', grid: '', dataPath: '', metricsAddress: '' },
  disk: { bytes: 7, bytesMax: Infinity },
  backup: () => Buffer.from('a backup'),
  onFinish: () => undefined,
});

describe('bytes to keep', () => {
  async function* pieces(...all: readonly Uint8Array[]) {
    yield* all;
  }

  test('are kept under their digest', async () => {
    const put = await control.putBlob(pieces(Buffer.from('the '), Buffer.from('program')));
    expect(put).toEqual({ digest: digestOf(Buffer.from('the program')), bytes: 11 });
  });

  test('are refused once they are more than any program or file may have', async () => {
    const half = Buffer.alloc(limits.moduleBytesMax / 2);
    const fits = await control.putBlob(pieces(half, half));
    expect(fits.bytes).toBe(limits.moduleBytesMax);
    const error = await gridErrorOf(control.putBlob(pieces(half, half, Buffer.of(1))));
    expect([error.code, error.message]).toEqual([
      'usage',
      expect.stringContaining(`up to ${limits.moduleBytesMax} bytes, and this has more`),
    ]);
  });
});

test('who submits or cancels a job is told when a power failure would not undo it', async () => {
  const sync = vi.spyOn(store, 'sync');
  const syncing = Promise.withResolvers<void>();
  onTestFinished(() => sync.mockRestore());
  sync.mockReturnValueOnce(syncing.promise);
  const told: string[] = [];
  const submitted = control.submit(submitRequest(await store.putBlob(Buffer.of(2))));
  void submitted.then(() => told.push('submitted'));
  await expect.poll(() => sync.mock.calls).toHaveLength(1);
  expect([jobs.running.length, told]).toEqual([1, []]);
  syncing.resolve();
  const { jobId = '' } = await submitted;
  await control.cancel({ jobId });
  expect(sync).toHaveBeenCalledTimes(2);
  await jobs.leaveAll();
});

test('a job that the disk can’t keep for good is refused, and does not run', async () => {
  const sync = vi.spyOn(store, 'sync').mockRejectedValueOnce(new Error('the disk is gone'));
  onTestFinished(() => sync.mockRestore());
  const submitted = control.submit(submitRequest(await store.putBlob(Buffer.of(3))));
  await expect(submitted).rejects.toThrow('the disk is gone');
  expect(jobs.running.filter(({ isOver }) => !isOver)).toEqual([]);
  await jobs.leaveAll();
});

test('a job that was put and asked for runs', async () => {
  const program = await store.putBlob(Buffer.of(1));
  const { jobId } = await control.submit(submitRequest(program));
  expect(jobs.running.map(({ job }) => job)).toEqual([jobId]);
  await jobs.leaveAll();
});

test('a result is told in parts to whoever asks for them', async () => {
  async function* results() {
    yield ['one', 'two'].map((text) => encodeCanonical(Buffer.from(text)));
  }
  const output = await joinResults(results(), store, new AbortController().signal);
  const { spec, ...job } = storedJob('pieces', 'done');
  const steps = { type: 'pieces', pieces: { type: 'lines', linesPerChunk: 1 } } as const;
  store.putJob({ ...job, spec: { ...spec, steps }, output });
  const { signal } = new AbortController();
  const got = async (parts: boolean) => {
    return Array.fromAsync(control.result({ jobId: job.job, parts }, signal), ({ part, piece }) => {
      return [part, String(piece)];
    });
  };
  expect(await got(false)).toEqual([[undefined, 'onetwo']]);
  expect(await got(true)).toEqual([
    ['0000', 'one'],
    ['0001', 'two'],
  ]);
});

test('receipts are told as they read, and as they were signed', async () => {
  expect(await control.listReceipts({})).toEqual({ receipts: [] });
  store.putReceipt(receiptOf());
  const { job, peer: _self, ...read } = receiptOf().receipt;
  const bytes = Buffer.of(1);
  const proof = { payload: bytes, publicKey: bytes, signature: bytes };
  expect(await control.listReceipts({})).toEqual({ receipts: [{ ...read, jobId: job, ...proof }] });
});
