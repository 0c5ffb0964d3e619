import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import {
  decodeBlobPiece,
  decodeBlobRequest,
  encodeBlobPiece,
  encodeBlobRequest,
} from '../../../src/wire/blob-codec.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import { someDigest } from '../../support/wire-samples.ts';

const { Fetch } = loadPeerProto().blobs;

test('requests and pieces arrive as they were sent', () => {
  const request = { blob: someDigest, offsetBytes: 2 ** 40 };
  expect(decodeBlobRequest(encodeBlobRequest(request))).toEqual({
    type: 'message',
    message: request,
  });
  const piece = { piece: Buffer.alloc(limits.blobPieceBytes, 7), totalBytes: 2 ** 30 };
  expect(decodeBlobPiece(encodeBlobPiece(piece))).toEqual({ type: 'message', message: piece });
});

test.each<[string, { type: string }]>([
  ['a short digest', decodeBlobRequest(Fetch.requestSerialize({ digest: Buffer.alloc(31) }))],
  [
    'an inexact offset',
    decodeBlobRequest(Fetch.requestSerialize({ digest: Buffer.alloc(32), offset: 2 ** 60 })),
  ],
  ['no protobuf', decodeBlobRequest(Buffer.from([0xff]))],
  [
    'a piece over its bound',
    decodeBlobPiece(Fetch.responseSerialize({ piece: Buffer.alloc(limits.blobPieceBytes + 1) })),
  ],
  ['an inexact total', decodeBlobPiece(Fetch.responseSerialize({ totalBytes: 2 ** 60 }))],
])('%s is rejected', (_what, decoded) => {
  expect(decoded.type).toBe('rejected');
});
