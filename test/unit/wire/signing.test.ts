import { sign } from 'node:crypto';

import { expect, test } from 'vitest';

import { signBytes, verifyBytes } from '../../../src/wire/signing.ts';
import { someKey } from '../../support/wire-samples.ts';

const payload = Buffer.from('what is said');

test('a signature holds for its key, context and bytes', () => {
  const { key, privateKey } = someKey();
  const signature = signBytes(privateKey, 'manyhands/v1/offer', payload);
  expect(verifyBytes(key, 'manyhands/v1/offer', payload, signature)).toBe(true);
});

test('a signature holds for no other key, context or bytes', () => {
  const { key, privateKey } = someKey();
  const signature = signBytes(privateKey, 'manyhands/v1/offer', payload);
  expect(verifyBytes(someKey().key, 'manyhands/v1/offer', payload, signature)).toBe(false);
  expect(verifyBytes(key, 'manyhands/v1/results', payload, signature)).toBe(false);
  expect(verifyBytes(key, 'manyhands/v1/peer-record', payload, signature)).toBe(false);
  expect(verifyBytes(key, 'manyhands/v1/receipt', payload, signature)).toBe(false);
  expect(verifyBytes(key, 'manyhands/v1/offer', Buffer.from('other'), signature)).toBe(false);
});

test('bytes that are no signature are false, not an error', () => {
  const { key } = someKey();
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('30', 'hex'),
    Buffer.alloc(72, 0x30),
    Buffer.alloc(5000),
  ]) {
    expect(verifyBytes(key, 'manyhands/v1/offer', payload, bytes)).toBe(false);
  }
});

test('what is signed is the context, a zero byte and the payload, so that others can do it', () => {
  const { key, privateKey } = someKey();
  const statement = Buffer.concat([Buffer.from('manyhands/v1/results\0'), payload]);
  const signature = sign('sha256', statement, privateKey);
  expect(verifyBytes(key, 'manyhands/v1/results', payload, signature)).toBe(true);
});
