import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { Signed } from '../../../src/model/signed.ts';
import { decoding } from '../../../src/wire/bounds.ts';
import type { PeerRecord } from '../../../src/wire/generated/manyhands/v1/PeerRecord.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import { readSignedRecord, signRecord } from '../../../src/wire/record-codec.ts';
import { type SigningContext, signBytes } from '../../../src/wire/signing.ts';
import { plain, someKey, someRecord, times } from '../../support/wire-samples.ts';

const peer = someKey();
const longAddress = `${'a'.repeat(253)}:65535`;

/** Signed as it stands, right or wrong. */
function signed(record: PeerRecord, context: SigningContext = 'manyhands/v1/peer-record'): Signed {
  return signedBytes(loadPeerProto().peerRecord.serialize(record), context);
}

function signedBytes(payload: Buffer, context: SigningContext = 'manyhands/v1/peer-record') {
  const signature = signBytes(peer.privateKey, context, payload);
  return { payload, publicKey: peer.spki, signature };
}

function sizeOf({ payload, publicKey, signature }: Signed): number {
  return payload.length + publicKey.length + signature.length;
}

test('a record arrives as it was signed', () => {
  const record = someRecord(peer);
  expect(plain(readSignedRecord(record.signed))).toEqual(plain(record));
});

test('a record that says nothing is one of a peer that nobody can dial', () => {
  const record = someRecord(peer, { addresses: [], features: [] });
  expect(readSignedRecord(record.signed).record).toEqual(record.record);
});

test('nobody signs the record of another', () => {
  const { record } = someRecord(someKey());
  expect(() => signRecord(record, peer, peer.privateKey)).toThrow(/not of/);
});

test('a record is kept within its bound by leaving out what comes last', () => {
  const features = times(40, 'f').map((letter, index) => `${letter}${index}`.padEnd(64, 'x'));
  const addresses = times(10, longAddress);
  const long = someRecord(peer, { addresses, features: ['computes'] });
  expect(long.record.addresses).toEqual(times(3, longAddress));
  expect(long.record.features).toEqual(['computes']);
  const longer = someRecord(peer, { addresses, features });
  expect(longer.record.addresses).toEqual([longAddress]);
  expect(longer.record.features).toEqual(features.slice(0, 8));
  const many = someRecord(peer, { addresses: times(10, 'a:1'), features: times(40, 'f') });
  expect(many.record.addresses).toHaveLength(limits.peerAddressesMax);
  expect(many.record.features).toHaveLength(limits.featuresMax);
  for (const { record, signed } of [long, longer, many]) {
    expect(sizeOf(signed)).toBeLessThanOrEqual(limits.recordBytesMax);
    expect(readSignedRecord(signed).record).toEqual(record);
  }
});

test('a record that was verified once is not verified again', () => {
  const { signed } = someRecord(peer, { sequence: 2_000_000_000_000 });
  expect(readSignedRecord(signed)).toBe(readSignedRecord({ ...signed }));
});

test("a record's bytes do not keep their frame in memory", () => {
  const { signed } = someRecord(peer, { sequence: 2_000_000_000_001 });
  const frame = Buffer.alloc(10_000);
  frame.set(signed.payload, 100);
  const payload = frame.subarray(100, 100 + signed.payload.length);
  const record = readSignedRecord({ ...signed, payload });
  expect(record.signed.payload.buffer.byteLength).toBe(payload.length);
});

const good = someRecord(peer).signed;

test.each<[string, Signed, RegExp]>([
  ['an empty record', signedBytes(Buffer.alloc(0)), /signed peer record has 0 bytes/],
  ['a record over its bound', signedBytes(Buffer.alloc(900)), /signed peer record has 900 bytes/],
  ['a key over its bound', { ...good, publicKey: Buffer.alloc(1024) }, /signed peer record/],
  ['a record without a key', { ...good, publicKey: Buffer.alloc(0) }, /public key/],
  ['a record without a signature', { ...good, signature: Buffer.alloc(0) }, /signature/],
  ['a record with the key of another', { ...good, publicKey: someKey().spki }, /signature/],
  ['a record that was changed', { ...good, payload: Buffer.from('x') }, /signature/],
  ['a record signed as an offer', signed({ sequence: 1 }, 'manyhands/v1/offer'), /signature/],
  ['a record that is no protobuf', signedBytes(Buffer.from([0xff])), /not a valid protobuf/],
  ['a record with a bad address', signed({ addresses: ['unix:/x'] }), /host:port/],
  ['a record with a port that is none', signed({ addresses: ['a:0'] }), /host:port/],
  ['a record with too many addresses', signed({ addresses: times(9, 'a:1') }), /more than 8/],
  ['a record with too many features', signed({ features: times(33, 'a') }), /more than 32/],
  ['a record with a feature that is no name', signed({ features: ['A b'] }), /features/],
  ['a record with a long feature', signed({ features: ['a'.repeat(65)] }), /features/],
  ['a record with an inexact sequence', signed({ sequence: 2 ** 53 }), /sequence/],
  ['a record for ever', signed({ expiresAtMs: 2 ** 60 }), /expires_at_ms/],
])('%s is rejected with the reason', (_what, signed, reason) => {
  expect(decoding(() => readSignedRecord(signed))).toEqual({
    type: 'rejected',
    reason: expect.stringMatching(reason),
  });
});
