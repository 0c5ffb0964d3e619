import { expect, test } from 'vitest';

import type { StoredJob } from '../../../src/ports.ts';
import { checkAudit } from '../../../src/runtime/audit-check.ts';
import { exportAudit } from '../../../src/runtime/audit-export.ts';
import { signAuditSeal } from '../../../src/wire/audit-codec.ts';
import {
  allResults,
  bea,
  cem,
  digestsOf,
  keptInputs,
  lieAbout,
  program,
  requester,
  resultOf,
  someAudit,
  statementsOf,
} from '../../support/audit-samples.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const counts = {
  leased: 4,
  returned: 4,
  accepted: 4,
  lost: 0,
  late: 0,
  failed: 0,
  expired: 0,
  computeSeconds: 1,
};

/** A job that is done, as the store has it. */
async function doneJob(options: Parameters<typeof someAudit>[0] = {}) {
  const { job, spec } = await someAudit(options);
  const store = new MemoryStore();
  const contributions = [
    { peer: bea.peer, ...counts },
    { peer: cem.peer, ...counts },
  ];
  await store.putBlob(program);
  const stored: StoredJob = {
    job,
    spec,
    state: 'done',
    report: { chunks: 4, accepted: 4, disputes: 0, wallMs: 1, contributions, caught: [] },
    certificates: {
      digests: await store.putBlob(digestsOf(...allResults().values())),
      inputs: await store.putBlob(await keptInputs()),
    },
  };
  store.putJob(stored);
  store.commit([{ job, statements: statementsOf(job, spec, bea, allResults()) }]);
  return { store, job, spec, stored };
}

const exported = (store: MemoryStore, job: StoredJob, withInputs = false) =>
  exportAudit(job, withInputs, {
    store,
    sign: (id, seal) => signAuditSeal(id, seal, requester, requester.privateKey),
  });

test('what was kept of a job becomes a file that can be audited', async () => {
  const { store, job, spec, stored } = await doneJob();
  store.commit([{ job, statements: statementsOf(job, spec, cem, allResults()) }]);
  const short = await checkAudit(exported(store, stored));
  expect(short).toMatchObject({ holds: true, job: { id: job, believed: 4, statements: 2 } });
  expect(short.job).not.toHaveProperty('inputs');
  const long = await checkAudit(exported(store, stored, true));
  expect(long).toMatchObject({ holds: true, job: { inputs: stored.certificates?.inputs } });
});

test('a store that has lost a statement shows it', async () => {
  const { store, stored } = await doneJob();
  const { findings } = await checkAudit(exported(store, stored));
  expect(findings[0]).toMatchObject({ kind: 'missing-statement', peer: cem.peer });
});

test('what equals took for equal is told', async () => {
  const { store, job, spec, stored } = await doneJob({ comparison: 'equals' });
  store.commit([{ job, statements: statementsOf(job, spec, cem, allResults([2, lieAbout(2)])) }]);
  store.putEquivalents(job, [{ chunk: 2, digest: lieAbout(2), of: resultOf(2) }]);
  expect(await checkAudit(exported(store, stored))).toMatchObject({ holds: true });
});

test('and in the order in which it is to be read', async () => {
  const { store, job, spec, stored } = await doneJob({ comparison: 'equals' });
  const others = [1, 2, 3].map((chunk) => lieAbout(chunk)).sort();
  for (const [at, other] of others.toReversed().entries()) {
    const statements = statementsOf(job, spec, at === 0 ? cem : bea, new Map([[2, other]]));
    store.commit([{ job, statements }]);
    store.putEquivalents(job, [{ chunk: 2, digest: other, of: resultOf(2) }]);
  }
  const { findings } = await checkAudit(exported(store, stored));
  expect(findings.map(({ kind }) => kind)).not.toContain('record');
});

test('what did not count of a statement is told', async () => {
  const { store, job, spec, stored } = await doneJob();
  const [signed] = statementsOf(job, spec, cem, allResults());
  if (signed === undefined) throw new Error('nothing was signed');
  store.commit([{ job, statements: [{ ...signed, counted: Uint8Array.of(0b1101) }] }]);
  const { findings } = await checkAudit(exported(store, stored));
  expect(findings.map(({ kind, chunk }) => [kind, chunk])).toEqual([
    ['missing-statement', undefined],
    ['evidence', 1],
  ]);
});

test('on evidence, who has no standing left is told as caught', async () => {
  const credibility = { errorRate: 1e-3, assumeFaulty: 0.2, identities: 'free' } as const;
  const { store, stored } = await doneJob({ trust: { quorum: 1, credibility } });
  const { job } = await checkAudit(exported(store, stored));
  expect(job?.caught).toEqual([bea.peer, cem.peer]);
});

test.each([
  ['running', /not done yet/],
  ['failed', /nothing to audit: the job is failed/],
  ['done', /earlier version/],
] as const)('of a job that is %s and has nothing, it says so', async (state, reason) => {
  const { store, stored } = await doneJob();
  const { certificates: _none, ...bare } = stored;
  const error = await gridErrorOf(Array.fromAsync(exported(store, { ...bare, state })));
  expect([error.code, error.message]).toEqual(['usage', expect.stringMatching(reason)]);
});
