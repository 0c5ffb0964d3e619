/**
 * Fetches a blob from one peer: over its addresses in turn, each going on where the one before it
 * broke off. The digest is taken along the way, because that of a large blob in one go would keep
 * the event loop from everything else; it is checked at the end.
 */

import { createHash } from 'node:crypto';

import { Metadata, type ServiceError } from '@grpc/grpc-js';

import { reasonOf } from '../model/errors.ts';
import { type Digest, type PeerId, short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { isAddress } from '../wire/address.ts';
import { type BlobPiece, decodeBlobPiece, encodeBlobRequest } from '../wire/blob-codec.ts';
import { printable } from '../wire/bounds.ts';
import { loadPeerProto } from '../wire/proto.ts';
import { blobMsMax, pieceMsMax } from './blob-pace.ts';
import { asBytes, Connection } from './connection.ts';
import type { TransportContext } from './context.ts';

/** @throws {Error} with the reason, for a person */
export async function fetchBlob(
  context: TransportContext,
  peer: PeerId,
  addresses: readonly string[],
  blob: Digest,
  bytesMax: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const receipt = new Receipt(bytesMax);
  const slow = AbortSignal.timeout(blobMsMax(bytesMax));
  const late = signal === undefined ? slow : AbortSignal.any([slow, signal]);
  const failures: string[] = [];
  for (const address of addresses.slice(0, limits.peerAddressesMax)) {
    if (!isAddress(address)) {
      failures.push(`${address}: it is not "host:port"`);
      continue;
    }
    if (context.closing.aborted) throw new Error('This peer is closing.');
    if (late.aborted) break;
    try {
      await receive(context, peer, address, blob, receipt, late);
      return receipt.finish(blob);
    } catch (error) {
      failures.push(`${address}: ${reasonOf(error)}`);
      if (receipt.isComplete || late.aborted) break;
    }
  }
  const reasons = failures.join('; ') || 'the peer has no address';
  throw new Error(`Blob ${short(blob)} could not be had from peer ${short(peer)}: ${reasons}.`);
}

/** What has arrived of a blob so far. */
class Receipt {
  readonly #bytesMax: number;
  readonly #hash = createHash('sha256');
  /** Of the whole blob's size; what is not written yet costs no memory. */
  #bytes: Uint8Array | undefined;
  #receivedBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get offsetBytes(): number {
    return this.#receivedBytes;
  }

  get isComplete(): boolean {
    return this.#receivedBytes === this.#bytes?.length;
  }

  /** @throws {Error} when the sender breaks the bounds */
  add({ piece, totalBytes }: BlobPiece): void {
    if (totalBytes > this.#bytesMax) {
      throw new Error(`it has ${totalBytes} bytes, at most ${this.#bytesMax} are allowed`);
    }
    this.#bytes ??= Buffer.allocUnsafeSlow(totalBytes);
    const hasGrown = this.#bytes.length !== totalBytes;
    if (hasGrown || this.#receivedBytes + piece.length > totalBytes) {
      throw new Error('its sender contradicts itself about its size');
    }
    this.#bytes.set(piece, this.#receivedBytes);
    this.#hash.update(piece);
    this.#receivedBytes += piece.length;
  }

  /** To be called once, at the end. @throws {Error} if something is missing, or is wrong */
  finish(blob: Digest): Uint8Array {
    if (this.#bytes === undefined || !this.isComplete) {
      throw new Error(`it ended after ${this.#receivedBytes} bytes`);
    }
    if (this.#hash.digest('hex') === blob) return this.#bytes;
    throw new Error('it is damaged: its digest is another');
  }
}

async function receive(
  context: TransportContext,
  peer: PeerId,
  address: string,
  blob: Digest,
  receipt: Receipt,
  late: AbortSignal,
): Promise<void> {
  const connection = new Connection(context, address, peer, () => undefined);
  const request = encodeBlobRequest({ blob, offsetBytes: receipt.offsetBytes });
  const call = connection.client.makeServerStreamRequest(
    loadPeerProto().blobs.Fetch.path,
    asBytes,
    asBytes,
    request,
    new Metadata(),
  );
  context.counters.bytesOut += request.length;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClosing = (): void => reject(new Error('this peer is closing'));
  const onLate = (): void => reject(new Error(`only ${receipt.offsetBytes} bytes came in time`));
  context.closing.addEventListener('abort', onClosing);
  late.addEventListener('abort', onLate);
  const timer = setTimeout(() => {
    reject(new Error(`no more of it came within ${pieceMsMax / 1000} s`));
  }, pieceMsMax);
  call.on('data', (bytes: Buffer) => {
    timer.refresh();
    context.counters.bytesIn += bytes.length;
    const decoded = decodeBlobPiece(bytes);
    try {
      if (decoded.type === 'rejected') throw new Error(decoded.reason);
      if (decoded.type === 'message') receipt.add(decoded.message);
    } catch (error) {
      reject(error);
      call.cancel();
    }
  });
  call.on('end', resolve);
  call.on('error', (error: ServiceError) => {
    reject(new Error(connection.reasonOf(printable(error.details, 'one-line'), error.code)));
  });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    context.closing.removeEventListener('abort', onClosing);
    late.removeEventListener('abort', onLate);
    call.cancel();
    connection.close();
  }
}
