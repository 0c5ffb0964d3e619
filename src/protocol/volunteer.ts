/**
 * The peer as a volunteer: from the offers it knows it takes work, keeps its slots busy, and returns
 * results.
 *
 * It engages in a few jobs at a time. Engaging means: a work stream to the requester, the program in
 * the sandbox, then standing demands for leases that follow what the slots compute. A job that has
 * nothing to lease keeps its demand open and costs nothing, so slots that it leaves idle go to
 * others. Its own jobs are computed like anybody's, over the same messages, handed round inside.
 */

import { limits } from '../model/limits.ts';
import type { Digest, JobId, PeerId } from '../model/ids.ts';
import type { RequesterMessage } from '../model/messages.ts';
import type { LeasedChunk, Outcome, ReplicaResult } from '../model/replica.ts';
import type { Effect, PeerEvent } from './events.ts';
import { leasesWanted, runSize, runsWanted } from './lease-demand.ts';
import type { OfferBook } from './offer-book.ts';
import { VolunteerJob } from './volunteer-job.ts';

/** Jobs computed at a time: enough that one without work leaves no slot idle. */
const JOBS_MAX = 8;
/** Waits before a requester is tried again, doubling; guesses. */
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;
/** The sandbox gave chunks back that nobody stopped: it needs a moment. */
const REST_MS = 1_000;
/** A job that gave no work for this long makes room for another one; a guess. */
const IDLE_MS_MAX = 10_000;
/** Declined jobs remembered; past it the oldest may be tried again. */
const DECLINED_MAX = 1_000;

type Requester = { state: 'connecting' | 'up' | 'down'; failures: number; retryAtMs: number };

type Run = { readonly job: VolunteerJob; readonly chunks: readonly LeasedChunk[] };

type RunDone = Extract<PeerEvent, { type: 'run-done' }>;

export type VolunteerMode = 'on' | 'paused' | 'finishing';

export class Volunteer {
  readonly #self: PeerId;
  readonly #slots: number;
  readonly #book: OfferBook;
  readonly #requesters = new Map<PeerId, Requester>();
  /** Engaged jobs; the map's order is whose turn it is. */
  readonly #jobs = new Map<JobId, VolunteerJob>();
  /** Jobs that can't be computed here, with the reason, until their offers expire. */
  readonly #declined = new Map<JobId, string>();
  readonly #runs = new Map<number, Run>();
  #lastRun = 0;
  #mode: VolunteerMode = 'on';
  #pausedUntilMs = Infinity;
  #returned = 0;
  #computeMs = 0;

  constructor(self: PeerId, slots: number, book: OfferBook) {
    this.#self = self;
    this.#slots = slots;
    this.#book = book;
  }

  get mode(): VolunteerMode {
    return this.#mode;
  }

  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  /** Requesters with an open work stream. */
  get requesters(): PeerId[] {
    return [...this.#requesters].filter(([, { state }]) => state === 'up').map(([peer]) => peer);
  }

  get leasesHeld(): number {
    return this.#sum(({ held }) => held);
  }

  get leasesQueued(): number {
    return this.#sum(({ queued }) => queued);
  }

  get chunksRunning(): number {
    let running = 0;
    for (const { chunks } of this.#runs.values()) running += chunks.length;
    return running;
  }

  get replicasReturned(): number {
    return this.#returned;
  }

  get computeSeconds(): number {
    return this.#computeMs / 1000;
  }

  /** Why jobs were declined, for `status`. */
  get declined(): ReadonlyMap<JobId, string> {
    return this.#declined;
  }

  get dueAtMs(): number {
    let dueAtMs = this.#mode === 'paused' ? this.#pausedUntilMs : Infinity;
    for (const { state, retryAtMs } of this.#requesters.values()) {
      if (state === 'down') dueAtMs = Math.min(dueAtMs, retryAtMs);
    }
    for (const { restUntilMs, queued } of this.#jobs.values()) {
      if (queued > 0 && restUntilMs > 0) dueAtMs = Math.min(dueAtMs, restUntilMs);
    }
    return dueAtMs;
  }

  pause(untilMs: number): Effect[] {
    if (this.#mode === 'finishing') return [];
    this.#mode = 'paused';
    this.#pausedUntilMs = untilMs;
    const stops = [...this.#jobs.keys()].map((job): Effect => ({ type: 'stop-runs', job }));
    return [...this.#returnQueues(), ...stops, ...this.#leave()];
  }

  resume(nowMs: number): Effect[] {
    if (this.#mode !== 'paused') return [];
    this.#mode = 'on';
    this.#pausedUntilMs = Infinity;
    return this.advance(nowMs);
  }

  /** Sees through what it holds and its own jobs, and takes no more. */
  finish(nowMs: number): Effect[] {
    const resumed = this.resume(nowMs);
    this.#mode = 'finishing';
    return [...resumed, ...this.advance(nowMs)];
  }

  requesterUp(peer: PeerId, nowMs: number): Effect[] {
    this.#requesters.set(peer, { state: 'up', failures: 0, retryAtMs: 0 });
    return this.advance(nowMs);
  }

  /** What was held of the requester's jobs is lost: it leases it to others. */
  requesterDown(peer: PeerId, nowMs: number): Effect[] {
    const failures = (this.#requesters.get(peer)?.failures ?? 0) + 1;
    const retryAtMs = nowMs + Math.min(RETRY_MS_MIN * 2 ** (failures - 1), RETRY_MS_MAX);
    this.#requesters.set(peer, { state: 'down', failures, retryAtMs });
    const effects: Effect[] = [];
    for (const [job, { requester }] of this.#jobs) {
      if (requester === peer) effects.push(...this.#drop(job));
    }
    return [...effects, ...this.advance(nowMs)];
  }

  programReady(program: Digest, nowMs: number): Effect[] {
    for (const job of this.#jobs.values()) {
      if (job.offer.program === program) job.program = 'ready';
    }
    return this.advance(nowMs);
  }

  programFailed(program: Digest, reason: string, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const [id, job] of this.#jobs) {
      if (job.offer.program !== program) continue;
      this.#decline(id, reason);
      effects.push(...this.#drop(id));
    }
    return [...effects, ...this.advance(nowMs)];
  }

  handle(from: PeerId, message: RequesterMessage, nowMs: number): Effect[] {
    if (message.type === 'hello' || message.type === 'acknowledge') return [];
    const job = this.#jobs.get(message.job);
    if (message.type === 'job-ended') {
      this.#book.close(from, message.job);
      return job?.requester === from ? [...this.#drop(message.job), ...this.advance(nowMs)] : [];
    }
    if (job === undefined || job.requester !== from) return [];
    if (message.type === 'revoke') {
      job.revoke(new Set(message.leases));
      return this.advance(nowMs);
    }
    job.demanded = Math.max(job.demanded - message.chunks.length, 0);
    if (!this.#takes(from)) return [this.#give(job, message.chunks)];
    // More than was ever asked for: a requester that floods loses the rest.
    const room = Math.max(limits.leasesHeldMax - job.held, 0);
    const deadlineMs = nowMs + message.leaseMs;
    for (const chunk of message.chunks.slice(0, room)) job.push({ chunk, deadlineMs });
    job.workedAtMs = nowMs;
    return this.advance(nowMs);
  }

  runDone({ run: id, outcomes }: RunDone, nowMs: number): Effect[] {
    const run = this.#runs.get(id);
    if (run === undefined) return [];
    this.#runs.delete(id);
    const { job, chunks } = run;
    job.running -= chunks.length;
    const replicas: ReplicaResult[] = [];
    let computedMs = 0;
    let computed = 0;
    for (const [index, { lease, chunk }] of chunks.entries()) {
      const done = outcomes[index] ?? { outcome: { type: 'returned' } as const, computeMs: 0 };
      replicas.push({ lease, chunk, ...done });
      if (done.outcome.type === 'returned') continue;
      computedMs += done.computeMs;
      computed += 1;
    }
    if (computed > 0) job.chunkMs.add(computedMs / computed);
    else if (this.#mode !== 'paused') job.restUntilMs = nowMs + REST_MS;
    this.#returned += computed;
    this.#computeMs += computedMs;
    const wanted = this.#jobs.get(job.offer.job) === job;
    const results = wanted ? [this.#results(job, replicas)] : [];
    return [...results, ...(this.#mode === 'paused' ? this.#leave() : this.advance(nowMs))];
  }

  tick(nowMs: number): Effect[] {
    if (this.#mode === 'paused' && nowMs >= this.#pausedUntilMs) return this.resume(nowMs);
    const effects = this.advance(nowMs);
    // Not reconnected although it was time: nothing is wanted of them now.
    for (const [peer, { state, retryAtMs }] of this.#requesters) {
      if (state === 'down' && retryAtMs <= nowMs) this.#requesters.delete(peer);
    }
    return effects;
  }

  /** Whatever the present state calls for: engage, ask, run. */
  advance(nowMs: number): Effect[] {
    if (this.#mode === 'paused') return [];
    const effects = [...this.#engage(nowMs), ...this.#ask(), ...this.#dispatch(nowMs)];
    return this.#mode === 'finishing' ? [...effects, ...this.#drain()] : effects;
  }

  #takes(requester: PeerId): boolean {
    return this.#mode === 'on' || (this.#mode === 'finishing' && requester === this.#self);
  }

  /** While finishing: parts with others' jobs as they run out. */
  #drain(): Effect[] {
    const effects: Effect[] = [];
    for (const [id, { held, requester }] of this.#jobs) {
      if (held === 0 && requester !== this.#self) effects.push(...this.#drop(id));
    }
    return this.leasesHeld === 0 ? [...effects, { type: 'drained' }] : effects;
  }

  #engage(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const { offer } of this.#book.open()) {
      if (this.#jobs.has(offer.job) || this.#declined.has(offer.job)) continue;
      if (offer.replicasOpen === 0 || !this.#takes(offer.requester)) continue;
      const room = this.#makeRoom(nowMs);
      if (room === undefined) break;
      effects.push(...room);
      const connected = this.#connect(offer.requester, offer.addresses, nowMs);
      if (connected === undefined) continue;
      this.#jobs.set(offer.job, new VolunteerJob(offer, nowMs));
      const { requester, addresses, program, programBytes } = offer;
      effects.push(...connected);
      effects.push({ type: 'fetch-program', requester, addresses, program, programBytes });
    }
    return effects;
  }

  /** @returns undefined while every engaged job gives work */
  #makeRoom(nowMs: number): Effect[] | undefined {
    if (this.#jobs.size < JOBS_MAX) return [];
    for (const [id, { held, workedAtMs }] of this.#jobs) {
      if (held === 0 && nowMs - workedAtMs > IDLE_MS_MAX) return this.#drop(id);
    }
    return undefined;
  }

  #decline(job: JobId, reason: string): void {
    const [oldest] = this.#declined.keys();
    if (this.#declined.size >= DECLINED_MAX && oldest !== undefined) this.#declined.delete(oldest);
    this.#declined.set(job, reason);
  }

  /** @returns undefined while the requester is not to be tried */
  #connect(peer: PeerId, addresses: readonly string[], nowMs: number): Effect[] | undefined {
    const known = this.#requesters.get(peer);
    if (known !== undefined && known.state !== 'down') return [];
    if (known !== undefined && known.retryAtMs > nowMs) return undefined;
    if (known === undefined && this.#requesters.size >= limits.requestersMax) {
      if (!this.#forgetRequester()) return undefined;
    }
    this.#requesters.set(peer, {
      state: 'connecting',
      failures: known?.failures ?? 0,
      retryAtMs: 0,
    });
    return [{ type: 'open-work', requester: peer, addresses }];
  }

  /** Makes room in the table: a requester that is down, or connected for no job any more. */
  #forgetRequester(): boolean {
    for (const [peer, { state }] of this.#requesters) {
      if (state !== 'down') continue;
      this.#requesters.delete(peer);
      return true;
    }
    return false;
  }

  /** Tops demands up to the buffer; in halves, so that asks are few and frames are full. */
  #ask(): Effect[] {
    const effects: Effect[] = [];
    for (const [id, job] of this.#jobs) {
      if (!this.#ready(job) || !this.#takes(job.requester)) continue;
      const wanted = leasesWanted(this.#slots, job.chunkMs.value);
      const missing = wanted - job.held - job.demanded;
      if (missing <= 0 || missing < wanted / 2) continue;
      job.demanded += missing;
      const message = { type: 'ask', job: id, count: missing } as const;
      effects.push({ type: 'send-to-requester', to: job.requester, message });
    }
    return effects;
  }

  /** Fills the sandbox, one run of each job in turn. */
  #dispatch(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    let idle = 0;
    while (idle < this.#jobs.size) {
      const [next] = this.#jobs;
      if (next === undefined) break;
      const [id, job] = next;
      this.#jobs.delete(id);
      this.#jobs.set(id, job);
      const mean = job.chunkMs.value;
      const room = this.#runs.size < runsWanted(this.#slots, mean);
      if (job.restUntilMs <= nowMs) job.restUntilMs = 0;
      const chunks =
        room && job.restUntilMs === 0 && this.#ready(job) ? job.take(runSize(mean), nowMs) : [];
      idle = chunks.length === 0 ? idle + 1 : 0;
      if (chunks.length === 0) continue;
      this.#lastRun += 1;
      this.#runs.set(this.#lastRun, { job, chunks });
      job.running += chunks.length;
      const { program, limits: chunkLimits } = job.offer;
      const run = this.#lastRun;
      effects.push({ type: 'run', run, job: id, program, limits: chunkLimits, chunks });
    }
    return effects;
  }

  #ready(job: VolunteerJob): boolean {
    return job.program === 'ready' && this.#requesters.get(job.requester)?.state === 'up';
  }

  #results(job: VolunteerJob, replicas: readonly ReplicaResult[]): Effect {
    const frame = { job: job.offer.job, replicas };
    return { type: 'send-to-requester', to: job.requester, message: { type: 'results', frame } };
  }

  /** Gives queued leases back, so that nobody waits for them to expire. */
  #returnQueues(): Effect[] {
    const queues = Array.from(this.#jobs.values(), (job) => ({ job, chunks: job.clear() }));
    return queues
      .filter(({ chunks }) => chunks.length > 0)
      .map(({ job, chunks }) => this.#give(job, chunks));
  }

  #give(job: VolunteerJob, chunks: readonly LeasedChunk[]): Effect {
    const outcome: Outcome = { type: 'returned' };
    const replicas = chunks.map(({ lease, chunk }) => ({ lease, chunk, outcome, computeMs: 0 }));
    return this.#results(job, replicas);
  }

  /** While paused: parts with every job, once what was running has come back. */
  #leave(): Effect[] {
    if (this.#runs.size > 0) return [];
    return [...this.#jobs.keys()].flatMap((job) => this.#drop(job));
  }

  #drop(id: JobId): Effect[] {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    const effects: Effect[] = [{ type: 'stop-runs', job: id }];
    if (job === undefined) return effects;
    const others = [...this.#jobs.values()].some(({ requester }) => requester === job.requester);
    const state = this.#requesters.get(job.requester)?.state;
    if (others || state === 'down' || state === undefined) return effects;
    this.#requesters.delete(job.requester);
    return [...effects, { type: 'close-work', requester: job.requester }];
  }

  #sum(of: (job: VolunteerJob) => number): number {
    let sum = 0;
    for (const job of this.#jobs.values()) sum += of(job);
    return sum;
  }
}
