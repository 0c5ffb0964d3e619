/** A job that this peer computes for somebody: what it holds of it, and what it has asked for. */

import type { PeerId } from '../../model/ids.ts';
import type { ChunkLimits } from '../../model/job.ts';
import { limits } from '../../model/limits.ts';
import type { Offer } from '../../model/offer.ts';
import { type ProgramKey, programKey, programRef } from '../../model/program.ts';
import type { LeasedChunk } from '../../model/replica.ts';
import type { Destination } from '../../model/unsent.ts';
import { MovingMean } from '../estimate.ts';
import type { Effect } from '../events.ts';
import { allowed } from './given-limits.ts';
import { leasesWanted } from './lease-demand.ts';
import { offerKey } from '../overlay/offer-book.ts';
import { retryAfterMs } from './requester-links.ts';

/** A lease, and when it is of no more use to the requester. */
type Held = { readonly chunk: LeasedChunk; readonly deadlineMs: number };

/** An answer takes a round trip, and a moment; a guess. */
const ANSWER_MS = 500;
/** A run of many chunks is one sample: of their time, and of the size of their results. */
const RUN_WEIGHT = 0.3;
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
  /** Until then they count as on their way. Infinity when they came, or did not come in time. */
  answerByMs = Infinity;
  /** Chunks in the sandbox. */
  running = 0;
  /** Inputs at hand, queued and running. */
  heldBytes = 0;
  /** When leases last arrived or were asked for, or it was engaged. */
  workedAtMs: number;
  /** When the stream to its requester broke; undefined while there is one. */
  cutAtMs: number | undefined;
  /** No run before this time: the sandbox gave chunks back. 0 while it does not rest. */
  restUntilMs = 0;
  /**
   * Since when no chunk of it can be run: its program or its requester is not there, or it rests,
   * or its requester owes too many acknowledgements. Undefined while there is no such reason.
   */
  stalledAtMs: number | undefined;
  /** In a row. */
  #rests = 0;
  readonly chunkMs = new MovingMean(RUN_WEIGHT);
  readonly resultBytes = new MovingMean(RUN_WEIGHT);
  readonly inputBytes = new MovingMean(INPUT_BYTES_WEIGHT);
  /** Only items from #front onward are live. */
  #queue: Held[] = [];
  #front = 0;
  /** No queued lease is past its time before. */
  #expiresAtMs = Infinity;

  /** @param given what this peer gives a chunk */
  constructor(offer: Offer, given: ChunkLimits, nowMs: number) {
    this.offer = offer;
    this.key = offerKey(offer.requester, offer.job);
    this.limits = allowed(offer.limits, given);
    this.program = programKey(offer, this.limits.memoryBytesMax);
    this.workedAtMs = nowMs;
    this.stalledAtMs = nowMs;
  }

  fetch(): Effect {
    const { requester, addresses } = this.offer;
    const { program, limits: allowedHere } = this;
    const ref = programRef(this.offer);
    return { type: 'fetch-program', requester, addresses, program, ref, limits: allowedHere };
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

  /** Where its results go. */
  get destination(): Destination {
    const { requester, addresses, job } = this.offer;
    return { requester, addresses, job };
  }

  /** Those that have not gone to the sandbox. */
  get queue(): LeasedChunk[] {
    return this.#queue.slice(this.#front).map(({ chunk }) => chunk);
  }

  /** Leases to hold of this job if it were the only one. */
  wanted(slots: number): number {
    return leasesWanted(slots, this.chunkMs.value, this.inputBytes.value);
  }

  /** @param count leases, more than what was asked for before */
  ask(count: number, nowMs: number): Effect {
    this.demanded += count;
    this.answerByMs = nowMs + ANSWER_MS;
    this.workedAtMs = nowMs;
    const message = { type: 'ask', job: this.offer.job, count } as const;
    return { type: 'send-to-requester', to: this.requester, message };
  }

  /**
   * Leases that are on their way. Those that don't come soon are not to be had now: the demand
   * stands, but nobody should wait for it.
   */
  coming(nowMs: number): number {
    if (this.demanded === 0 || this.answerByMs <= nowMs) this.answerByMs = Infinity;
    return this.answerByMs === Infinity ? 0 : this.demanded;
  }

  /** Leases came. @returns how many of them were asked for */
  answered(count: number): number {
    const asked = Math.min(count, this.demanded);
    this.demanded -= asked;
    return asked;
  }

  /** The stream broke: nothing comes over it, and what is held waits for another. */
  cut(nowMs: number): void {
    this.cutAtMs ??= nowMs;
    this.demanded = 0;
    this.answerByMs = Infinity;
  }

  /** A run came back computed. @param chunkMs and what else is learnt: means of its chunks */
  hasComputed(chunkMs: number, resultBytes: number): void {
    this.chunkMs.add(chunkMs);
    this.resultBytes.add(resultBytes);
    this.#rests = 0;
  }

  /** A run came back as it was. Those that ran beside it are no further reason. */
  rest(nowMs: number): void {
    if (this.restUntilMs > nowMs) return;
    this.#rests += 1;
    this.restUntilMs = nowMs + retryAfterMs(this.#rests);
  }

  /** @param canRun whether chunks of it can be run now */
  look(canRun: boolean, nowMs: number): void {
    if (canRun) this.stalledAtMs = undefined;
    else this.stalledAtMs ??= nowMs;
  }

  /** For how long it has come to nothing although its requester's stream did not break. */
  stalledMs(nowMs: number): number {
    const isAlive = this.running > 0 || this.cutAtMs !== undefined;
    return isAlive ? 0 : nowMs - (this.stalledAtMs ?? nowMs);
  }

  /**
   * Queues what there is room for, by number and by bytes: what was asked for guesses at the size
   * of inputs. @returns the rest
   */
  hold(
    chunks: readonly LeasedChunk[],
    deadlineMs: number,
    bytesMax: number,
  ): readonly LeasedChunk[] {
    for (const [index, chunk] of chunks.entries()) {
      const bytes = this.heldBytes + chunk.input.byteLength;
      if (this.held >= limits.leasesHeldMax || bytes > bytesMax) return chunks.slice(index);
      this.inputBytes.add(chunk.input.byteLength);
      this.heldBytes = bytes;
      this.#queue.push({ chunk, deadlineMs });
      this.#expiresAtMs = Math.min(this.#expiresAtMs, deadlineMs);
    }
    return [];
  }

  /** Up to `count` chunks, oldest first. */
  take(count: number): LeasedChunk[] {
    const taken = this.#queue.slice(this.#front, this.#front + count);
    this.#front += taken.length;
    if (this.#front > this.#queue.length / 2) {
      this.#queue = this.#queue.slice(this.#front);
      this.#front = 0;
    }
    return taken.map(({ chunk }) => chunk);
  }

  /** Drops queued leases that are past their time. Cheap while none can be. */
  expire(nowMs: number): void {
    if (nowMs < this.#expiresAtMs) return;
    this.#remove(({ deadlineMs }) => deadlineMs <= nowMs);
    this.#expiresAtMs = Infinity;
    for (const { deadlineMs } of this.#queue) {
      this.#expiresAtMs = Math.min(this.#expiresAtMs, deadlineMs);
    }
  }

  /** Drops queued leases; those in the sandbox run on. */
  revoke(leases: ReadonlySet<number>): void {
    this.#remove(({ chunk }) => leases.has(chunk.lease));
  }

  /** Their inputs are no longer at hand: computed, expired, revoked or given back. */
  letGo(chunks: readonly LeasedChunk[]): void {
    for (const { input } of chunks) this.heldBytes -= input.byteLength;
  }

  /** Empties the queue. */
  clear(): LeasedChunk[] {
    return this.#remove(() => true);
  }

  #remove(isGone: (held: Held) => boolean): LeasedChunk[] {
    const gone: LeasedChunk[] = [];
    const left: Held[] = [];
    for (const held of this.#queue.slice(this.#front)) {
      if (isGone(held)) gone.push(held.chunk);
      else left.push(held);
    }
    this.#queue = left;
    this.#front = 0;
    this.letGo(gone);
    return gone;
  }
}
