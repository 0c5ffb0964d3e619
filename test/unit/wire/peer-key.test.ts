import { ECDH, generateKeyPairSync, hash } from 'node:crypto';

import { expect, test } from 'vitest';

import { peerKeyOf } from '../../../src/wire/peer-key.ts';
import { someKey } from '../../support/wire-samples.ts';

test('a peer id is the base32 SHA-256 of the public key', () => {
  const { spki, peer } = someKey();
  // RFC 4648 by way of big numbers: 256 bits and 4 of padding in 52 groups of 5.
  let bits = (BigInt(`0x${hash('sha256', spki, 'hex')}`) << 4n).toString(2).padStart(260, '0');
  let expected = '';
  while (bits !== '') {
    expected += 'abcdefghijklmnopqrstuvwxyz234567'.charAt(Number.parseInt(bits.slice(0, 5), 2));
    bits = bits.slice(5);
  }
  expect(peer).toBe(expected);
});

test('the same key is parsed once', () => {
  const { spki } = someKey();
  expect(peerKeyOf(new Uint8Array(spki))).toBe(peerKeyOf(spki));
});

test('keys of other kinds and other bytes are no peer keys', () => {
  const other = (curve: string): Buffer =>
    generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({
      format: 'der',
      type: 'spki',
    });
  expect(peerKeyOf(other('secp256k1'))).toBeUndefined();
  expect(peerKeyOf(other('P-384'))).toBeUndefined();
  expect(
    peerKeyOf(generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' })),
  ).toBeUndefined();
  expect(peerKeyOf(new Uint8Array(91))).toBeUndefined();
  expect(peerKeyOf(new Uint8Array(0))).toBeUndefined();
});

test('a compressed key would be a second identity and is refused', () => {
  const { spki } = someKey();
  const point = ECDH.convertKey(
    spki.subarray(-65),
    'prime256v1',
    undefined,
    undefined,
    'compressed',
  );
  const header = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
  expect(peerKeyOf(Buffer.concat([header, Buffer.from(point)]))).toBeUndefined();
});

test('a point off the curve is refused', () => {
  const spki = Buffer.from(someKey().spki);
  spki.writeUInt8(spki.readUInt8(90) ^ 1, 90);
  expect(peerKeyOf(spki)).toBeUndefined();
});
