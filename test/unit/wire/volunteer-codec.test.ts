import { expect, test } from 'vitest';

import type { VolunteerMessage } from '../../../src/model/messages.ts';
import { limits } from '../../../src/model/limits.ts';
import type { Outcome } from '../../../src/model/replica.ts';
import type { ComputeRequest } from '../../../src/wire/generated/manyhands/v1/ComputeRequest.ts';
import type { ReplicaResult } from '../../../src/wire/generated/manyhands/v1/ReplicaResult.ts';
import type { Decoded } from '../../../src/wire/bounds.ts';
import type { HelloFrame } from '../../../src/wire/hello.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import { signBytes } from '../../../src/wire/signing.ts';
import {
  decodeVolunteer,
  encodeVolunteer,
  encodeVolunteerHello,
} from '../../../src/wire/volunteer-codec.ts';
import {
  messageOf,
  someDigest,
  someJob,
  someKey,
  someResult,
  times,
} from '../../support/wire-samples.ts';

const volunteer = someKey();
const { work, resultStatement } = loadPeerProto();

function roundTrip(message: VolunteerMessage): Decoded<VolunteerMessage | HelloFrame>[] {
  return encodeVolunteer(message, volunteer.privateKey).map((bytes) =>
    decodeVolunteer(bytes, volunteer),
  );
}

/** As it was before it was signed. */
function unsigned(decoded: Decoded<VolunteerMessage | HelloFrame>): unknown {
  if (decoded.type !== 'message' || decoded.message.type !== 'results') return decoded;
  const { job, replicas } = decoded.message.frame;
  return { type: 'message', message: { type: 'results', frame: { job, replicas } } };
}

function results(...outcomes: Outcome[]): VolunteerMessage {
  const replicas = outcomes.map((outcome, lease) => {
    const replica = { lease, chunk: 7, outcome, computeMs: 0.5 };
    return outcome.type === 'result' ? Object.assign(replica, { work: someDigest }) : replica;
  });
  return { type: 'results', frame: { job: someJob, replicas } };
}

test.each<VolunteerMessage>([
  { type: 'ask', job: someJob, count: 0 },
  { type: 'ask', job: someJob, count: 4096 },
  { type: 'hold', job: someJob, leases: [] },
  { type: 'hold', job: someJob, leases: Array.from({ length: limits.holdMax }, (_, id) => id) },
  { type: 'ping', id: 0 },
  { type: 'pong', id: Number.MAX_SAFE_INTEGER },
  results(),
  results({ type: 'returned' }),
  results(
    someResult(1).outcome,
    { type: 'failure', failure: { kind: 'timed-out', detail: '' } },
    { type: 'failure', failure: { kind: 'exited', detail: 'exit code 3' } },
    { type: 'failure', failure: { kind: 'forbidden-import', detail: 'env.open' } },
    { type: 'failure', failure: { kind: 'not-deterministic', detail: '' } },
    { type: 'failure', failure: { kind: 'out-of-memory', detail: 'x' } },
    { type: 'failure', failure: { kind: 'threw', detail: 'Error: no\n\tat line 1' } },
    { type: 'failure', failure: { kind: 'result-too-large', detail: 'x'.repeat(2048) } },
    { type: 'returned' },
    someResult(2, new Uint8Array(limits.inlineValueBytesMax)).outcome,
  ),
])('a message arrives as it was sent: %#', (message) => {
  const arrived = roundTrip(message).map((decoded) => unsigned(decoded));
  expect(arrived).toEqual([{ type: 'message', message }]);
});

test('a large value stays behind, and what it is about is said beside the others', () => {
  const value = new Uint8Array(limits.inlineValueBytesMax + 1);
  const message = results(someResult(1).outcome, someResult(2, value).outcome);
  const [bytes = Buffer.alloc(0)] = encodeVolunteer(message, volunteer.privateKey);
  expect(bytes.length).toBeLessThan(1_000);
  const { put, frame } = messageOf(decodeVolunteer(bytes, volunteer), 'results');
  expect(put).toEqual([{ index: 1, digest: digestOf(value), work: someDigest }]);
  expect(frame.replicas.map(({ outcome }) => outcome.type)).toEqual(['result', 'returned']);
});

test('a volunteer that says it holds more than it may is no volunteer', () => {
  const leases = Array.from({ length: limits.holdMax + 1 }, (_, id) => id);
  const [decoded] = roundTrip({ type: 'hold', job: someJob, leases });
  expect(decoded?.type).toBe('rejected');
});

test('a hello arrives', () => {
  expect(decodeVolunteer(encodeVolunteerHello(), volunteer)).toEqual({
    type: 'message',
    message: expect.objectContaining({ type: 'hello', protocolVersions: [1] }),
  });
});

test('results over the bounds of a frame travel in several, each signed', () => {
  const replicas = Array.from({ length: 150 }, (_, lease) => someResult(lease));
  const frames = encodeVolunteer(
    { type: 'results', frame: { job: someJob, replicas } },
    volunteer.privateKey,
  );
  const arrived = frames.map(
    (bytes) => messageOf(decodeVolunteer(bytes, volunteer), 'results').frame.replicas,
  );
  expect(arrived.map((some) => some.length)).toEqual([64, 64, 22]);
  expect(arrived.flat()).toEqual(replicas);
});

test('a detail over its bound is cut before it is sent, and can not move the cursor', () => {
  const detail = `\u001b[31m${'\u{1f41d}'.repeat(5000)}`;
  const [decoded] = roundTrip(results({ type: 'failure', failure: { kind: 'threw', detail } }));
  expect(JSON.stringify(decoded)).toMatch(/"\ufffd\[31m(\u{1f41d})+\ufffd?\u2026"/u);
});

test('what a later version says is ignored', () => {
  expect(decodeVolunteer(Buffer.from([0x7a, 2, 8, 1]), volunteer)).toEqual({
    type: 'unknown',
  });
});

const value = Buffer.from([1, 2, 3]);
const replica: ReplicaResult = {
  leaseId: 1,
  chunk: 1,
  digest: Buffer.from(digestOf(value), 'hex'),
  computeUs: 10,
  workDigest: Buffer.from(someDigest, 'hex'),
};

/** A frame that is signed as it stands, right or wrong. */
function signed(
  replicas: ReplicaResult[],
  values: Buffer[],
  jobId = Buffer.from(someJob, 'hex'),
): Buffer {
  const statement = resultStatement.serialize({ jobId, replicas });
  const signature = signBytes(volunteer.privateKey, 'manyhands/v1/results', statement);
  return work.Compute.requestSerialize({ results: { statement, signature, values } });
}

function frame(message: ComputeRequest): Buffer {
  return work.Compute.requestSerialize(message);
}

const withoutDigest: ReplicaResult = { leaseId: 1, chunk: 1 };
const none = Buffer.alloc(0);
const huge = Buffer.alloc(limits.inlineValueBytesMax + 1);

test('a frame signed by the volunteer is taken', () => {
  expect(decodeVolunteer(signed([replica], [value]), volunteer).type).toBe('message');
});

test('a frame signed by somebody else is rejected', () => {
  expect(decodeVolunteer(signed([replica], [value]), someKey())).toEqual({
    type: 'rejected',
    reason: expect.stringMatching(/signature/),
  });
});

test.each<[string, Buffer, RegExp]>([
  ['a short job id in an ask', frame({ ask: { jobId: Buffer.alloc(31), count: 1 } }), /job_id/],
  ['an inexact ping', frame({ ping: { id: 2 ** 53 } }), /id is/],
  ['an inexact pong', frame({ pong: { id: 2 ** 60 } }), /id is/],
  ['results without a signature', frame({ results: {} }), /signature/],
  ['a short job id', signed([replica], [value], Buffer.alloc(31)), /job_id/],
  ['a value too few', signed([replica, replica], [value]), /2 replicas came with 1 values/],
  ['a value too many', signed([replica], [value, value]), /1 replicas came with 2 values/],
  ['too many values', signed([replica], times(65, value)), /64/],
  ['too many replicas', signed(times(65, replica), [value]), /64/],
  ['a value with another digest', signed([replica], [Buffer.from([9])]), /digest/],
  [
    'a value over its bound',
    signed([{ ...replica, digest: Buffer.from(digestOf(huge), 'hex') }], [huge]),
    /262145/,
  ],
  ['a short work digest', signed([{ ...replica, workDigest: none }], [value]), /work_digest has 0/],
  ['a short digest', signed([{ ...replica, digest: Buffer.alloc(31) }], [value]), /digest has 31/],
  ['no outcome', signed([withoutDigest], [none]), /no outcome/],
  [
    'a value without a result',
    signed([{ ...withoutDigest, returned: {} }], [value]),
    /was not computed/,
  ],
  ['a failure of no kind', signed([{ ...withoutDigest, failure: {} }], [none]), /kind/],
  [
    'a detail over its bound',
    signed(
      [{ ...withoutDigest, failure: { kind: 'FAILURE_KIND_THREW' } }],
      [Buffer.from('x'.repeat(2049))],
    ),
    /detail has 2049/,
  ],
  ['an inexact lease id', signed([{ ...replica, leaseId: 2 ** 53 }], [value]), /lease_id/],
  ['a chunk that no job has', signed([{ ...replica, chunk: 2 ** 31 }], [value]), /chunk/],
  ['an inexact time', signed([{ ...replica, computeUs: 2 ** 60 }], [value]), /compute_us/],
  [
    'a statement that is no protobuf',
    frame({
      results: {
        statement: Buffer.from([0xff]),
        signature: signBytes(volunteer.privateKey, 'manyhands/v1/results', Buffer.from([0xff])),
      },
    }),
    /not a valid protobuf/,
  ],
])('%s is rejected with the reason', (_what, bytes, reason) => {
  expect(decodeVolunteer(bytes, volunteer)).toEqual({
    type: 'rejected',
    reason: expect.stringMatching(reason),
  });
});

test("a result's bytes do not keep their frame in memory", () => {
  const decoded = decodeVolunteer(signed([replica], [value]), volunteer);
  const [replicaBack] = messageOf(decoded, 'results').frame.replicas;
  const outcome = replicaBack?.outcome;
  expect(outcome?.type === 'result' && outcome.value.buffer.byteLength).toBe(value.length);
});
