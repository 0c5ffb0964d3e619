import { generateKeyPairSync } from 'node:crypto';

import { expect, test } from 'vitest';

import type { JobSpec } from '../../../src/model/job.ts';
import type { JobWrites } from '../../../src/model/journal.ts';
import type { ReplicaResult } from '../../../src/model/replica.ts';
import { readPast } from '../../../src/runtime/read-past.ts';
import { peerKeyOf } from '../../../src/wire/peer-key.ts';
import { encodeStatement } from '../../../src/wire/statement-codec.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { digestNumbered, resultOf, self } from '../../support/protocol-fixtures.ts';
import { resultOf as storedResult, storedJob } from '../../support/stored-jobs.ts';

/** Somebody who signs. The signatures of what is kept are not checked again. */
function signer() {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const peer = peerKeyOf(spki)?.peer;
  if (peer === undefined) throw new Error('the key is none');
  const says = (...replicas: readonly ReplicaResult[]) => {
    const payload = encodeStatement({ job: storedJob('past', 'running').job, replicas });
    return { payload, publicKey: spki, signature: Buffer.of() };
  };
  return { peer, says };
}

const work = digestNumbered(77);
const [ada, ben] = [signer(), signer()];

/** What is right has the digest of what is stored. */
function said(lease: number, chunk: number, value = storedResult(chunk)): ReplicaResult {
  const outcome = { type: 'result', digest: value.digest, value: value.value } as const;
  return { ...resultOf({ lease, chunk }), outcome, computeMs: 2_000, work };
}

function pastOf(writes: Omit<JobWrites, 'job'>, changes: Partial<JobSpec> = {}) {
  const store = new MemoryStore();
  const { job, spec } = storedJob('past', 'running');
  store.putJob(storedJob('past', 'running'));
  store.commit([{ job, ...writes }]);
  const past = { ...spec, trust: { quorum: 1 }, requester: self, ...changes };
  return readPast({ job, spec: past, chunks: 8, splitEnded: true }, store);
}

const leases = [
  { peer: ada.peer, first: 1, chunks: [0, 1, 2] },
  { peer: ben.peer, first: 4, chunks: [3, 4] },
];
const evident: Partial<JobSpec> = {
  trust: {
    quorum: 1,
    credibility: { errorRate: 1e-3, assumeFaulty: 0.2, identities: 'free' },
  },
};

test('of a job that nothing was kept of, all is to be done', async () => {
  expect(await pastOf({})).toMatchObject({ chunks: 8, frontier: 0, lastLease: 0, leases: [] });
});

test('what is stored is accepted, where nothing else is asked for', async () => {
  const past = await pastOf({ leases, results: [storedResult(0), storedResult(3)] });
  expect([...past.accepted].map(({ chunk }) => chunk)).toEqual([0, 3]);
  expect(past.stored.size).toBe(0);
  expect(past).toMatchObject({ frontier: 5, lastLease: 5 });
});

test('leases of open chunks are out, but for those that were answered, and its own', async () => {
  const own = { peer: self, first: 6, chunks: [5] };
  const past = await pastOf({
    leases: [...leases, own],
    results: [storedResult(0)],
    statements: [ada.says(said(1, 0), said(2, 1))],
  });
  expect(past.leases).toEqual([
    { lease: 3, chunk: 2, peer: ada.peer },
    { lease: 4, chunk: 3, peer: ben.peer },
    { lease: 5, chunk: 4, peer: ben.peer },
  ]);
  expect(past.lastLease).toBe(6);
});

test('a vote is what answers a lease of its peer, once', async () => {
  const statements = [
    // Of somebody else's lease, of a chunk that was not leased by that, and twice.
    ada.says(said(4, 3), said(2, 2)),
    ada.says(said(2, 1), said(2, 1, storedResult(9))),
    ben.says(said(99, 1)),
  ];
  const past = await pastOf({ leases, statements });
  expect(past.votes).toEqual([
    { lease: 2, chunk: 1, peer: ada.peer, digest: storedResult(1).digest },
  ]);
  const done = { leased: 3, returned: 1, computeSeconds: 2 };
  expect(past.counts.get(ada.peer)).toEqual(done);
});

test('on evidence it is told which of the stored results are believed, and by whom', async () => {
  const statements = [ada.says(said(1, 0), said(2, 1)), ben.says(said(4, 3))];
  const results = [storedResult(0), storedResult(1)];
  const past = await pastOf({ leases, statements, results, accepted: [0] }, evident);
  expect([...past.accepted]).toEqual([
    { chunk: 0, digest: storedResult(0).digest, peers: [ada.peer] },
  ]);
  expect(past.stored).toEqual(new Map([[1, storedResult(1).digest]]));
  expect(past.votes.map(({ chunk }) => chunk)).toEqual([1, 3]);
});

test('whose results were not the accepted ones has lost, and the chunk was disputed', async () => {
  const again = { peer: ben.peer, first: 6, chunks: [0] };
  const statements = [ada.says(said(1, 0)), ben.says(said(6, 0, storedResult(9)))];
  const past = await pastOf({ leases: [...leases, again], statements, results: [storedResult(0)] });
  expect(past.counts.get(ada.peer)).toMatchObject({ accepted: 1 });
  expect(past.counts.get(ben.peer)).toMatchObject({ lost: 1 });
  expect(past.disputes).toBe(1);
});

test('more equal results than were asked for came late', async () => {
  const again = { peer: ben.peer, first: 6, chunks: [0] };
  const statements = [ada.says(said(1, 0)), ben.says(said(6, 0))];
  const past = await pastOf({ leases: [...leases, again], statements, results: [storedResult(0)] });
  expect(past.counts.get(ada.peer)).toMatchObject({ accepted: 1 });
  expect(past.counts.get(ben.peer)).toMatchObject({ late: 1 });
});

test('where results are equal within a tolerance, votes on open chunks are not kept', async () => {
  const statements = [ada.says(said(1, 0), said(2, 1))];
  const results = [storedResult(0)];
  const past = await pastOf({ leases, statements, results }, { comparison: 'equals' });
  expect(past.votes).toEqual([]);
  expect(past.counts.get(ada.peer)).toMatchObject({ accepted: 1, returned: 2 });
});

test('who was caught is told as it was', async () => {
  const caught = [{ peer: ada.peer, chunk: 1, digest: digestNumbered(5) }];
  expect((await pastOf({ caught })).caught).toEqual(caught);
});
