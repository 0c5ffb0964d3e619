import { describe, expect, test } from 'vitest';

import type { AuditRecord } from '../../../src/model/audit.ts';
import { limits } from '../../../src/model/limits.ts';
import {
  auditDigestsMax,
  auditPieceBytesMax,
  auditRecordBytesMax,
  decodeAuditRecord,
  encodeAuditRecord,
  readAuditSeal,
  signAuditSeal,
} from '../../../src/wire/audit-codec.ts';
import { decoding } from '../../../src/wire/bounds.ts';
import { signBytes } from '../../../src/wire/signing.ts';
import { plain, someDigest, someJob, someKey } from '../../support/wire-samples.ts';

const key = someKey();
const bytes = Buffer.from('bytes');
const signed = { payload: bytes, publicKey: key.spki, signature: bytes };

const every: readonly AuditRecord[] = [
  { type: 'header', job: someJob, spec: bytes, chunks: 7 },
  { type: 'header', job: someJob, spec: bytes, chunks: limits.jobChunksMax, inputs: someDigest },
  { type: 'peer', peer: key.peer, returned: 9, accepted: 8, isCaught: true, passed: 12.5 },
  { type: 'digests', digests: Buffer.alloc(64, 1) },
  { type: 'equivalent', chunk: 3, digest: someDigest, of: someDigest },
  { type: 'statement', signed },
  { type: 'statement', signed, counted: Uint8Array.of(5, 0) },
  { type: 'blob', digest: someDigest, piece: bytes, isLast: true },
  { type: 'seal', signed },
];

test.each(every)('a record of type $type reads as it was written', (record) => {
  expect(plain(decodeAuditRecord(encodeAuditRecord(record)))).toEqual(plain(record));
});

test('checks that were passed are never told as fewer', () => {
  const record = {
    type: 'peer',
    peer: key.peer,
    returned: 0,
    accepted: 0,
    isCaught: false,
  } as const;
  const read = decodeAuditRecord(encodeAuditRecord({ ...record, passed: 20.000_01 }));
  expect(read).toMatchObject({ passed: 20.001 });
});

test.each<[string, AuditRecord, RegExp]>([
  [
    'a spec that is none',
    { type: 'header', job: someJob, spec: Buffer.alloc(0), chunks: 1 },
    /spec/,
  ],
  ['half a digest', { type: 'digests', digests: Buffer.alloc(40) }, /middle of a digest/],
  [
    'too many digests',
    { type: 'digests', digests: Buffer.alloc(32 * auditDigestsMax + 32) },
    /page/,
  ],
  ['what counted of too many', { type: 'statement', signed, counted: Buffer.alloc(9) }, /counted/],
  [
    'a large piece',
    { type: 'blob', digest: someDigest, piece: Buffer.alloc(auditPieceBytesMax + 1), isLast: true },
    /piece of a blob/,
  ],
])('%s is refused', (_what, record, reason) => {
  const read = decoding(() => decodeAuditRecord(encodeAuditRecord(record)));
  expect(read).toEqual({ type: 'rejected', reason: expect.stringMatching(reason) });
});

test('a case of a later version is no record', () => {
  const later = Buffer.from([0x82, 0x06, 0x00]);
  expect(decoding(() => decodeAuditRecord(later)).type).toBe('rejected');
});

test('the longest spec fits a record, and a record fits what is read', () => {
  const spec = Buffer.alloc(3 * 1024 * 1024);
  const { length } = encodeAuditRecord({ ...header(), spec });
  expect(length).toBeLessThanOrEqual(auditRecordBytesMax);
  expect(auditRecordBytesMax).toBeLessThan(limits.frameBytesMax);
});

function header() {
  return { type: 'header', job: someJob, spec: bytes, chunks: 1, inputs: someDigest } as const;
}

describe('a seal', () => {
  const seal = { records: 12, digest: someDigest, header: someDigest };
  const good = signAuditSeal(someJob, seal, key, key.privateKey);

  test('reads as it was signed, with whose it is', () => {
    expect(readAuditSeal(good)).toEqual({ ...seal, job: someJob, peer: key.peer });
  });

  test('altered in any one byte is refused', () => {
    for (const part of ['payload', 'publicKey', 'signature'] as const) {
      for (let at = 0; at < good[part].length; at++) {
        const altered = new Uint8Array(good[part]);
        altered[at] = (altered[at] ?? 0) ^ 1;
        const read = decoding(() => readAuditSeal({ ...good, [part]: altered }));
        expect(read.type, `${part}, byte ${at}`).toBe('rejected');
      }
    }
  });

  test('is nothing else that was signed', () => {
    const { payload } = good;
    const signature = signBytes(key.privateKey, 'manyhands/v1/receipt', payload);
    expect(() => readAuditSeal({ ...good, signature })).toThrow(/signature/);
  });
});
