/** What a requester may write under its own seal to be believed, or to cost its auditor much. */

import { expect, test } from 'vitest';

import type { AuditRecord } from '../../../src/model/audit.ts';
import { digest, short } from '../../../src/model/ids.ts';
import type { Signed } from '../../../src/model/signed.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { signStatements } from '../../../src/wire/statement-codec.ts';
import {
  allResults,
  auditOf,
  bea,
  blobOf,
  cem,
  digestsOf,
  inputOf,
  keptInputs,
  lieAbout,
  program,
  resultOf,
  sealed,
  someAudit,
  statementsOf,
  withHeader,
} from '../../support/audit-samples.ts';
import { someKey } from '../../support/wire-samples.ts';

const chunks = [0, 1, 2, 3];
const quorum = await someAudit();
const withInputs = await someAudit({ withInputs: true });
const { job } = quorum;

const statement = (signed: Signed): AuditRecord => ({ type: 'statement', signed });

async function findingsOf(records: readonly AuditRecord[], id = job): Promise<string[]> {
  const { findings, holds } = await auditOf(sealed(id, records));
  expect(holds).toBe(findings.length === 0);
  return findings.map(({ kind, text }) => `${kind}: ${text}`);
}

function behind(
  records: readonly AuditRecord[],
  type: AuditRecord['type'],
  ...more: readonly AuditRecord[]
): readonly AuditRecord[] {
  return records.toSpliced(records.findLastIndex((record) => record.type === type) + 1, 0, ...more);
}

function equivalent(chunk: number): AuditRecord {
  return { type: 'equivalent', chunk, digest: resultOf(chunk), of: lieAbout(chunk) };
}

test('what equals took for equal counts only in a job that has such a function', async () => {
  const lying = quorum.records.map((record): AuditRecord => {
    if (record.type !== 'digests') return record;
    return { type: 'digests', digests: digestsOf(...chunks.map((chunk) => lieAbout(chunk))) };
  });
  const found = await findingsOf(behind(lying, 'digests', ...chunks.map(equivalent)));
  expect(found.filter((text) => text.startsWith('record'))).toEqual(
    chunks.map(
      (chunk) =>
        `record: Record ${5 + chunk} can't be what equals took for equal: the job has no such ` +
        'function.',
    ),
  );
  expect(found.filter((text) => text.startsWith('evidence'))).toHaveLength(4);
});

test('and of chunks that there are, each once, in their order', async () => {
  const { records, job: id } = await someAudit({ comparison: 'equals' });
  const found = await findingsOf(
    behind(records, 'digests', equivalent(4), equivalent(3), equivalent(2), equivalent(3)),
    id,
  );
  const why = found.filter((text) => text.startsWith('record')).map((text) => text.slice(54));
  expect(why).toEqual([
    'there is no chunk 4.',
    'it is out of its order.',
    'it is out of its order.',
  ]);
});

test('a blob that comes once more is not taken, whole or not', async () => {
  const { records, job: id } = withInputs;
  const once = `blob: The blob ${short(digestOf(program))} comes once more.`;
  expect(await findingsOf(behind(records, 'statement', ...blobOf(program)), id)).toEqual([once]);
  const [half] = blobOf(program);
  if (half === undefined) throw new Error('no half');
  const other = blobOf(Buffer.from('other'));
  expect(await findingsOf(behind(records, 'statement', half, ...other), id)).toEqual([
    `blob: The blob ${short(digestOf(program))} is cut short.`,
    once,
    'blob: The inputs and the program should be in the file, and are not.',
  ]);
});

test('more blobs than a job can have are not taken', async () => {
  const { records, job: id } = withInputs;
  const many = Array.from({ length: 1100 }, (_, at) => blobOf(Buffer.from(`${at}`))).flat();
  const { findings } = await auditOf(sealed(id, behind(records, 'blob', ...many)));
  expect(findings[0]?.text).toContain('is one too many');
});

test('a record behind those that should follow it does not count', async () => {
  const dee = someKey();
  const seen = { returned: 4, accepted: 0, isCaught: false, passed: 0 };
  const peer: AuditRecord = { type: 'peer', peer: dee.peer, ...seen, returned: 0 };
  const { records, job: id, spec } = withInputs;
  const lies = new Map(chunks.map((chunk) => [chunk, lieAbout(chunk)]));
  const said = statementsOf(id, spec, dee, lies).map(statement);
  const normal = behind(records, 'peer', peer);
  const inOrder = await auditOf(sealed(id, behind(normal, 'statement', ...said)));
  expect([inOrder.holds, inOrder.job?.dissentsTotal]).toEqual([true, 4]);
  expect(await findingsOf([...normal, ...said], id)).toEqual([
    'record: Record 12 (statement) is out of its place: no blob should come before it.',
  ]);
  const [header, ...others] = quorum.records;
  if (header === undefined) throw new Error('no header');
  const digests = others.filter(({ type }) => type === 'digests');
  expect(await findingsOf([header, ...others, ...digests])).toEqual([
    'record: Record 7 (digests) is out of its place: no statement should come before it.',
  ]);
});

test('a job can be made no shorter than what was signed of it', async () => {
  const shorter = quorum.records.map((record): AuditRecord => {
    if (record.type === 'header') return { ...record, chunks: 2 };
    if (record.type !== 'digests') return record;
    return { ...record, digests: record.digests.subarray(0, 64) };
  });
  const found = await findingsOf(shorter);
  expect(found.filter((text) => text.startsWith('no-such-chunk'))).toEqual(
    [bea, cem].map(
      ({ peer }, at) =>
        `no-such-chunk: Statement ${at + 1} (of ${short(peer)}) has a result of chunk 3, which ` +
        'the job does not have.',
    ),
  );
});

test('a statement that is there twice fills no gap', async () => {
  const { records, job: id } = await someAudit({ peers: [{ returned: 8 }, {}] });
  const again = records.filter(({ type }) => type === 'statement').slice(0, 1);
  expect(await findingsOf(behind(records, 'statement', ...again), id)).toEqual([
    `repeated: Statement 3 (of ${short(bea.peer)}) says of chunk 3 what its peer has said already.`,
    `missing-statement: Peer ${short(bea.peer)} has returned 8 results, and there are its ` +
      'signatures for 4: statements are missing.',
  ]);
});

test('work of zeros is work that the inputs have to fit', async () => {
  const zero = digest('0'.repeat(64));
  const changed = await keptInputs((chunk) => inputOf(chunk === 2 ? 7 : chunk));
  const signedBy = (key: typeof bea): AuditRecord[] => {
    const replicas = chunks.map((chunk) => ({
      lease: chunk + 1,
      chunk,
      outcome: { type: 'result', digest: resultOf(chunk), value: new Uint8Array(0) } as const,
      computeMs: 1,
      work: zero,
    }));
    return signStatements({ job: withInputs.job, replicas }, key, key.privateKey).map(statement);
  };
  const head = withHeader(withInputs.records.slice(0, 4), { inputs: digestOf(changed) });
  const blobs = [...blobOf(program), ...blobOf(changed)];
  const all = [...head, ...signedBy(bea), ...signedBy(cem), ...blobs];
  const { findings } = await auditOf(sealed(withInputs.job, all));
  expect(findings.map(({ kind, chunk }) => [kind, chunk])).toEqual(
    chunks.map((chunk) => ['input', chunk]),
  );
});

test('a job that says it has ever so many chunks has those whose digests are there', async () => {
  const many = withHeader(quorum.records, { chunks: 2 ** 31 });
  const { job: found, findings } = await auditOf(sealed(job, many));
  expect([found?.chunks, findings[0]?.kind]).toEqual([4, 'digests']);
});

test('results that did not count are neither votes nor other results', async () => {
  const dee = someKey();
  const lies = allResults([1, lieAbout(1)]);
  const signed = [
    [dee, lies],
    [bea, allResults()],
    [cem, allResults()],
  ] as const;
  const trust = {
    quorum: 1,
    credibility: { errorRate: 1e-3, assumeFaulty: 0.2, identities: 'free' },
  } as const;
  const peers = [{ passed: 100, returned: 3 }, { passed: 10 }, { passed: 10 }];
  const { records, job: id } = await someAudit({ trust, signed, peers });
  expect((await findingsOf(records, id)).map((text) => text.slice(0, 8))).toEqual(['evidence']);
  const first = records.findIndex(({ type }) => type === 'statement');
  const said = records[first];
  if (said?.type !== 'statement') throw new Error('nothing was signed');
  const counted = records.with(first, { ...said, counted: Uint8Array.of(0b1101) });
  const verdict = await auditOf(sealed(id, counted));
  expect(verdict).toMatchObject({ holds: true, job: { dissentsTotal: 0, believed: 4 } });
});
