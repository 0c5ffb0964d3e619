/** Serves blobs in pieces, each sent when the one before it was taken. */

import { type ServerWritableStream, status as Status } from '@grpc/grpc-js';

import { reasonOf } from '../model/errors.ts';
import type { Digest } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { type BlobRequest, decodeBlobRequest, encodeBlobPiece } from '../wire/blob-codec.ts';
import type { TransportContext } from './context.ts';

export type BlobSource = (blob: Digest) => Promise<Uint8Array | undefined>;

type FetchCall = ServerWritableStream<Buffer, Buffer>;

/** The largest program at 230 kbit/s. A fetch holds its blob in memory, so it must end. */
const fetchMsMax = 300_000;

export class BlobServer {
  readonly #context: TransportContext;
  readonly #source: BlobSource;
  #fetches = 0;

  constructor(context: TransportContext, source: BlobSource) {
    this.#context = context;
    this.#source = source;
  }

  /** @param cut ends the connection of a receiver that doesn't read */
  serve(call: FetchCall, cut: () => void): void {
    this.#context.counters.bytesIn += call.request.length;
    const request = decodeBlobRequest(call.request);
    if (request.type !== 'message') {
      this.#context.counters.framesRejected += 1;
      end(call, Status.INVALID_ARGUMENT, request.type === 'rejected' ? request.reason : '');
      return;
    }
    if (this.#fetches >= limits.blobFetchesMax) {
      end(call, Status.RESOURCE_EXHAUSTED, 'too many blobs are being fetched; try later');
      return;
    }
    this.#fetches += 1;
    const timer = setTimeout(cut, fetchMsMax);
    call.once('close', () => {
      clearTimeout(timer);
      this.#fetches -= 1;
    });
    void this.#answer(call, request.message);
  }

  async #answer(call: FetchCall, { blob, offsetBytes }: BlobRequest): Promise<void> {
    let bytes: Uint8Array | undefined;
    try {
      bytes = await this.#source(blob);
    } catch (error) {
      this.#context.log.warn({ blob }, `could not serve a blob: ${reasonOf(error)}`);
      end(call, Status.INTERNAL, 'the blob could not be read');
      return;
    }
    if (bytes === undefined) end(call, Status.NOT_FOUND, 'the blob is not offered here');
    else if (offsetBytes > bytes.length) {
      end(call, Status.OUT_OF_RANGE, `the blob has ${bytes.length} bytes`);
    } else this.#sendFrom(call, bytes, offsetBytes);
  }

  /** At least one piece, so that the receiver of an empty or complete blob learns its size. */
  #sendFrom(call: FetchCall, bytes: Uint8Array, offsetBytes: number): void {
    const endBytes = Math.min(offsetBytes + limits.blobPieceBytes, bytes.length);
    const piece = bytes.subarray(offsetBytes, endBytes);
    const message = encodeBlobPiece({ piece, totalBytes: bytes.length });
    this.#context.counters.bytesOut += message.length;
    call.write(message, () => {
      if (endBytes === bytes.length) call.end();
      else this.#sendFrom(call, bytes, endBytes);
    });
  }
}

function end(call: FetchCall, code: Status, details: string): void {
  call.emit('error', Object.assign(new Error(details), { code, details }));
}
