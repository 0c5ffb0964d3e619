/** Audit files, and what somebody may do to one: who found it, and who made it. */

import { describe, expect, test } from 'vitest';

import type { AuditRecord } from '../../../src/model/audit.ts';
import type { JobId } from '../../../src/model/ids.ts';
import { short } from '../../../src/model/ids.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import {
  allResults,
  auditOf,
  bea,
  blobOf,
  cem,
  chunksCount,
  digestsOf,
  inputOf,
  keptInputs,
  lieAbout,
  program,
  requester,
  resultOf,
  type SampleOptions,
  sealed,
  sealedAs,
  someAudit,
  specWith,
  statementsOf,
} from '../../support/audit-samples.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { someKey } from '../../support/wire-samples.ts';

const quorum = await someAudit();
const good = sealed(quorum.job, quorum.records);
const withInputs = await someAudit({ withInputs: true });

/** Kinds of what is found in records that their requester has sealed as they are. */
async function kindsOf(job: JobId, records: readonly AuditRecord[]): Promise<string[]> {
  const { findings, holds } = await auditOf(sealed(job, records));
  expect(holds).toBe(findings.length === 0);
  return findings.map(({ kind, chunk }) => (chunk === undefined ? kind : `${kind} ${chunk}`));
}

function replaced(
  records: readonly AuditRecord[],
  type: AuditRecord['type'],
  change: (record: AuditRecord) => readonly AuditRecord[],
): readonly AuditRecord[] {
  const at = records.findIndex((record) => record.type === type);
  return records.flatMap((record, index) => (index === at ? change(record) : [record]));
}

test('a job whose results were signed by as many as its trust asks for holds', async () => {
  const verdict = await auditOf(good);
  expect(verdict).toMatchObject({ holds: true, findings: [], findingsTotal: 0 });
  expect(verdict.job).toMatchObject({
    id: quorum.job,
    chunks: chunksCount,
    believed: chunksCount,
    statements: 2,
    signed: 2,
    peers: 2,
    leastSignatures: 2,
    medianSignatures: 2,
    ownSignatures: 0,
    dissentsTotal: 0,
  });
  expect(verdict.job).not.toHaveProperty('inputs');
});

test('with its inputs it can be recomputed, in the program that they are for', async () => {
  const { job, holds } = await auditOf(sealed(withInputs.job, withInputs.records));
  expect([holds, job?.inputs]).toEqual([true, digestOf(await keptInputs())]);
});

describe('who finds the file', () => {
  test('can flip no byte of it', async () => {
    for (let at = 0; at < good.length; at += 1) {
      const bytes = Buffer.from(good);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      const found = await auditOf(bytes).then(
        ({ holds }) => !holds,
        () => true,
      );
      expect(found, `byte ${at} of ${good.length}`).toBe(true);
    }
  });

  test('can cut it nowhere', async () => {
    for (let end = 18; end < good.length; end += 1) {
      const { findings } = await auditOf(good.subarray(0, end));
      expect(findings[0]?.kind, `${end} of ${good.length}`).toBe('cut-short');
    }
  });

  test('can add nothing to it', async () => {
    const { findings } = await auditOf(Buffer.concat([good, Buffer.of(0)]));
    expect(findings.map(({ kind }) => kind)).toEqual(['trailing-bytes']);
  });

  test('can take no record out', async () => {
    const { job, records } = withInputs;
    for (const index of records.keys()) {
      const fewer = records.toSpliced(index, 1);
      const { findings } = await auditOf(sealedAs(job, fewer, records));
      expect(findings.map(({ text }) => text)).toContain(
        `The requester has sealed ${records.length} records, and here are ${fewer.length}.`,
      );
    }
  });

  test.each([
    ['a statement', bea.spki, ['seal', 'signature', 'missing-statement', 'evidence']],
    ['an accepted digest', Buffer.from(resultOf(2), 'hex'), ['seal', 'evidence']],
    ['the spec', Buffer.from('chunksMax'), ['seal', 'job']],
    ['the word on a peer', Buffer.from(cem.peer), ['seal']],
  ])('can change no byte of %s, and that is named', async (_what, part, kinds) => {
    const bytes = Buffer.from(good);
    const at = bytes.indexOf(part);
    expect(at).toBeGreaterThan(0);
    bytes[at + 1] = (bytes[at + 1] ?? 0) ^ 1;
    const { findings } = await auditOf(bytes);
    const found = new Set(findings.map(({ kind }) => kind));
    for (const kind of kinds) expect(found).toContain(kind);
  });

  test('is shown whole digests where short ones would look the same', async () => {
    const bytes = Buffer.from(good);
    const at = bytes.indexOf(Buffer.from(resultOf(2), 'hex')) + 20;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const { findings } = await auditOf(bytes);
    expect(findings.at(-1)?.text).toContain(`2 peers have signed ${resultOf(2)} instead.`);
  });

  test('can put no seal of its own under it', async () => {
    const { findings } = await auditOf(sealed(quorum.job, quorum.records, someKey()));
    expect(findings.map(({ kind }) => kind)).toEqual(['seal']);
  });

  test('is told when it is something else', async () => {
    const error = await gridErrorOf(auditOf(Buffer.from('PK\u0003\u0004 not an audit at all')));
    expect([error.code, error.message]).toEqual([
      'input-unreadable',
      expect.stringContaining('no audit file'),
    ]);
  });
});

describe('a requester that lies under its own seal', () => {
  const { job, spec, records } = quorum;
  const statement = (key: typeof bea, results = allResults()): AuditRecord[] =>
    statementsOf(job, spec, key, results).map((signed) => ({ type: 'statement', signed }));

  test('can take out no signature that is needed', async () => {
    const text = await auditOf(
      sealed(
        job,
        replaced(records, 'statement', () => []),
      ),
    );
    expect(text.findings.map(({ kind }) => kind)).toEqual([
      'missing-statement',
      'evidence',
      'evidence',
      'evidence',
      'evidence',
    ]);
    expect(text.findings[0]?.text).toBe(
      `Peer ${short(bea.peer)} has returned 4 results, and there are its signatures for 0: ` +
        'statements are missing.',
    );
    expect(text.findings[1]?.text).toBe(
      `Chunk 0: its accepted result ${short(resultOf(0))} has 1 signature, and 2 are needed.`,
    );
  });

  test('can blank no signature', async () => {
    const blank = (record: AuditRecord): AuditRecord[] =>
      record.type === 'statement'
        ? [{ type: 'statement', signed: { ...record.signed, signature: Buffer.alloc(0) } }]
        : [];
    const { findings } = await auditOf(sealed(job, replaced(records, 'statement', blank)));
    expect(findings[0]).toMatchObject({
      kind: 'signature',
      peer: bea.peer,
      text: `Statement 1 (of ${short(bea.peer)}) has no signature.`,
    });
  });

  test('can put no other key under what a peer has signed', async () => {
    const forged = (record: AuditRecord): AuditRecord[] =>
      record.type === 'statement'
        ? [{ type: 'statement', signed: { ...record.signed, publicKey: cem.spki } }]
        : [];
    const { findings } = await auditOf(sealed(job, replaced(records, 'statement', forged)));
    expect(findings.map(({ kind }) => kind).slice(0, 2)).toEqual([
      'signature',
      'missing-statement',
    ]);
  });

  test('can have nobody sign who did not take part', async () => {
    const stranger = replaced(records, 'statement', () => statement(someKey()));
    expect(await kindsOf(job, stranger)).toEqual([
      'unknown-peer',
      'missing-statement',
      ...[0, 1, 2, 3].map((chunk) => `evidence ${chunk}`),
    ]);
  });

  test('can count nobody twice', async () => {
    const twice = replaced(records, 'statement', () => statement(cem));
    expect(await kindsOf(job, twice)).toContain('evidence 0');
  });

  test('can swap no two chunks', async () => {
    const [first, second, ...rest] = allResults().values();
    if (first === undefined || second === undefined) throw new Error('too few chunks');
    const digests = digestsOf(second, first, ...rest);
    const swapped = replaced(records, 'digests', () => [{ type: 'digests', digests }]);
    const { findings } = await auditOf(sealed(job, swapped));
    expect(findings.map(({ kind, chunk }) => [kind, chunk])).toEqual([
      ['evidence', 0],
      ['evidence', 1],
    ]);
    expect(findings[0]?.text).toBe(
      `Chunk 0: its accepted result ${short(second)} has 0 signatures, and 2 are needed. ` +
        `2 peers have signed ${short(first)} instead.`,
    );
  });

  test('can leave out no chunk and add none', async () => {
    const results = [...allResults().values()];
    for (const digests of [results.slice(1), [...results, lieAbout(4)]]) {
      const record = { type: 'digests', digests: digestsOf(...digests) } as const;
      expect(
        await kindsOf(
          job,
          replaced(records, 'digests', () => [record]),
        ),
      ).toContain('digests');
    }
  });

  test('can give the job no easier trust', async () => {
    const bytes = encodeCanonical(specWith({ quorum: 1 }));
    const easier = replaced(records, 'header', (header) =>
      header.type === 'header' ? [{ ...header, spec: bytes }] : [],
    );
    expect(await kindsOf(job, easier)).toEqual(['job']);
  });

  test('can use no statement of another job', async () => {
    const other = await someAudit({ trust: { quorum: 3 } });
    const signed = statementsOf(other.job, spec, bea, allResults());
    const strange = replaced(records, 'statement', () =>
      signed.map((each) => ({ type: 'statement', signed: each })),
    );
    expect(await kindsOf(job, strange)).toContain('other-job');
  });

  test('can show no other program and no other input than those that were computed', async () => {
    const { job, records } = withInputs;
    const changed = await keptInputs((chunk) => inputOf(chunk === 2 ? 7 : chunk));
    const inputs = digestOf(changed);
    const header = replaced(records, 'header', (record) =>
      record.type === 'header' ? [{ ...record, inputs }] : [],
    );
    const others = header.filter(({ type }) => type !== 'blob');
    const shown = [...others, ...blobOf(program), ...blobOf(changed)];
    expect(await kindsOf(job, shown)).toEqual(['input 2']);
    const named = [...others, ...blobOf(Buffer.from('evil'), digestOf(program))];
    expect(await kindsOf(job, named)).toEqual(['blob', 'blob']);
  });
});

describe('on evidence', () => {
  const credibility = { errorRate: 1e-3, assumeFaulty: 0.2, identities: 'free' } as const;
  const trust = { quorum: 1, credibility };
  const auditWith = async (options: SampleOptions) => {
    const { job, records } = await someAudit({ trust, ...options });
    return auditOf(sealed(job, records));
  };

  test('a result is believed by what the requester has seen of those who signed', async () => {
    const verdict = await auditWith({ peers: [{ passed: 10 }, { passed: 10 }] });
    // Odds of 49 each.
    expect(verdict.job?.leastCredibility).toBeCloseTo(49 ** 2 / (1 + 49 ** 2), 10);
    expect(verdict).toMatchObject({ holds: true, job: { believed: chunksCount } });
  });

  test('and not when it has seen too little of them', async () => {
    const { findings } = await auditWith({ peers: [{ passed: 10 }, { passed: 0 }] });
    expect(findings).toHaveLength(chunksCount);
    expect(findings[0]?.text).toContain(
      'has 2 signatures, which make it 0.994923 credible, and 0.999 is needed.',
    );
  });

  test("the requester's own result is believed by it, which is told", async () => {
    const { holds, job } = await auditWith({ signed: [[requester, allResults()]] });
    expect([holds, job?.ownSignatures]).toEqual([true, chunksCount]);
  });

  test('who was caught has said nothing, and is shown with what it signed', async () => {
    const liar = allResults([2, lieAbout(2)]);
    const signed = [
      [requester, allResults()],
      [cem, liar],
    ] as const;
    const { holds, job } = await auditWith({ signed, peers: [{}, { isCaught: true }] });
    expect(holds).toBe(true);
    expect(job).toMatchObject({ leastSignatures: 1, dissentsTotal: 1, caught: [cem.peer] });
    expect(job?.dissents).toEqual([
      {
        chunk: 2,
        peer: cem.peer,
        digest: lieAbout(2),
        accepted: resultOf(2),
        isCaught: true,
        isOfOtherWork: false,
      },
    ]);
  });

  test('what comes when a result is believed already changes nothing', async () => {
    const key = someKey();
    const signed = [
      [bea, allResults()],
      [cem, allResults()],
      [key, new Map([[1, lieAbout(1)]])],
    ] as const;
    const peers = [{ passed: 10 }, { passed: 10 }, { passed: 100 }];
    const late = await auditWith({ signed, peers });
    expect([late.holds, late.job?.dissentsTotal]).toEqual([true, 1]);
    const [first, second, third] = signed;
    const early = await auditWith({
      signed: [third, first, second],
      peers: [{ passed: 100 }, { passed: 10 }, { passed: 10 }],
    });
    expect(early.findings.map(({ kind, chunk }) => [kind, chunk])).toEqual([['evidence', 1]]);
  });
});

test('results that equals takes for equal count as one', async () => {
  const almost = allResults([3, lieAbout(3)]);
  const signed = [
    [bea, allResults()],
    [cem, almost],
  ] as const;
  const { job, records } = await someAudit({ comparison: 'equals', signed });
  expect(await kindsOf(job, records)).toEqual(['evidence 3']);
  const at = records.findIndex(({ type }) => type === 'statement');
  const equivalent = {
    type: 'equivalent',
    chunk: 3,
    digest: lieAbout(3),
    of: resultOf(3),
  } as const;
  expect(await kindsOf(job, records.toSpliced(at, 0, equivalent))).toEqual([]);
});

test('a job that verifies its results needs one signature for each', async () => {
  const signed = [[bea, allResults()]] as const;
  const { job, records } = await someAudit({ comparison: 'verify', signed });
  expect(await kindsOf(job, records)).toEqual([]);
});

test('of very many findings the first of each kind are told, and how many there are', async () => {
  const { job, records } = quorum;
  const signature = Buffer.alloc(1);
  const signed = { payload: signature, publicKey: bea.spki, signature };
  const junk: AuditRecord = { type: 'statement', signed };
  const many = [...records, ...Array.from({ length: 100 }, () => junk)];
  const { findings, findingsTotal } = await auditOf(sealed(job, many));
  expect([findings.length, findingsTotal]).toEqual([20, 100]);
});
