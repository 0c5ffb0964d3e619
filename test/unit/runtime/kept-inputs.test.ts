import { expect, test } from 'vitest';

import { encodeKeptInputs, KeptInputs } from '../../../src/runtime/kept-inputs.ts';
import { encodePacked, pack } from '../../../src/wire/packed.ts';
import { inputOf, keptInputs } from '../../support/audit-samples.ts';
import { digestNumbered } from '../../support/protocol-fixtures.ts';

test.each([1, 5, 1000])('inputs come out of pieces of %i bytes', async (pieceBytes) => {
  const bytes = await keptInputs();
  const inputs = new KeptInputs();
  const read: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    read.push(...(inputs.push(bytes.subarray(at, at + pieceBytes)) ?? []));
  }
  const plain = (input: Uint8Array) => Buffer.from(input).toString('hex');
  expect(read.map(plain)).toEqual([0, 1, 2, 3].map((chunk) => plain(inputOf(chunk))));
  expect(inputs.isWhole).toBe(true);
});

test('what ends in the middle of a page is not whole', async () => {
  const inputs = new KeptInputs();
  expect(inputs.push((await keptInputs()).subarray(0, -1))).toHaveLength(2);
  expect(inputs.isWhole).toBe(false);
});

test.each([
  ['a page that is longer than any', 'ffffffff'],
  ['a page that contradicts itself', '0400000005000000'],
])('%s is damaged, and so is all that follows', (_what, hex) => {
  const inputs = new KeptInputs();
  expect(inputs.push(Buffer.from(hex, 'hex'))).toBeUndefined();
  expect(inputs.push(Buffer.alloc(4))).toBeUndefined();
  expect(inputs.isWhole).toBe(false);
});

test('the largest page that a job can have is read', async () => {
  const largest = pack([new Uint8Array(2 ** 20), new Uint8Array(2 ** 20 + 5)]);
  const pages = encodeKeptInputs([digestNumbered(1)], async () => largest);
  const bytes = Buffer.concat(await Array.fromAsync(pages));
  expect(new KeptInputs().push(bytes)).toHaveLength(2);
});

test('very small pieces of a page cost no more than its bytes', () => {
  const inputs = new KeptInputs();
  const length = Buffer.alloc(4);
  length.writeUInt32LE(2_000_000);
  const before = process.cpuUsage();
  inputs.push(length);
  for (let piece = 0; piece < 300_000; piece++) inputs.push(Buffer.of(0));
  // Some 50 ms; copied each time it was 24 s.
  expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
  expect(inputs.isWhole).toBe(false);
});

test('a page of very many empty inputs is read', () => {
  const page = Buffer.concat([
    Buffer.alloc(4),
    encodePacked(pack(Array(400_000).fill(Buffer.of()))),
  ]);
  page.writeUInt32LE(page.length - 4);
  expect(new KeptInputs().push(page)).toHaveLength(400_000);
});
