/**
 * Takes large values that volunteers put, a piece at a time: the next one is read when the one
 * before it is on the disk, so HTTP/2's flow control holds back who is faster than that. One call
 * of each volunteer; its next one ends the one before, which a cut has left open.
 */

import { type ServerDuplexStream, status as Status } from '@grpc/grpc-js';

import { reasonOf } from '../model/errors.ts';
import type { JobId, PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Lease, ValueName } from '../model/replica.ts';
import { decodePutRequest, encodePutOffset, type PutBegin } from '../wire/put-codec.ts';
import { blobMsMax, pieceMsMax } from './blob-pace.ts';
import { refuseCall } from './call-sides.ts';
import type { TransportContext } from './context.ts';
import { FairPlaces } from './fair-places.ts';
import { remoteIp } from './remote-ip.ts';

type PutCall = ServerDuplexStream<Buffer, Buffer>;

/** Where values are while they come. Methods throw when the disk doesn't take them. */
export type PutPlaces = {
  /** Whether a value of so many bytes is wanted of a volunteer's lease. */
  isWanted(from: PeerId, job: JobId, lease: Lease, bytes: number): boolean;
  /** Undefined while there is no room for it, or somebody is at it. */
  begin(about: ValueName, bytes: number): Promise<IncomingValue | undefined>;
  /** Hands a value over and forgets it; undefined if it is not there as a whole. */
  take(about: ValueName): Promise<Uint8Array | undefined>;
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
  /** One of each volunteer; of work streams there are not many. */
  readonly #puts = new Map<PeerId, Put>();
  /** Those that have begun, and have a file open. */
  readonly #begun = new FairPlaces<Put>(limits.putsMax);

  constructor(context: TransportContext, places: PutPlaces) {
    this.#context = context;
    this.#places = places;
  }

  accept(call: PutCall, peer: PeerId): void {
    const before = this.#puts.get(peer);
    before?.end(new Refusal(Status.ABORTED, 'another value is put'));
    const put: Put = new Put(call, peer, {
      context: this.#context,
      places: this.#places,
      admit: () => this.#admit(put, remoteIp(call.getPeer())),
    });
    this.#puts.set(peer, put);
    void put.over.then(() => {
      this.#begun.release(put);
      if (this.#puts.get(peer) === put) this.#puts.delete(peer);
    });
    put.listen(before?.over);
  }

  /** Its work stream is over: nobody will name what it puts. */
  gone(peer: PeerId): void {
    this.#puts.get(peer)?.end(new Refusal(Status.ABORTED, 'its work stream is over'));
  }

  /** @throws {Refusal} when it gets no place */
  #admit(put: Put, ip: string): void {
    const full = new Refusal(Status.RESOURCE_EXHAUSTED, 'too many values are put; try later');
    const evicted = this.#begun.take(put, ip);
    if (evicted === put) throw full;
    evicted?.end(full);
  }
}

type PutParts = {
  readonly context: TransportContext;
  readonly places: PutPlaces;
  /** Throws if there is no place for it. */
  readonly admit: () => void;
};

class Put {
  readonly #call: PutCall;
  readonly #peer: PeerId;
  readonly #parts: PutParts;
  #about: PutBegin | undefined;
  #value: IncomingValue | undefined;
  /** All that came is being worked off in its order. */
  #work: Promise<void> = Promise.resolve();
  #isEnded = false;
  /** For the beginning, then for each piece. */
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
  listen(before: Promise<void> | undefined): void {
    this.#work = before ?? this.#work;
    this.#silence = setTimeout(() => this.#late(), pieceMsMax);
    this.#call.on('data', (bytes: Buffer) => {
      this.#parts.context.counters.bytesIn += bytes.length;
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
    const text = `could not take a value: ${reason}`;
    // Strangers decide how often.
    this.#parts.context.log.debug({ peer: this.#peer, reason }, text);
    // A full disk, most likely: its volunteer tries again.
    return new Refusal(Status.RESOURCE_EXHAUSTED, 'the value could not be written; try later');
  }

  async #read(bytes: Buffer): Promise<void> {
    const decoded = decodePutRequest(bytes);
    if (decoded.type === 'unknown') return;
    if (decoded.type === 'rejected') throw this.#offence(decoded.reason);
    const { message } = decoded;
    if (message.type === 'begin') await this.#open(message);
    else await this.#add(message.piece);
    if (this.#value?.isComplete === true) await this.#finish(this.#value);
  }

  async #add(piece: Uint8Array): Promise<void> {
    if (this.#value === undefined || this.#about === undefined) {
      throw this.#offence('a piece of nothing');
    }
    this.#silence?.refresh();
    this.#checkWanted(this.#about);
    if (!(await this.#value.add(piece))) throw this.#offence('more than it was to be');
  }

  /** Somebody else may have been faster meanwhile. */
  #checkWanted({ job, lease, chunk, bytes }: PutBegin): void {
    if (this.#parts.places.isWanted(this.#peer, job, { lease, chunk }, bytes)) return;
    throw new Refusal(Status.FAILED_PRECONDITION, 'nothing is wanted of that lease');
  }

  #offence(reason: string): Refusal {
    this.#parts.context.counters.framesRejected += 1;
    return new Refusal(Status.INVALID_ARGUMENT, reason);
  }

  async #open(about: PutBegin): Promise<void> {
    const { job, lease, digest, bytes } = about;
    if (this.#about !== undefined) throw this.#offence('it was begun before');
    this.#about = about;
    this.#checkWanted(about);
    this.#parts.admit();
    const value = await this.#parts.places.begin({ from: this.#peer, job, lease, digest }, bytes);
    if (value === undefined) {
      throw new Refusal(Status.RESOURCE_EXHAUSTED, 'there is no room for it; try later');
    }
    this.#value = value;
    if (this.#isEnded) return;
    this.#silence?.refresh();
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
