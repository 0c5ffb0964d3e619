/**
 * Brings large values to a requester, each before the statement that names it, and then sends that:
 * over the connection of the work stream, and beside it, so that nothing else waits for them. One
 * at a time, since they share the way. When the stream breaks all of this ends with it; the outbox
 * still has what was not acknowledged and sends it again, and then the requester says how much of
 * it is there.
 */

import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { Metadata, status as Status } from '@grpc/grpc-js';

import { type JobId, short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { ReplicaResult } from '../model/replica.ts';
import { printable } from '../wire/bounds.ts';
import { loadPeerProto } from '../wire/proto.ts';
import { decodePutOffset, encodePutBegin, encodePutPiece } from '../wire/put-codec.ts';
import { pieceMsMax } from './blob-pace.ts';
import { asBytes, type Connection } from './connection.ts';
import type { TransportContext } from './context.ts';

/**
 * Pauses before it is tried again. After the last the statement goes without the value, so that the
 * requester leases the chunk to somebody else; guesses.
 */
const retriesMs = [500, 1_000, 2_000, 4_000, 8_000, 16_000];

type Entry = { readonly job: JobId; readonly replica: ReplicaResult };

/** The statement may go: the value is there, or not wanted. */
type End = 'there' | 'unwanted';

export class ResultPuts {
  readonly #context: TransportContext;
  readonly #connection: Connection;
  readonly #onPut: (job: JobId, replica: ReplicaResult) => void;
  readonly #queue: Entry[] = [];
  readonly #closing = new AbortController();
  #isAtWork = false;

  /** @param onPut sends the statement */
  constructor(
    context: TransportContext,
    connection: Connection,
    onPut: (job: JobId, replica: ReplicaResult) => void,
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#onPut = onPut;
  }

  add(job: JobId, replica: ReplicaResult): void {
    this.#queue.push({ job, replica });
    if (!this.#isAtWork) void this.#workOff();
  }

  /** The stream is over. */
  close(): void {
    this.#queue.length = 0;
    this.#closing.abort();
  }

  /** Never rejects. */
  async #workOff(): Promise<void> {
    this.#isAtWork = true;
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      await this.#bring(entry);
      if (!this.#closing.signal.aborted) this.#onPut(entry.job, entry.replica);
    }
    this.#isAtWork = false;
  }

  async #bring(entry: Entry): Promise<void> {
    for (const retryMs of [...retriesMs, undefined]) {
      try {
        await this.#put(entry);
        return;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        this.#tell(entry, error);
        if (retryMs !== undefined) await pause(retryMs, this.#closing.signal);
      }
    }
  }

  #tell({ job, replica }: Entry, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const text = `a result of job ${short(job)} could not be brought to its requester: ${reason}`;
    this.#context.log.info({ job, chunk: replica.chunk, reason }, text);
  }

  async #put({ job, replica }: Entry): Promise<End> {
    const { lease, chunk, outcome } = replica;
    if (outcome.type !== 'result') return 'unwanted';
    const { digest, value } = outcome;
    const call = this.#connection.client.makeBidiStreamRequest(
      loadPeerProto().work.Put.path,
      asBytes,
      asBytes,
      new Metadata(),
    );
    const end = new PutCall(call, value, this.#context);
    const onClosing = (): void => call.cancel();
    this.#closing.signal.addEventListener('abort', onClosing);
    try {
      return await end.run(encodePutBegin({ job, lease, chunk, digest, bytes: value.length }));
    } finally {
      this.#closing.signal.removeEventListener('abort', onClosing);
      call.cancel();
    }
  }
}

/** One attempt. */
class PutCall {
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #value: Uint8Array;
  readonly #context: TransportContext;
  readonly #end = Promise.withResolvers<End>();
  #silence: NodeJS.Timeout | undefined;

  constructor(
    call: ClientDuplexStream<Buffer, Buffer>,
    value: Uint8Array,
    context: TransportContext,
  ) {
    this.#call = call;
    this.#value = value;
    this.#context = context;
  }

  /** @throws {Error} with the reason why it may be tried again */
  async run(begin: Buffer): Promise<End> {
    const { resolve, reject } = this.#end;
    this.#silence = setTimeout(() => {
      reject(new Error(`it took nothing for ${pieceMsMax / 1000} s`));
    }, pieceMsMax);
    this.#call.on('data', (bytes: Buffer) => this.#sendFrom(this.#offsetIn(bytes)));
    this.#call.on('end', () => resolve('there'));
    this.#call.on('error', ({ code, details }: ServiceError) => {
      if (code === Status.FAILED_PRECONDITION) resolve('unwanted');
      else reject(new Error(printable(details, 'one-line')));
    });
    this.#write(begin, () => undefined);
    try {
      return await this.#end.promise;
    } finally {
      clearTimeout(this.#silence);
    }
  }

  /** @returns undefined for what can't be */
  #offsetIn(bytes: Buffer): number | undefined {
    this.#context.counters.bytesIn += bytes.length;
    const decoded = decodePutOffset(bytes);
    if (decoded.type !== 'message' || decoded.message > this.#value.length) return undefined;
    return decoded.message;
  }

  /** Each piece when the one before it was taken. */
  #sendFrom(offsetBytes: number | undefined): void {
    if (offsetBytes === undefined) {
      this.#end.reject(new Error('it says that it has more than there is'));
      return;
    }
    const piece = this.#value.subarray(offsetBytes, offsetBytes + limits.blobPieceBytes);
    if (piece.length === 0) return;
    this.#write(encodePutPiece(piece), () => this.#sendFrom(offsetBytes + piece.length));
  }

  #write(bytes: Buffer, then: () => void): void {
    this.#context.counters.bytesOut += bytes.length;
    this.#call.write(bytes, (error?: Error | null) => {
      // The call is over, and tells why by an event of its own.
      if (error) return;
      this.#silence?.refresh();
      then();
    });
  }
}

/** @param signal ends it early */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
