/**
 * One gRPC stream of frames, at either end, with a bounded queue and one way to end.
 *
 * Backpressure: frames wait here, not in gRPC, while HTTP/2's flow control holds them back. A
 * reader that lets `streamQueueFramesMax` frames pile up is stuck: waiting longer would cost memory
 * and help nobody, so its stream is closed and what it held is dropped. All streams together hold
 * at most `streamQueuesBytesMax`; past it the stream with the most bytes waiting is closed, because
 * it is the one whose closing helps. Whoever lost a stream opens another.
 */

import {
  type ClientDuplexStream,
  type ServerDuplexStream,
  type ServiceError,
  status as Status,
} from '@grpc/grpc-js';

import { limits } from '../model/limits.ts';
import { printable } from '../wire/bounds.ts';
import type { TransportContext } from './context.ts';

/** A bidirectional call whose messages are left as bytes. */
export type ClientCall = ClientDuplexStream<Buffer, Buffer>;
export type ServerCall = ServerDuplexStream<Buffer, Buffer>;

/** What differs between the two ends of a call. */
export type CallSide = {
  readonly role: 'client' | 'server';
  /** Tells the other side why, where the protocol lets this side say it; drops what waits. */
  refuse(code: Status, details: string): void;
  /** Ends at once, however stuck the other side is. */
  cut(): void;
  /** The call is over; called once. */
  release(): void;
};

export type FrameStreamEvents = {
  onFrame(bytes: Buffer): void;
  /**
   * The other side ended the stream, or it was lost or stuck. Called at most once, and not after
   * this side has ended it.
   * @param code the status the other side gave, if it gave one
   */
  onClosed(reason: string, code: Status | undefined): void;
};

/** Time for the other side to take what was sent, once this side has ended the stream. */
const endingMsMax = 5_000;

export class FrameStream {
  readonly #context: TransportContext;
  readonly #call: ClientCall | ServerCall;
  readonly #side: CallSide;
  readonly #events: FrameStreamEvents;
  readonly #queue: Buffer[] = [];
  #state: 'open' | 'ending' | 'over' = 'open';
  /** The call said that it takes no more for now. */
  #isFull = false;
  /** Queued or handed to gRPC and not yet taken by HTTP/2. */
  #framesWaiting = 0;
  #bytesWaiting = 0;
  #endingTimer: NodeJS.Timeout | undefined;
  readonly #over = Promise.withResolvers<void>();

  constructor(
    context: TransportContext,
    call: ClientCall | ServerCall,
    side: CallSide,
    events: FrameStreamEvents,
  ) {
    this.#context = context;
    this.#call = call;
    this.#side = side;
    this.#events = events;
    context.streams.add(this);
    call.on('data', (bytes: Buffer) => this.#receive(bytes));
    call.on('drain', () => this.#drained());
    call.on('end', () => this.#ended('it closed the stream', Status.OK));
    call.on('error', (error: ServiceError) => {
      // At a server the only errors are those by which this side refuses.
      if (side.role === 'client') this.#ended(reasonOfStatus(error), error.code);
    });
    call.on('cancelled', () => this.#ended('the connection was lost', undefined));
    call.on('close', () => this.#release());
  }

  get framesWaiting(): number {
    return this.#framesWaiting;
  }

  get bytesWaiting(): number {
    return this.#bytesWaiting;
  }

  /** Resolves when nothing of the stream is left. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Best effort: dropped once the stream is ending. */
  send(bytes: Buffer): void {
    if (this.#state !== 'open') return;
    this.#framesWaiting += 1;
    this.#bytesWaiting += bytes.length;
    if (this.#isFull) this.#queue.push(bytes);
    else this.#write(bytes);
    if (this.#framesWaiting > limits.streamQueueFramesMax) this.stuck();
    else if (this.#bytesWaiting > limits.frameBytesMax) closeFullest(this.#context.streams);
  }

  /** Ends the stream after what was sent. */
  finish(): void {
    if (this.#state !== 'open') return;
    this.#beginEnding();
    if (this.#queue.length === 0) this.#call.end();
  }

  /** Ends the stream with a reason that the other side is told. */
  refuse(code: Status, details: string): void {
    if (this.#state !== 'open') return;
    this.#queue.length = 0;
    this.#beginEnding();
    // gRPC carries details as ASCII through encodeURI, which throws for half a surrogate pair.
    this.#side.refuse(code, printable(details, 'one-line'));
  }

  /** Ends the stream at once. */
  cut(): void {
    if (this.#state === 'over') return;
    this.#side.cut();
    this.#release();
  }

  /** Its reader doesn't read. */
  stuck(): void {
    const { framesWaiting, bytesWaiting } = this;
    this.cut();
    // Not from within the call that filled the queue.
    queueMicrotask(() => {
      const reason = `its reader is stuck: ${framesWaiting} frames of ${bytesWaiting} bytes waited`;
      this.#events.onClosed(reason, undefined);
    });
  }

  #receive(bytes: Buffer): void {
    this.#context.counters.bytesIn += bytes.length;
    if (this.#state === 'open') this.#events.onFrame(bytes);
  }

  #write(bytes: Buffer): void {
    this.#context.counters.bytesOut += bytes.length;
    this.#isFull = !this.#call.write(bytes, () => {
      if (this.#state === 'over') return;
      this.#framesWaiting -= 1;
      this.#bytesWaiting -= bytes.length;
    });
  }

  #drained(): void {
    this.#isFull = false;
    let written = 0;
    while (!this.#isFull && this.#state !== 'over') {
      const next = this.#queue[written];
      if (next === undefined) break;
      written += 1;
      this.#write(next);
    }
    this.#queue.splice(0, written);
    if (this.#state === 'ending' && this.#queue.length === 0) this.#call.end();
  }

  /** The other side sends nothing more. */
  #ended(reason: string, code: Status | undefined): void {
    const wasOpen = this.#state === 'open';
    if (wasOpen) {
      this.#queue.length = 0;
      this.#beginEnding();
      this.#call.end();
    }
    // A server has yet to send its status; a client has got it, and then the call is over.
    if (this.#side.role === 'client') this.#release();
    if (wasOpen) this.#events.onClosed(reason, code);
  }

  #beginEnding(): void {
    this.#state = 'ending';
    this.#endingTimer = setTimeout(() => this.cut(), endingMsMax);
  }

  #release(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    clearTimeout(this.#endingTimer);
    this.#queue.length = 0;
    this.#framesWaiting = 0;
    this.#bytesWaiting = 0;
    this.#context.streams.delete(this);
    this.#side.release();
    this.#over.resolve();
  }
}

function closeFullest(streams: ReadonlySet<FrameStream>): void {
  let bytes = 0;
  let fullest: FrameStream | undefined;
  for (const stream of streams) {
    bytes += stream.bytesWaiting;
    if (stream.bytesWaiting > (fullest?.bytesWaiting ?? 0)) fullest = stream;
  }
  if (bytes > limits.streamQueuesBytesMax) fullest?.stuck();
}

/** What the other side said, or why it couldn't be reached, cut to what a log line bears. */
function reasonOfStatus(error: ServiceError): string {
  const details = printable(error.details ?? error.message, 'one-line').slice(0, reasonCharsMax);
  return details === '' ? `it ended the stream with ${Status[error.code] ?? 'an error'}` : details;
}

/** Longer than any reason of our own. */
const reasonCharsMax = 600;
