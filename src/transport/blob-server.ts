/** Serves blobs in pieces, each sent when the one before it was taken. */

import { type ServerWritableStream, status as Status } from '@grpc/grpc-js';

import { reasonOf } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { type BlobRequest, decodeBlobRequest, encodeBlobPiece } from '../wire/blob-codec.ts';
import { blobMsMax } from './blob-pace.ts';
import type { TransportContext } from './context.ts';
import { type BlobSource, HeldBlobs, HoldsTooMuch } from './held-blobs.ts';

type FetchCall = ServerWritableStream<Buffer, Buffer>;

export class BlobServer {
  readonly #context: TransportContext;
  readonly #blobs: HeldBlobs;
  #fetches = 0;

  constructor(context: TransportContext, source: BlobSource) {
    this.#context = context;
    this.#blobs = new HeldBlobs(source, limits.blobsServedBytesMax);
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
      end(call, Status.RESOURCE_EXHAUSTED, busy);
      return;
    }
    this.#fetches += 1;
    void this.#answer(call, request.message, cut).finally(() => {
      this.#fetches -= 1;
    });
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
        if (bytes === undefined) end(call, Status.NOT_FOUND, 'the blob is not offered here');
        else if (offsetBytes > bytes.length) {
          end(call, Status.OUT_OF_RANGE, `the blob has ${bytes.length} bytes`);
        } else {
          const timer = setTimeout(cut, blobMsMax(bytes.length - offsetBytes));
          this.#sendFrom(call, bytes, offsetBytes);
          await closed;
          clearTimeout(timer);
        }
      });
    } catch (error) {
      if (error instanceof HoldsTooMuch) {
        end(call, Status.RESOURCE_EXHAUSTED, busy);
        return;
      }
      this.#context.log.warn({ blob }, `could not serve a blob: ${reasonOf(error)}`);
      end(call, Status.INTERNAL, 'the blob could not be read');
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

function end(call: FetchCall, code: Status, details: string): void {
  call.emit('error', Object.assign(new Error(details), { code, details }));
}
