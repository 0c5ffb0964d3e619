/** Receipts as a requester sends them, and as they are shown to others. */

import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { Receipt } from '../../../src/model/receipt.ts';
import type { Signed } from '../../../src/model/signed.ts';
import { decoding } from '../../../src/wire/bounds.ts';
import type { Receipt as ReceiptProto } from '../../../src/wire/generated/manyhands/v1/Receipt.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import { readSignedReceipt, signReceipt } from '../../../src/wire/receipt-codec.ts';
import { signBytes } from '../../../src/wire/signing.ts';
import { plain, someKey, someReceipt } from '../../support/wire-samples.ts';

const requester = someKey();
const good = someReceipt(requester);
const proto = loadPeerProto().receipt;

const read = (signed: Signed) => decoding(() => readSignedReceipt(signed));
const rejected = (reason: RegExp) => ({
  type: 'rejected',
  reason: expect.stringMatching(reason),
});

/** A receipt signed as it stands, right or wrong. */
function signedAs(changes: ReceiptProto | Record<string, unknown>): Signed {
  const fields = proto.deserialize(Buffer.from(good.signed.payload));
  const payload = proto.serialize({ ...fields, ...changes });
  const signature = signBytes(requester.privateKey, 'manyhands/v1/receipt', payload);
  return { payload, publicKey: requester.spki, signature };
}

/** As it reads when it has come over the wire. */
function overTheWire(receipt: Partial<Receipt>): Receipt {
  const signed = signReceipt({ ...good.receipt, ...receipt }, requester, requester.privateKey);
  return readSignedReceipt(signed.signed).receipt;
}

test('a receipt reads as it was written, with the very bytes that were signed', () => {
  expect(plain(readSignedReceipt(good.signed))).toEqual(plain(good));
});

test('a receipt altered in any one byte is refused', () => {
  for (const part of ['payload', 'publicKey', 'signature'] as const) {
    for (let at = 0; at < good.signed[part].length; at++) {
      const bytes = new Uint8Array(good.signed[part]);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect(read({ ...good.signed, [part]: bytes }).type, `${part}, byte ${at}`).toBe('rejected');
    }
  }
});

test("a receipt's requester is the holder of its key", () => {
  const forged = { ...good.receipt, requester: someKey().peer };
  expect(() => signReceipt(forged, requester, requester.privateKey)).toThrow(/not of/);
  const other = someKey();
  expect(read({ ...good.signed, publicKey: other.spki })).toEqual(rejected(/signature/));
});

test('what was signed as something else is no receipt', () => {
  const { payload } = good.signed;
  const signature = signBytes(requester.privateKey, 'manyhands/v1/offer', payload);
  expect(read({ ...good.signed, signature })).toEqual(rejected(/signature/));
});

test('the longest name fits its bound, and no name moves the cursor of who reads it', () => {
  const name = '\u{1f41d}'.repeat(100);
  expect(overTheWire({ name }).name.length).toBeLessThanOrEqual(limits.nameCharsMax);
  expect(overTheWire({ name: 'a\u001b[2Jb' }).name).toBe('a\ufffd[2Jb');
});

test('a compute time that nobody can have spent is cut, so that the receipt can be sent', () => {
  expect(overTheWire({ computeSeconds: 1e300 }).computeSeconds).toBe(Number.MAX_SAFE_INTEGER / 1e6);
});

test.each<[string, Signed, RegExp]>([
  ['without bytes', { ...good.signed, payload: Buffer.alloc(0) }, /signed receipt has 0 bytes/],
  ['over its bound', { ...good.signed, payload: Buffer.alloc(1024) }, /signed receipt has 1024/],
  ['without a key', { ...good.signed, publicKey: Buffer.alloc(0) }, /public key/],
  ['for nobody', signedAs({ peer: '' }), /peer is not/],
  ['for no job', signedAs({ jobId: Buffer.alloc(31) }), /job_id has 31 bytes/],
  ['with a long name', signedAs({ name: 'n'.repeat(65) }), /name has 65 characters/],
  ['for nothing', signedAs({ chunks: 0 }), /chunks is 0/],
  ['for more chunks than a job has', signedAs({ chunks: 2 ** 31 + 1 }), /chunks is/],
  ['for an inexact time', signedAs({ computeUs: 2 ** 53 }), /compute_us/],
  ['of a time that no date can hold', signedAs({ issuedAtMs: 2 ** 53 - 1 }), /issued_at_ms/],
])('a receipt %s is rejected with the reason', (_what, signed, reason) => {
  expect(read(signed)).toEqual(rejected(reason));
});
