/** Requests for blobs and the pieces that answer them: bytes <-> model. */

import type { Digest } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { type Decoded, decoding, digestField, parse, sized, whole } from './bounds.ts';
import { loadPeerProto } from './proto.ts';

export type BlobRequest = {
  readonly blob: Digest;
  /** Where to begin: what the receiver has already. */
  readonly offsetBytes: number;
};

export type BlobPiece = {
  readonly piece: Uint8Array;
  /** Of the whole blob. */
  readonly totalBytes: number;
};

export function encodeBlobRequest({ blob, offsetBytes }: BlobRequest): Buffer {
  return loadPeerProto().blobs.Fetch.requestSerialize({
    digest: Buffer.from(blob, 'hex'),
    offset: offsetBytes,
  });
}

export function decodeBlobRequest(bytes: Uint8Array): Decoded<BlobRequest> {
  return decoding(() => {
    const { digest, offset } = parse(
      bytes,
      'FetchRequest',
      {},
      loadPeerProto().blobs.Fetch.requestDeserialize,
    );
    return {
      blob: digestField(digest, 'digest'),
      offsetBytes: whole(offset, 0, Number.MAX_SAFE_INTEGER, 'offset'),
    };
  });
}

export function encodeBlobPiece({ piece, totalBytes }: BlobPiece): Buffer {
  return loadPeerProto().blobs.Fetch.responseSerialize({ piece, totalBytes });
}

export function decodeBlobPiece(bytes: Uint8Array): Decoded<BlobPiece> {
  return decoding(() => {
    const proto = parse(
      bytes,
      'FetchResponse',
      {},
      loadPeerProto().blobs.Fetch.responseDeserialize,
    );
    return {
      piece: sized(proto.piece, 0, limits.blobPieceBytes, 'piece'),
      totalBytes: whole(proto.totalBytes, 0, Number.MAX_SAFE_INTEGER, 'total_bytes'),
    };
  });
}
