/**
 * Fetches a blob from one peer: over its addresses in turn, each going on where the one before it
 * broke off. The digest is checked at the end, when the blob can't be anything else any more.
 */

import { Metadata, type ServiceError } from '@grpc/grpc-js';

import { reasonOf } from '../model/errors.ts';
import { type Digest, type PeerId, short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { isAddress } from '../wire/address.ts';
import { type BlobPiece, decodeBlobPiece, encodeBlobRequest } from '../wire/blob-codec.ts';
import { printable } from '../wire/bounds.ts';
import { digestOf } from '../wire/digest.ts';
import { loadPeerProto } from '../wire/proto.ts';
import { asBytes, Connection } from './connection.ts';
import type { TransportContext } from './context.ts';

/** Time for the next piece: 256 KiB at 140 kbit/s. */
const pieceMsMax = 15_000;

/** @throws {Error} with the reason, for a person */
export async function fetchBlob(
  context: TransportContext,
  peer: PeerId,
  addresses: readonly string[],
  blob: Digest,
  bytesMax: number,
): Promise<Uint8Array> {
  const receipt = new Receipt(bytesMax);
  const failures: string[] = [];
  for (const address of addresses.slice(0, limits.peerAddressesMax)) {
    if (!isAddress(address)) {
      failures.push(`${address}: it is not "host:port"`);
      continue;
    }
    if (context.closing.aborted) throw new Error('This peer is closing.');
    try {
      await receive(context, peer, address, blob, receipt);
      const bytes = receipt.bytes();
      if (digestOf(bytes) === blob) return bytes;
      throw new Error('it is damaged: its digest is another');
    } catch (error) {
      failures.push(`${address}: ${reasonOf(error)}`);
      if (receipt.isComplete) break;
    }
  }
  const reasons = failures.join('; ') || 'the peer has no address';
  throw new Error(`Blob ${short(blob)} could not be had from peer ${short(peer)}: ${reasons}.`);
}

/** What has arrived of a blob so far. */
class Receipt {
  readonly #bytesMax: number;
  readonly #pieces: Uint8Array[] = [];
  #receivedBytes = 0;
  #totalBytes: number | undefined;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get offsetBytes(): number {
    return this.#receivedBytes;
  }

  get isComplete(): boolean {
    return this.#receivedBytes === this.#totalBytes;
  }

  /** @throws {Error} when the sender breaks the bounds */
  add({ piece, totalBytes }: BlobPiece): void {
    if (totalBytes > this.#bytesMax) {
      throw new Error(`it has ${totalBytes} bytes, at most ${this.#bytesMax} are allowed`);
    }
    this.#totalBytes ??= totalBytes;
    const hasGrown = this.#totalBytes !== totalBytes;
    if (hasGrown || this.#receivedBytes + piece.length > totalBytes) {
      throw new Error('its sender contradicts itself about its size');
    }
    this.#pieces.push(piece);
    this.#receivedBytes += piece.length;
  }

  bytes(): Uint8Array {
    if (!this.isComplete) throw new Error(`it ended after ${this.#receivedBytes} bytes`);
    return Buffer.concat(this.#pieces);
  }
}

async function receive(
  context: TransportContext,
  peer: PeerId,
  address: string,
  blob: Digest,
  receipt: Receipt,
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
  context.closing.addEventListener('abort', onClosing);
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
    call.cancel();
    connection.close();
  }
}
