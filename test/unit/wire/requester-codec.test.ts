import { expect, test } from 'vitest';

import type { RequesterMessage } from '../../../src/model/messages.ts';
import { limits } from '../../../src/model/limits.ts';
import type { ComputeResponse } from '../../../src/wire/generated/manyhands/v1/ComputeResponse.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import {
  decodeRequester,
  encodeRequester,
  encodeRequesterHello,
} from '../../../src/wire/requester-codec.ts';
import {
  messageOf,
  plain,
  someJob,
  someKey,
  someReceipt,
  times,
} from '../../support/wire-samples.ts';

function frame(message: ComputeResponse): Buffer {
  return loadPeerProto().work.Compute.responseSerialize(message);
}

const jobId = Buffer.from(someJob, 'hex');
const largestId = Number.MAX_SAFE_INTEGER;

test.each<RequesterMessage>([
  {
    type: 'leases',
    job: someJob,
    leaseMs: 30_000,
    chunks: [
      { lease: 1, chunk: 0, input: new Uint8Array([0xf6]) },
      { lease: largestId, chunk: limits.jobChunksMax - 1, input: new Uint8Array(1000) },
    ],
  },
  { type: 'acknowledge', job: someJob, leases: [0, 1, largestId] },
  { type: 'revoke', job: someJob, leases: [] },
  { type: 'job-ended', job: someJob },
  { type: 'ping', id: largestId },
  { type: 'pong', id: 0 },
])('a message arrives as it was sent: $type', (message) => {
  const frames = encodeRequester(message).map((bytes) => decodeRequester(bytes));
  expect(frames).toEqual([{ type: 'message', message }]);
});

test('a receipt arrives with the bytes that prove it', () => {
  const message: RequesterMessage = { type: 'receipt', receipt: someReceipt(someKey()) };
  const frames = encodeRequester(message).map((bytes) => decodeRequester(bytes));
  expect(plain(frames)).toEqual(plain([{ type: 'message', message }]));
});

test('a hello arrives', () => {
  expect(decodeRequester(encodeRequesterHello())).toEqual({
    type: 'message',
    message: expect.objectContaining({ type: 'hello', protocolVersions: [1] }),
  });
});

test('leases over the bounds of a frame travel in several', () => {
  const input = new Uint8Array(limits.chunkInputBytesMax);
  const chunks = Array.from({ length: 5 }, (_, lease) => ({ lease, chunk: lease, input }));
  const frames = encodeRequester({ type: 'leases', job: someJob, leaseMs: 1, chunks });
  expect(frames.map((bytes) => bytes.length <= limits.frameBytesMax)).toEqual([true, true, true]);
  const arrived = frames.flatMap((bytes) => messageOf(decodeRequester(bytes), 'leases').chunks);
  expect(arrived.map(({ lease }) => lease)).toEqual([0, 1, 2, 3, 4]);
});

test('ids over the bound of a frame travel in several', () => {
  const leases = Array.from({ length: 4096 }, (_, lease) => lease);
  const frames = encodeRequester({ type: 'revoke', job: someJob, leases });
  expect(frames.map((bytes) => decodeRequester(bytes).type)).toEqual(times(4, 'message'));
});

test('what a later version says is ignored', () => {
  expect(decodeRequester(Buffer.from([0x7a, 2, 8, 1]))).toEqual({ type: 'unknown' });
});

const lease = { leaseId: 1, chunk: 1, input: Buffer.from([1]) };
const ids = Array.from({ length: 1025 }, (_, id) => id);

test.each<[string, ComputeResponse, RegExp]>([
  ['a short job id', { jobEnded: { jobId: Buffer.alloc(31) } }, /job_id/],
  ['no job id', { jobEnded: {} }, /job_id/],
  ['too many leases', { leases: { jobId, leaseMs: 1, leases: times(1025, lease) } }, /1024/],
  ['no time for the leases', { leases: { jobId, leases: [lease] } }, /lease_ms/],
  [
    'an empty input',
    { leases: { jobId, leaseMs: 1, leases: [{ ...lease, input: Buffer.alloc(0) }] } },
    /input has 0 bytes/,
  ],
  [
    'an input over its bound',
    { leases: { jobId, leaseMs: 1, leases: [{ ...lease, input: Buffer.alloc(2 ** 20 + 6) }] } },
    /input has 1048582 bytes/,
  ],
  [
    'an inexact lease id',
    { leases: { jobId, leaseMs: 1, leases: [{ ...lease, leaseId: 2 ** 53 }] } },
    /lease_id/,
  ],
  [
    'a chunk that no job has',
    { leases: { jobId, leaseMs: 1, leases: [{ ...lease, chunk: 2 ** 31 }] } },
    /chunk is/,
  ],
  ['a receipt of nobody', { receipt: { payload: Buffer.of(1) } }, /public key/],
  [
    'a receipt that was changed',
    { receipt: { ...someReceipt(someKey()).signed, payload: Buffer.of(1) } },
    /a receipt's signature/,
  ],
  ['too many acknowledged ids', { acknowledge: { jobId, leaseIds: ids } }, /1024/],
  ['too many revoked ids', { revoke: { jobId, leaseIds: ids } }, /1024/],
  ['an inexact acknowledged id', { acknowledge: { jobId, leaseIds: [2 ** 60] } }, /lease_id/],
  ['a feature that is no name', { hello: { features: [''] } }, /features/],
  ['an inexact ping', { ping: { id: 2 ** 53 } }, /id is/],
  ['an inexact pong', { pong: { id: 2 ** 60 } }, /id is/],
])('%s is rejected with the reason', (_what, message, reason) => {
  expect(decodeRequester(frame(message))).toEqual({
    type: 'rejected',
    reason: expect.stringMatching(reason),
  });
});

test('ids beyond the bound are rejected however they are packed', () => {
  // Twice 515 ids of one byte, packed, in one acknowledge.
  const packed = Buffer.concat([Buffer.from([0x12, 0x83, 0x04]), Buffer.alloc(515)]);
  const acknowledge = Buffer.concat([packed, packed]);
  const length = Buffer.from([(acknowledge.length & 0x7f) | 0x80, acknowledge.length >> 7]);
  const bytes = Buffer.concat([Buffer.from([0x1a]), length, acknowledge]);
  expect(decodeRequester(bytes)).toEqual({
    type: 'rejected',
    reason: expect.stringMatching(/more than 1024/),
  });
});
