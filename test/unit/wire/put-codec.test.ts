import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import {
  decodePutOffset,
  decodePutRequest,
  encodePutBegin,
  encodePutOffset,
  encodePutPiece,
} from '../../../src/wire/put-codec.ts';
import { someDigest, someJob } from '../../support/wire-samples.ts';

const { Put } = loadPeerProto().work;

const begin = {
  job: someJob,
  lease: 2 ** 40,
  chunk: limits.jobChunksMax - 1,
  digest: someDigest,
  bytes: limits.resultBytesMax,
};

test('what is said while a value is put arrives as it was sent', () => {
  expect(decodePutRequest(encodePutBegin(begin))).toEqual({
    type: 'message',
    message: { type: 'begin', ...begin },
  });
  const piece = Buffer.alloc(limits.putPieceBytes, 7);
  expect(decodePutRequest(encodePutPiece(piece))).toEqual({
    type: 'message',
    message: { type: 'piece', piece },
  });
  expect(decodePutOffset(encodePutOffset(7))).toEqual({ type: 'message', message: 7 });
});

test('what a later version says is ignored', () => {
  expect(decodePutRequest(Buffer.from([0x7a, 2, 8, 1]))).toEqual({ type: 'unknown' });
});

test.each<[string, { type: string }]>([
  ['a value that is not large', decodePutRequest(encodePutBegin({ ...begin, bytes: 262_144 }))],
  ['a value that is too large', decodePutRequest(encodePutBegin({ ...begin, bytes: 2 ** 24 + 6 }))],
  ['a chunk that no job has', decodePutRequest(encodePutBegin({ ...begin, chunk: 2 ** 31 }))],
  ['an inexact lease', decodePutRequest(encodePutBegin({ ...begin, lease: 2 ** 60 }))],
  ['no job', decodePutRequest(Put.requestSerialize({ begin: { totalBytes: 2 ** 20 } }))],
  ['an empty piece', decodePutRequest(encodePutPiece(Buffer.alloc(0)))],
  [
    'a piece over its bound',
    decodePutRequest(encodePutPiece(Buffer.alloc(limits.putPieceBytes + 1))),
  ],
  ['no protobuf', decodePutRequest(Buffer.from([0xff]))],
  ['more than there can be', decodePutOffset(encodePutOffset(2 ** 24 + 6))],
])('%s is rejected', (_what, decoded) => {
  expect(decoded.type).toBe('rejected');
});
