/** Serves blobs in pieces, each sent when the one before it was taken. */

import { type ServerWritableStream, status as Status } from '@grpc/grpc-js';

import { reasonOf } from '../model/errors.ts';
import type { PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { type BlobRequest, decodeBlobRequest, encodeBlobPiece } from '../wire/blob-codec.ts';
import { blobMsMax } from './blob-pace.ts';
import { refuseCall } from './call-sides.ts';
import type { TransportContext } from './context.ts';
import { type BlobSource, HeldBlobs, HoldsTooMuch } from './held-blobs.ts';

type FetchCall = ServerWritableStream<Buffer, Buffer>;

export class BlobServer {
  readonly #context: TransportContext;
  readonly #blobs: HeldBlobs;
  #fetches = 0;
  /** Of each peer that fetches now. */
  readonly #fetchesOf = new Map<PeerId, number>();

  constructor(context: TransportContext, source: BlobSource) {
    this.#context = context;
    this.#blobs = new HeldBlobs(source, limits.blobsServedBytesMax);
  }

  /** @param cut ends the connection of a receiver that doesn't read */
  serve(call: FetchCall, peer: PeerId, cut: () => void): void {
    this.#context.counters.bytesIn += call.request.length;
    const request = decodeBlobRequest(call.request);
    if (request.type !== 'message') {
      this.#context.counters.framesRejected += 1;
      refuseCall(call, Status.INVALID_ARGUMENT, request.type === 'rejected' ? request.reason : '');
      return;
    }
    const isFull = this.#fetches >= limits.blobFetchesMax;
    if (isFull || (this.#fetchesOf.get(peer) ?? 0) >= limits.blobFetchesEachMax) {
      refuseCall(call, Status.RESOURCE_EXHAUSTED, busy);
      return;
    }
    this.#count(peer, 1);
    void this.#answer(call, request.message, cut).finally(() => this.#count(peer, -1));
  }

  #count(peer: PeerId, change: 1 | -1): void {
    this.#fetches += change;
    const fetches = (this.#fetchesOf.get(peer) ?? 0) + change;
    if (fetches === 0) this.#fetchesOf.delete(peer);
    else this.#fetchesOf.set(peer, fetches);
  }

  /** Ends with the call; never rejects. */
  async #answer(call: FetchCall, request: BlobRequest, cut: () => void): Promise<void> {
    const { blob, offsetBytes } = request;
    const closed = new Promise<void>((resolve) => {
      call.once('close', resolve);
    });
    try {
      await this.#blobs.with(blob, async (bytes) => {
        if (call.destroyed) return;
        if (bytes === undefined) refuseCall(call, Status.NOT_FOUND, 'the blob is not offered here');
        else if (offsetBytes > bytes.length) {
          refuseCall(call, Status.OUT_OF_RANGE, `the blob has ${bytes.length} bytes`);
        } else {
          const timer = setTimeout(cut, blobMsMax(bytes.length - offsetBytes));
          this.#sendFrom(call, bytes, offsetBytes);
          await closed;
          clearTimeout(timer);
        }
      });
    } catch (error) {
      if (error instanceof HoldsTooMuch) {
        refuseCall(call, Status.RESOURCE_EXHAUSTED, busy);
        return;
      }
      this.#context.log.warn({ blob }, `could not serve a blob: ${reasonOf(error)}`);
      refuseCall(call, Status.INTERNAL, 'the blob could not be read');
    }
  }

  /** At least one piece, so that the receiver of an empty or complete blob learns its size. */
  #sendFrom(call: FetchCall, bytes: Uint8Array, offsetBytes: number): void {
    const endBytes = Math.min(offsetBytes + limits.blobPieceBytes, bytes.length);
    const piece = bytes.subarray(offsetBytes, endBytes);
    const message = encodeBlobPiece({ piece, totalBytes: bytes.length });
    this.#context.counters.bytesOut += message.length;
    call.write(message, (error?: Error | null) => {
      // Its receiver is gone, and the call with it.
      if (error) return;
      if (endBytes === bytes.length) call.end();
      else this.#sendFrom(call, bytes, endBytes);
    });
  }
}

const busy = 'too many blobs are being fetched; try later';
