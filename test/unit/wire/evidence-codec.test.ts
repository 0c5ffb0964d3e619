/** Evidence as it is signed, passed on and read: what does not fit together is refused. */

import { describe, expect, test } from 'vitest';

import type { Accusation } from '../../../src/model/evidence.ts';
import { jobId } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import { decoding } from '../../../src/wire/bounds.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { readSignedEvidence, signEvidence } from '../../../src/wire/evidence-codec.ts';
import { workDigests } from '../../../src/wire/work-digest.ts';
import {
  accusationOf,
  evidenceChunk,
  rightDigest,
  statementOf,
  wrongDigest,
} from '../../support/evidence-samples.ts';
import { digestNumbered, startUnixMs } from '../../support/protocol-fixtures.ts';
import { someDigest, someJob, someKey } from '../../support/wire-samples.ts';

const accuser = someKey();
const culprit = someKey();
const witness = someKey();

function signed(changes: Partial<Accusation> = {}) {
  return signEvidence(accusationOf(culprit, changes), accuser, accuser.privateKey);
}

/** Who reads is told the same as who signs: signing reads back what it has made. */
const reading = (changes: Partial<Accusation>) => decoding(() => signed(changes));
const rejected = (reason: RegExp) => ({
  type: 'rejected',
  reason: expect.stringMatching(reason),
});

test('evidence says who accuses whom of what, and how that can be computed', () => {
  const { evidence, signed: bytes, id } = signed();
  const { program, limits: chunkLimits, input } = accusationOf(culprit);
  expect(evidence).toEqual({
    accuser: accuser.peer,
    addresses: ['accuser.example:7000'],
    culprit: culprit.peer,
    job: someJob,
    chunk: evidenceChunk,
    said: wrongDigest,
    accepted: rightDigest,
    program,
    limits: chunkLimits,
    input,
    issuedAtMs: startUnixMs,
  });
  const copy = structuredClone(bytes);
  expect(readSignedEvidence(copy)).toEqual({ evidence, signed: bytes, id });
});

test('a large input is named, and comes to the same work', () => {
  const { digest, bytes } = accusationOf(culprit).input;
  expect(signed({ input: { digest, bytes } }).evidence.input).toEqual({ digest, bytes });
});

test('altered in any one byte it is refused', () => {
  const { signed: bytes } = signed();
  for (let at = 0; at < bytes.payload.length; at += 7) {
    const payload = Uint8Array.from(bytes.payload);
    payload[at] = (payload[at] ?? 0) ^ 1;
    expect(decoding(() => readSignedEvidence({ ...bytes, payload }))).toEqual(
      rejected(/signature/),
    );
  }
});

test('the same signed by somebody else is another piece, of another accuser', () => {
  const other = someKey();
  const accusation = accusationOf(culprit);
  const one = signEvidence(accusation, accuser, accuser.privateKey);
  const two = signEvidence(accusation, other, other.privateKey);
  expect(two.signed.payload).toEqual(one.signed.payload);
  expect(two.id).not.toBe(one.id);
  expect(two.evidence.accuser).toBe(other.peer);
});

test('however much is in it, it is not larger than what is read', () => {
  const value = new Uint8Array(limits.evidenceInputBytesMax);
  const { program, limits: chunkLimits } = accusationOf(culprit);
  const name = workDigests({ ...program, limits: chunkLimits })(value);
  const full = signed({
    input: { digest: digestOf(value), bytes: value.length, value },
    statement: statementOf(culprit, wrongDigest, { name }),
    witnesses: [1, 2, 3].map(() => statementOf(someKey(), rightDigest, { name })),
  });
  // Each of the four statements may have 64 replicas in the place of three.
  const grown = full.signed.payload.length + 4 * limits.statementBytesMax;
  expect(grown).toBeLessThan(limits.evidenceBytesMax);
});

describe('what does not show that anybody signed anything wrong is refused', () => {
  test.each<[string, Partial<Accusation>, RegExp]>([
    ['a statement of what is right', { statement: statementOf(culprit, rightDigest) }, /nothing/],
    [
      'a statement of another chunk',
      { statement: statementOf(culprit, wrongDigest, { chunk: 3 }) },
      /nothing/,
    ],
    [
      'a statement of other work',
      { statement: statementOf(culprit, wrongDigest, { name: someDigest }) },
      /nothing/,
    ],
    [
      'another program than was signed for',
      { program: { ...accusationOf(culprit).program, program: digestNumbered(9) } },
      /nothing/,
    ],
    [
      'another limit of memory than was signed for',
      { limits: { ...accusationOf(culprit).limits, memoryBytesMax: 2 ** 25 } },
      /nothing/,
    ],
    [
      'another input than was signed for',
      { input: { digest: someDigest, bytes: 1, value: Uint8Array.of(7) } },
      /nothing/,
    ],
    ['its own statement', { statement: statementOf(accuser, wrongDigest) }, /itself/],
    [
      'a statement whose signature does not fit',
      { statement: { ...statementOf(culprit, wrongDigest), publicKey: someKey().spki } },
      /signature/,
    ],
  ])('%s', (_what, changes, reason) => {
    expect(reading(changes)).toEqual(rejected(reason));
  });
});

describe('witnesses that are none are refused', () => {
  const other = jobId('ef'.repeat(32));
  test.each<[string, Accusation['witnesses'], RegExp]>([
    ['the accused', [statementOf(culprit, rightDigest)], /is the accused/],
    ['the accuser', [statementOf(accuser, rightDigest)], /the accuser/],
    ['one twice', [1, 2].map(() => statementOf(witness, rightDigest)), /another witness/],
    ['for another result', [statementOf(witness, wrongDigest)], /has not signed/],
    ['for another chunk', [statementOf(witness, rightDigest, { chunk: 3 })], /has not signed/],
    ['for other work', [statementOf(witness, rightDigest, { name: someDigest })], /has not signed/],
    ['for another job', [statementOf(witness, rightDigest, { job: other })], /has not signed/],
    ['too many', [1, 2, 3, 4].map(() => statementOf(someKey(), rightDigest)), /more than 3/],
  ])('%s', (_what, witnesses, reason) => {
    expect(reading({ witnesses })).toEqual(rejected(reason));
  });
});

test('bounds are checked', () => {
  const long = new Uint8Array(limits.evidenceInputBytesMax + 1);
  const input = { digest: digestOf(long), bytes: long.length, value: long };
  expect(reading({ input })).toEqual(rejected(/input_value/));
  expect(reading({ addresses: ['nowhere'] })).toEqual(rejected(/address/));
  expect(reading({ chunk: 2 ** 31 })).toEqual(rejected(/chunk/));
  const { signed: bytes } = signed();
  const payload = new Uint8Array(limits.evidenceBytesMax);
  expect(decoding(() => readSignedEvidence({ ...bytes, payload }))).toEqual(rejected(/bytes/));
});
