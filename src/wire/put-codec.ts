/** What brings a large value from a volunteer to its requester in pieces: bytes <-> model. */

import type { Digest, JobId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import {
  type Decoded,
  decoding,
  digestField,
  jobIdField,
  parse,
  type Shape,
  sized,
  whole,
} from './bounds.ts';
import { loadPeerProto } from './proto.ts';

/** The value of a lease, as its volunteer announces it. */
export type PutBegin = {
  readonly job: JobId;
  readonly lease: number;
  readonly chunk: number;
  readonly digest: Digest;
  /** Of the whole value. */
  readonly bytes: number;
};

export type PutRequest =
  | ({ readonly type: 'begin' } & PutBegin)
  | { readonly type: 'piece'; readonly piece: Uint8Array };

export function encodePutBegin({ job, lease, chunk, digest, bytes }: PutBegin): Buffer {
  return loadPeerProto().work.Put.requestSerialize({
    begin: {
      jobId: Buffer.from(job, 'hex'),
      leaseId: lease,
      chunk,
      digest: Buffer.from(digest, 'hex'),
      totalBytes: bytes,
    },
  });
}

export function encodePutPiece(piece: Uint8Array): Buffer {
  return loadPeerProto().work.Put.requestSerialize({ piece });
}

export function decodePutRequest(bytes: Uint8Array): Decoded<PutRequest> {
  return decoding(() => {
    const { begin, piece } = parse(
      bytes,
      'PutRequest',
      requestShape,
      loadPeerProto().work.Put.requestDeserialize,
    );
    if (piece) {
      return { type: 'piece', piece: sized(piece, 1, limits.putPieceBytes, 'piece') };
    }
    if (!begin) return undefined;
    const { inlineValueBytesMax, resultBytesMax } = limits;
    return {
      type: 'begin',
      job: jobIdField(begin.jobId),
      lease: whole(begin.leaseId, 0, Number.MAX_SAFE_INTEGER, 'lease_id'),
      chunk: whole(begin.chunk, 0, limits.jobChunksMax - 1, 'chunk'),
      digest: digestField(begin.digest, 'digest'),
      bytes: whole(begin.totalBytes, inlineValueBytesMax + 1, resultBytesMax, 'total_bytes'),
    };
  });
}

const requestShape: Shape = { nested: { 1: {} } };

export function encodePutOffset(offsetBytes: number): Buffer {
  return loadPeerProto().work.Put.responseSerialize({ offset: offsetBytes });
}

/** How much of the value is at the requester already. */
export function decodePutOffset(bytes: Uint8Array): Decoded<number> {
  return decoding(() => {
    const { offset } = parse(
      bytes,
      'PutResponse',
      {},
      loadPeerProto().work.Put.responseDeserialize,
    );
    return whole(offset, 0, limits.resultBytesMax, 'offset');
  });
}
