/** A job that this peer computes for somebody: what it holds of it, and what it has asked for. */

import type { PeerId } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { Offer } from '../model/offer.ts';
import { type ProgramKey, programKey, programRef } from '../model/program.ts';
import type { LeasedChunk } from '../model/replica.ts';
import { MovingMean } from './estimate.ts';
import type { Effect } from './events.ts';
import { allowed } from './given-limits.ts';
import { offerKey } from './offer-book.ts';
import { retryAfterMs } from './requester-links.ts';

/** A lease, and when it is of no more use to the requester. */
export type Held = { readonly chunk: LeasedChunk; readonly deadlineMs: number };

/** A run of many chunks is one sample. */
const CHUNK_MS_WEIGHT = 0.3;
/** Every input is a sample. */
const INPUT_BYTES_WEIGHT = 0.05;

export class VolunteerJob {
  readonly offer: Offer;
  readonly key: string;
  readonly program: ProgramKey;
  /** What a chunk is allowed here. */
  readonly limits: ChunkLimits;
  /** Whether the program is in the sandbox. */
  isLoaded = false;
  /** Leases asked for and not yet arrived. */
  demanded = 0;
  /** Chunks in the sandbox. */
  running = 0;
  /** Inputs at hand, queued and running. */
  heldBytes = 0;
  /** When leases last arrived, or it was engaged. */
  workedAtMs: number;
  /** No run before this time: the sandbox gave chunks back. */
  restUntilMs = 0;
  /** In a row. */
  #rests = 0;
  readonly chunkMs = new MovingMean(CHUNK_MS_WEIGHT);
  readonly inputBytes = new MovingMean(INPUT_BYTES_WEIGHT);
  /** Only items from #front onward are live. */
  #queue: Held[] = [];
  #front = 0;

  /** @param given what this peer gives a chunk */
  constructor(offer: Offer, given: ChunkLimits, nowMs: number) {
    this.offer = offer;
    this.key = offerKey(offer.requester, offer.job);
    this.limits = allowed(offer.limits, given);
    this.program = programKey(offer, this.limits.memoryBytesMax);
    this.workedAtMs = nowMs;
  }

  fetch(): Effect {
    const { requester, addresses } = this.offer;
    const { program, limits } = this;
    const ref = programRef(this.offer);
    return { type: 'fetch-program', requester, addresses, program, ref, limits };
  }

  get requester(): PeerId {
    return this.offer.requester;
  }

  get queued(): number {
    return this.#queue.length - this.#front;
  }

  get held(): number {
    return this.queued + this.running;
  }

  /** A run came back computed. @param chunkMs mean of its chunks */
  hasComputed(chunkMs: number): void {
    this.chunkMs.add(chunkMs);
    this.#rests = 0;
  }

  /** A run came back as it was. Those that ran beside it are no further reason. */
  rest(nowMs: number): void {
    if (this.restUntilMs > nowMs) return;
    this.#rests += 1;
    this.restUntilMs = nowMs + retryAfterMs(this.#rests);
  }

  push(held: Held): void {
    this.inputBytes.add(held.chunk.input.byteLength);
    this.heldBytes += held.chunk.input.byteLength;
    this.#queue.push(held);
  }

  /** Up to `count` chunks whose leases are still worth computing, oldest first. */
  take(count: number, nowMs: number): LeasedChunk[] {
    const taken: LeasedChunk[] = [];
    while (taken.length < count && this.#front < this.#queue.length) {
      const held = this.#queue[this.#front];
      this.#front += 1;
      if (held === undefined) continue;
      if (held.deadlineMs > nowMs) taken.push(held.chunk);
      else this.letGo([held.chunk]);
    }
    if (this.#front > this.#queue.length / 2) {
      this.#queue = this.#queue.slice(this.#front);
      this.#front = 0;
    }
    return taken;
  }

  /** Drops queued leases; those in the sandbox run on. */
  revoke(leases: ReadonlySet<number>): void {
    const queued = this.#queue.slice(this.#front);
    this.#queue = queued.filter(({ chunk }) => !leases.has(chunk.lease));
    this.#front = 0;
    this.letGo(queued.map(({ chunk }) => chunk).filter(({ lease }) => leases.has(lease)));
  }

  /** Their inputs are no longer at hand: computed, expired, revoked or given back. */
  letGo(chunks: readonly LeasedChunk[]): void {
    for (const { input } of chunks) this.heldBytes -= input.byteLength;
  }

  /** Empties the queue. */
  clear(): LeasedChunk[] {
    const left = this.#queue.slice(this.#front).map(({ chunk }) => chunk);
    this.#queue = [];
    this.#front = 0;
    this.letGo(left);
    return left;
  }
}
