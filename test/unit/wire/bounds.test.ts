/**
 * Nothing that a stranger sends makes a codec throw: every byte string is a message or rejected.
 */

import { expect, test } from 'vitest';

import { decodeBlobPiece, decodeBlobRequest } from '../../../src/wire/blob-codec.ts';
import { cut, type Decoded, printable } from '../../../src/wire/bounds.ts';
import {
  decodeOverlay,
  encodeOverlay,
  encodeOverlayHello,
} from '../../../src/wire/overlay-codec.ts';
import { decodeRequester, encodeRequester } from '../../../src/wire/requester-codec.ts';
import { decodeVolunteer, encodeVolunteer } from '../../../src/wire/volunteer-codec.ts';
import { someEvidence } from '../../support/evidence-samples.ts';
import { everyOverlayMessage, someJob, someKey, someResult } from '../../support/wire-samples.ts';

const peer = someKey();
const evidence = { type: 'evidence', evidence: someEvidence(peer) } as const;
const chunks = [1, 2, 3].map((lease) => ({ lease, chunk: 1, input: new Uint8Array([lease]) }));
const replicas = [someResult(1), someResult(2)];

const decoders: readonly ((bytes: Buffer) => Decoded<unknown>)[] = [
  (bytes) => decodeOverlay('dialler', bytes),
  (bytes) => decodeOverlay('dialled', bytes),
  (bytes) => decodeRequester(bytes),
  (bytes) => decodeVolunteer(bytes, peer),
  (bytes) => decodeBlobRequest(bytes),
  (bytes) => decodeBlobPiece(bytes),
];

const seeds: readonly Buffer[] = [
  encodeOverlayHello('dialler'),
  ...[...everyOverlayMessage(peer), evidence].map((message) => encodeOverlay('dialler', message)),
  ...encodeRequester({ type: 'leases', job: someJob, leaseMs: 1, chunks }),
  ...encodeRequester({ type: 'revoke', job: someJob, leases: [1, 2, 3] }),
  ...encodeVolunteer({ type: 'results', frame: { job: someJob, replicas } }, peer.privateKey),
];

/** xorshift32: the same mutations in every run; the seed is printed when one fails. */
function* randomNumbers(seed: number): Generator<number, never> {
  let state = seed;
  while (true) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

function mutated(bytes: Buffer, random: Iterator<number, never>): Buffer {
  const next = (below: number): number => random.next().value % below;
  const copy = Buffer.from(bytes);
  for (let changes = 1 + next(4); changes > 0; changes--) {
    copy.writeUInt8(next(256), next(copy.length));
  }
  const from = next(copy.length);
  switch (next(4)) {
    case 0:
      return copy.subarray(0, from);
    case 1:
      return Buffer.concat([copy, copy.subarray(from)]);
    case 2:
      return Buffer.concat([copy.subarray(0, from), copy.subarray(from + 1 + next(4))]);
    default:
      return copy;
  }
}

test('mutated and random frames are messages, unknown or rejected, and never an error', () => {
  const seed = Number(process.env['SEED'] ?? 20_260_101);
  const random = randomNumbers(seed);
  const seen = new Set<string>();
  for (let round = 0; round < 4000; round++) {
    const start = seeds[round % seeds.length] ?? Buffer.alloc(1);
    const bytes =
      round % 10 === 0
        ? Buffer.from(Array.from({ length: 1 + (round % 64) }, () => random.next().value & 255))
        : mutated(start, random);
    for (const decode of decoders) {
      try {
        seen.add(decode(bytes).type);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}: ${bytes.toString('hex')}`, { cause: error });
      }
    }
  }
  expect([...seen].sort()).toEqual(['message', 'rejected', 'unknown']);
});

test('text is made harmless, and line breaks stay where lines are meant', () => {
  const text = 'a\tb\nc\rd\u0007\u009b\u202e\u2066\u{1f41d}\ud800';
  expect(printable(text, 'one-line')).toBe(
    'a\ufffdb\ufffdc\ufffdd\ufffd\ufffd\ufffd\ufffd\u{1f41d}\ufffd',
  );
  expect(printable(text, 'lines')).toBe('a\tb\nc\ufffdd\ufffd\ufffd\ufffd\ufffd\u{1f41d}\ufffd');
});

test('text of our own is cut to its bound, and half a character is none', () => {
  expect(cut('abc', 3)).toBe('abc');
  expect(cut('abcd', 3)).toBe('ab\u2026');
  expect(cut('a\u{1f41d}bcd', 3)).toBe('a\ufffd\u2026');
});
