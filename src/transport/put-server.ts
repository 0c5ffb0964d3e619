/**
 * Takes large values that volunteers put, a piece at a time: the next one is read when the one
 * before it is on the disk, so HTTP/2's flow control holds back who is faster than that. One call
 * of each volunteer; its next one ends the one before, which a cut has left open.
 */

import { type ServerDuplexStream, status as Status } from '@grpc/grpc-js';

import { reasonOf } from '../model/errors.ts';
import type { Digest, JobId, PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Lease } from '../model/replica.ts';
import { decodePutRequest, encodePutOffset, type PutBegin } from '../wire/put-codec.ts';
import { blobMsMax, pieceMsMax } from './blob-pace.ts';
import { refuseCall } from './call-sides.ts';
import type { TransportContext } from './context.ts';

type PutCall = ServerDuplexStream<Buffer, Buffer>;

/** Where values are while they come. Methods throw when the disk doesn't take them. */
export type PutPlaces = {
  /** Whether a value of so many bytes is wanted of a volunteer's lease. */
  isWanted(from: PeerId, job: JobId, lease: Lease, bytes: number): boolean;
  /** Undefined while there is no room for it, or somebody is at it. */
  begin(from: PeerId, blob: Digest, bytes: number): Promise<IncomingValue | undefined>;
  /** Hands a value over and forgets it; undefined if it is not there as a whole. */
  take(from: PeerId, blob: Digest): Promise<Uint8Array | undefined>;
};

type IncomingValue = {
  readonly offsetBytes: number;
  readonly isComplete: boolean;
  /** False if it is more than was announced. */
  add(piece: Uint8Array): Promise<boolean>;
  /** Of what is complete, whether it is what was announced. */
  check(): Promise<boolean>;
  close(): Promise<void>;
};

/** Why a call is ended from here. */
class Refusal extends Error {
  readonly code: Status;

  constructor(code: Status, reason: string) {
    super(reason);
    this.code = code;
  }
}

export class PutServer {
  readonly #context: TransportContext;
  readonly #places: PutPlaces;
  readonly #puts = new Map<PeerId, Put>();

  constructor(context: TransportContext, places: PutPlaces) {
    this.#context = context;
    this.#places = places;
  }

  /** @param cut ends the connection of a volunteer that says nothing more */
  accept(call: PutCall, peer: PeerId, cut: () => void): void {
    const before = this.#puts.get(peer);
    before?.end(new Refusal(Status.ABORTED, 'another value is put'));
    if (before === undefined && this.#puts.size >= limits.putsMax) {
      refuseCall(call, Status.RESOURCE_EXHAUSTED, 'too many values are being put; try later');
      return;
    }
    const put = new Put(call, peer, { cut, context: this.#context, places: this.#places });
    this.#puts.set(peer, put);
    void put.over.then(() => {
      if (this.#puts.get(peer) === put) this.#puts.delete(peer);
    });
    put.begin(before?.over);
  }
}

type PutParts = {
  readonly cut: () => void;
  readonly context: TransportContext;
  readonly places: PutPlaces;
};

class Put {
  readonly #call: PutCall;
  readonly #peer: PeerId;
  readonly #parts: PutParts;
  #value: IncomingValue | undefined;
  /** All that came is being worked off in its order. */
  #work: Promise<void> = Promise.resolve();
  #isEnded = false;
  #silence: NodeJS.Timeout | undefined;
  #slowness: NodeJS.Timeout | undefined;
  readonly #over = Promise.withResolvers<void>();

  constructor(call: PutCall, peer: PeerId, parts: PutParts) {
    this.#call = call;
    this.#peer = peer;
    this.#parts = parts;
  }

  /** Resolves when nothing of it is left. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** @param before is waited for first */
  begin(before: Promise<void> | undefined): void {
    this.#work = before ?? this.#work;
    this.#silence = setTimeout(() => this.#late(), pieceMsMax);
    this.#call.on('data', (bytes: Buffer) => {
      this.#parts.context.counters.bytesIn += bytes.length;
      this.#silence?.refresh();
      this.#call.pause();
      this.#then(async () => {
        await this.#read(bytes);
        this.#call.resume();
      });
    });
    this.#call.on('end', () => {
      this.#then(async () => this.end(new Refusal(Status.ABORTED, 'it ended early')));
    });
    this.#call.on('cancelled', () => this.#close());
    this.#call.on('close', () => this.#close());
  }

  /** @param refusal undefined if all is well */
  end(refusal: Refusal | undefined): void {
    if (this.#isEnded) return;
    if (refusal === undefined) this.#call.end();
    else refuseCall(this.#call, refusal.code, refusal.message);
    this.#close();
  }

  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#isEnded) return;
      try {
        await work();
      } catch (error) {
        this.end(this.#refusalOf(error));
      }
    });
  }

  #refusalOf(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    const reason = reasonOf(error);
    this.#parts.context.log.warn({ peer: this.#peer, reason }, `could not take a value: ${reason}`);
    // A full disk, most likely: its volunteer tries again.
    return new Refusal(Status.RESOURCE_EXHAUSTED, 'the value could not be written; try later');
  }

  async #read(bytes: Buffer): Promise<void> {
    const decoded = decodePutRequest(bytes);
    if (decoded.type === 'unknown') return;
    if (decoded.type === 'rejected') throw this.#offence(decoded.reason);
    const { message } = decoded;
    if (message.type === 'begin') await this.#open(message);
    else if (this.#value === undefined) throw this.#offence('a piece of nothing');
    else if (!(await this.#value.add(message.piece))) throw this.#offence('more than it was to be');
    if (this.#value?.isComplete === true) await this.#finish(this.#value);
  }

  #offence(reason: string): Refusal {
    this.#parts.context.counters.framesRejected += 1;
    return new Refusal(Status.INVALID_ARGUMENT, reason);
  }

  async #open({ job, lease, chunk, digest, bytes }: PutBegin): Promise<void> {
    if (this.#value !== undefined) throw this.#offence('it was begun before');
    if (!this.#parts.places.isWanted(this.#peer, job, { lease, chunk }, bytes)) {
      throw new Refusal(Status.FAILED_PRECONDITION, 'nothing is wanted of that lease');
    }
    const value = await this.#parts.places.begin(this.#peer, digest, bytes);
    if (value === undefined) {
      throw new Refusal(Status.RESOURCE_EXHAUSTED, 'there is no room for it; try later');
    }
    this.#value = value;
    this.#slowness = setTimeout(() => this.#late(), blobMsMax(bytes - value.offsetBytes));
    this.#answer(value.offsetBytes);
  }

  async #finish(value: IncomingValue): Promise<void> {
    if (!(await value.check())) throw new Refusal(Status.DATA_LOSS, 'its digest is another');
    // What names it comes on another stream, and must find it ready.
    this.#value = undefined;
    await value.close();
    this.end(undefined);
  }

  #answer(offsetBytes: number): void {
    if (this.#isEnded) return;
    const bytes = encodePutOffset(offsetBytes);
    this.#parts.context.counters.bytesOut += bytes.length;
    this.#call.write(bytes);
  }

  #late(): void {
    this.end(new Refusal(Status.DEADLINE_EXCEEDED, 'it came too slowly'));
    this.#parts.cut();
  }

  #close(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#slowness);
    void this.#work
      .then(() => this.#value?.close())
      .catch(() => undefined)
      .then(() => this.#over.resolve());
  }
}
