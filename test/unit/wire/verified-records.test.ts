import { expect, test } from 'vitest';

import type { SignedRecord } from '../../../src/model/peer-record.ts';
import { VerifiedRecords } from '../../../src/wire/verified-records.ts';
import { someKey, someRecord } from '../../support/wire-samples.ts';

const [a, b, c] = [someKey(), someKey(), someKey()];

function recordsWith(...records: SignedRecord[]): VerifiedRecords {
  const verified = new VerifiedRecords(2);
  for (const record of records) verified.add(record);
  return verified;
}

test('a record is found again by its very bytes', () => {
  const record = someRecord(a);
  const { payload, publicKey, signature } = record.signed;
  const copy = {
    payload: Uint8Array.from(payload),
    publicKey: Uint8Array.from(publicKey),
    signature: Uint8Array.from(signature),
  };
  expect(recordsWith(record).find(copy)).toBe(record);
  expect(recordsWith().find(copy)).toBeUndefined();
});

test.each(['payload', 'publicKey', 'signature'] as const)(
  'one bit of the %s makes it another, and so does a byte more or less',
  (part) => {
    const { signed } = someRecord(a);
    const verified = recordsWith(someRecord(a), { ...someRecord(a), signed });
    expect(verified.find(signed)).toBeDefined();
    const bytes = signed[part];
    const flipped = Uint8Array.from(bytes, (byte, index) => (index === 0 ? byte ^ 1 : byte));
    for (const other of [flipped, bytes.subarray(1), Buffer.concat([bytes, Buffer.alloc(1)])]) {
      expect(verified.find({ ...signed, [part]: other })).toBeUndefined();
    }
  },
);

test('bytes moved from one part to the next are another record', () => {
  const { signed } = someRecord(a);
  const verified = recordsWith({ ...someRecord(a), signed });
  const signature = Buffer.concat([signed.signature, signed.payload.subarray(0, 1)]);
  const payload = signed.payload.subarray(1);
  expect(verified.find({ ...signed, signature, payload })).toBeUndefined();
});

test('when there are too many, the one unused for longest is forgotten', () => {
  const [first, second, third] = [someRecord(a), someRecord(b), someRecord(c)];
  const verified = recordsWith(first, second);
  verified.find(first.signed);
  verified.add(third);
  expect(verified.find(second.signed)).toBeUndefined();
  expect(verified.find(first.signed)).toBe(first);
  expect(verified.find(third.signed)).toBe(third);
});

test('a peer has one place, and its newest record takes it', () => {
  const others = someRecord(b);
  const [older, newer] = [someRecord(a, { sequence: 1 }), someRecord(a, { sequence: 2 })];
  const verified = recordsWith(others, older, newer, older);
  expect(verified.find(others.signed)).toBe(others);
  expect(verified.find(newer.signed)).toBe(newer);
  expect(verified.find(older.signed)).toBeUndefined();
});
