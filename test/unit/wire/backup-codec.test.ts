import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { decodeBackup, encodeBackup } from '../../../src/wire/backup-codec.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { plain, someKey, someReceipt } from '../../support/wire-samples.ts';

const standing = { peer: someKey().peer, passed: 2.5, isCaught: false, seenAtMs: 1_000 };
const caught = { ...standing, passed: 0, isCaught: true, why: 'returned a wrong result' };
const tooMany = Array.from({ length: 300_000 }, () => 0);
const backup = {
  identity: '-----BEGIN PRIVATE KEY-----',
  standings: [standing, { ...caught, peer: someKey().peer }],
  receipts: [someReceipt(someKey()), someReceipt(someKey())],
};

test('a backup reads as it was written', () => {
  const decoded = decodeBackup(encodeBackup(backup));
  expect(plain(decoded)).toEqual(plain({ type: 'message', message: backup }));
});

test('as many standings as a peer keeps are not too many', () => {
  const standings = Array.from({ length: limits.standingsMax }, () => caught);
  const decoded = decodeBackup(encodeBackup({ ...backup, standings }));
  expect(decoded.type === 'message' && decoded.message.standings.length).toBe(standings.length);
});

test('nobody has passed so much that no time could make it less', () => {
  const standings = [
    { ...standing, passed: 1e308 },
    { ...standing, passed: Infinity },
  ];
  expect(decodeBackup(encodeBackup({ ...backup, standings }))).toMatchObject({
    type: 'message',
    message: { standings: [{ passed: 1e9 }, { passed: 1e9 }] },
  });
});

test('a backup says in its first line what it is', () => {
  const [head] = Buffer.from(encodeBackup(backup)).toString('latin1').split('\n');
  expect(head).toMatch(/^manyhands-backup 1 [0-9a-f]{64}$/);
});

test.each([
  ['is something else', Buffer.from('PK\u0003\u0004'), /no backup/],
  ['is empty', Buffer.from(''), /the file has 0 bytes/],
  ['has lost its end', encodeBackup(backup).subarray(0, -1), /damaged, or not complete/],
  ['has a byte changed', flipped(encodeBackup(backup), 500), /damaged, or not complete/],
  ['is of a later version', Buffer.from('manyhands-backup 2 ff\n'), /version 2, .* reads 1/],
  ['has no key', bodyOf({ standings: [], receipts: [] }), /no identity/],
  ['has no lists', bodyOf({ identity: 'x' }), /no list/],
  ['is not CBOR', wrapped(Buffer.from([0xff])), /not what a peer has written/],
  ['has too many parts', bodyOf({ identity: 'x', more: tooMany }), /not what a peer has written/],
  ['has a standing of nobody', bodyWith({ standings: [{ ...standing, peer: 'x' }] }), /nobody/],
  ['has no standing', bodyWith({ standings: [{ ...standing, passed: -1 }] }), /a standing/],
  ['has no time', bodyWith({ standings: [{ ...standing, seenAtMs: -1 }] }), /no time/],
  ['has no receipt', bodyWith({ receipts: [7] }), /a receipt is not/],
  ['has a forged receipt', bodyWith({ receipts: [forged()] }), /signature does not fit/],
])('what %s is refused, and why', (_what, bytes, reason) => {
  expect(decodeBackup(bytes)).toEqual({
    type: 'rejected',
    reason: expect.stringMatching(reason),
  });
});

function bodyWith(changes: object): Uint8Array {
  return bodyOf({ identity: 'x', standings: [], receipts: [], ...changes });
}

function bodyOf(fields: object): Uint8Array {
  return wrapped(encodeCanonical(fields));
}

function wrapped(body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`manyhands-backup 1 ${digestOf(body)}\n`), body]);
}

function forged() {
  const { payload, publicKey, signature } = someReceipt(someKey()).signed;
  return { payload: flipped(payload, payload.length - 1), publicKey, signature };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
