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

/** Before it is tried again, twice as long each time that it came no further; guesses. */
const retryMsMin = 500;
const retryMsMax = 30_000;
/**
 * Attempts in a row that came no further. After them the statement goes without the value, so that
 * the requester leases the chunk to somebody else; a guess. One that has no room says so, and is
 * waited for.
 */
const vainMax = 6;

/** What another attempt would not change. */
const hopeless = new Set([Status.INVALID_ARGUMENT, Status.UNIMPLEMENTED]);

/** How often it is told how much has gone. Often enough for who waits half a minute for it. */
const toldEveryMs = 1_000;

/** What is done about what has become of values. */
export type PutEvents = {
  /** Sends the statement. */
  onPut(job: JobId, replica: ReplicaResult): void;
  /** So many bytes were taken since the last time. */
  onTaken(bytes: number): void;
};

type Entry = { readonly job: JobId; readonly replica: ReplicaResult };

export class ResultPuts {
  readonly #context: TransportContext;
  readonly #connection: Connection;
  readonly #events: PutEvents;
  readonly #queue: Entry[] = [];
  readonly #closing = new AbortController();
  #isAtWork = false;
  /** Since it was told. */
  #takenBytes = 0;
  #toldAtMs = -Infinity;

  constructor(context: TransportContext, connection: Connection, events: PutEvents) {
    this.#context = context;
    this.#connection = connection;
    this.#events = events;
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
      if (!this.#closing.signal.aborted) this.#events.onPut(entry.job, entry.replica);
    }
    this.#isAtWork = false;
  }

  async #bring(entry: Entry): Promise<void> {
    let vain = 0;
    let retryMs = retryMsMin;
    let hadBytes = 0;
    while (!this.#closing.signal.aborted) {
      const { end, hasBytes, reason } = await this.#put(entry);
      if (this.#closing.signal.aborted || end === 'done') return;
      this.#tell(entry, reason);
      if (hasBytes > hadBytes) [vain, retryMs, hadBytes] = [0, retryMsMin, hasBytes];
      else if (end === 'failed') vain += 1;
      if (end === 'hopeless' || vain === vainMax) return;
      await pause(retryMs, this.#closing.signal);
      retryMs = Math.min(2 * retryMs, retryMsMax);
    }
  }

  #taken(bytes: number): void {
    this.#takenBytes += bytes;
    const nowMs = performance.now();
    if (nowMs < this.#toldAtMs + toldEveryMs) return;
    this.#events.onTaken(this.#takenBytes);
    this.#takenBytes = 0;
    this.#toldAtMs = nowMs;
  }

  #tell({ job, replica }: Entry, reason: string): void {
    const text = `a result of job ${short(job)} could not be brought to its requester: ${reason}`;
    this.#context.log.info({ job, chunk: replica.chunk, reason }, text);
  }

  async #put({ job, replica }: Entry): Promise<Attempt> {
    const { lease, chunk, outcome } = replica;
    if (outcome.type !== 'result') return { end: 'done', hasBytes: 0, reason: '' };
    const { digest, value } = outcome;
    const call = this.#connection.client.makeBidiStreamRequest(
      loadPeerProto().work.Put.path,
      asBytes,
      asBytes,
      new Metadata(),
    );
    const onClosing = (): void => call.cancel();
    this.#closing.signal.addEventListener('abort', onClosing);
    try {
      const put = new PutCall(call, value, this.#context, (bytes) => this.#taken(bytes));
      return await put.run(encodePutBegin({ job, lease, chunk, digest, bytes: value.length }));
    } finally {
      this.#closing.signal.removeEventListener('abort', onClosing);
      call.cancel();
    }
  }
}

/** What came of one attempt. */
type Attempt = {
  /** `done`: the value is there, or not wanted. `later`: it has no room now. */
  readonly end: 'done' | 'later' | 'failed' | 'hopeless';
  /** How much of it the requester had when it began. */
  readonly hasBytes: number;
  readonly reason: string;
};

class PutCall {
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #value: Uint8Array;
  readonly #context: TransportContext;
  readonly #onTaken: (bytes: number) => void;
  readonly #end = Promise.withResolvers<Attempt>();
  #silence: NodeJS.Timeout | undefined;
  /** From where on the requester wants it, once it has said so. */
  #offsetBytes: number | undefined;

  constructor(
    call: ClientDuplexStream<Buffer, Buffer>,
    value: Uint8Array,
    context: TransportContext,
    onTaken: (bytes: number) => void,
  ) {
    this.#call = call;
    this.#value = value;
    this.#context = context;
    this.#onTaken = onTaken;
  }

  /** Never rejects. */
  async run(begin: Buffer): Promise<Attempt> {
    this.#silence = setTimeout(() => {
      this.#over('failed', `it took nothing for ${pieceMsMax / 1000} s`);
    }, pieceMsMax);
    this.#call.on('data', (bytes: Buffer) => this.#answered(bytes));
    this.#call.on('end', () => this.#over('done'));
    this.#call.on('error', ({ code, details }: ServiceError) => {
      this.#over(endOf(code), printable(details, 'one-line'));
    });
    this.#write(begin, () => undefined);
    try {
      return await this.#end.promise;
    } finally {
      clearTimeout(this.#silence);
    }
  }

  #over(end: Attempt['end'], reason = ''): void {
    this.#end.resolve({ end, hasBytes: this.#offsetBytes ?? 0, reason });
  }

  #answered(bytes: Buffer): void {
    this.#context.counters.bytesIn += bytes.length;
    const decoded = decodePutOffset(bytes);
    const offsetBytes = decoded.type === 'message' ? decoded.message : Infinity;
    // Each answer would have the value sent once more.
    if (this.#offsetBytes !== undefined || offsetBytes > this.#value.length) {
      this.#over('hopeless', 'its answer makes no sense');
      return;
    }
    this.#offsetBytes = offsetBytes;
    this.#sendFrom(offsetBytes);
  }

  /** Each piece when the one before it was taken. */
  #sendFrom(offsetBytes: number): void {
    const piece = this.#value.subarray(offsetBytes, offsetBytes + limits.putPieceBytes);
    if (piece.length === 0) return;
    this.#write(encodePutPiece(piece), () => {
      this.#onTaken(piece.length);
      this.#sendFrom(offsetBytes + piece.length);
    });
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

function endOf(code: Status): Attempt['end'] {
  if (code === Status.FAILED_PRECONDITION) return 'done';
  if (code === Status.RESOURCE_EXHAUSTED) return 'later';
  return hopeless.has(code) ? 'hopeless' : 'failed';
}

/** @param signal ends it early */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', onAbort);
}
