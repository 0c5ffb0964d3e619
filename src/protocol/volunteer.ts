/**
 * The peer as a volunteer: from the offers it knows it takes work, keeps its slots busy, and
 * returns results.
 *
 * It engages in a few jobs at a time. Engaging means: a work stream to the requester, the program
 * in the sandbox, then standing demands for leases that follow what the slots compute. A job that
 * has nothing to lease keeps its demand open and costs nothing, so slots that it leaves idle go to
 * others. Its own jobs are computed like anybody's, over the same messages, handed round inside.
 */

import type { PeerId } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { RequesterMessage } from '../model/messages.ts';
import { type ProgramKey, programRef } from '../model/program.ts';
import type { LeasedChunk, ReplicaResult } from '../model/replica.ts';
import type { Awareness } from './awareness.ts';
import { type Declined, Declines } from './declines.ts';
import { Engagements } from './engagements.ts';
import type { Effect, PeerEvent } from './events.ts';
import { unmet } from './given-limits.ts';
import { heldBytesMax, runSize, runsWanted } from './lease-demand.ts';
import { offerKey, type OfferBook } from './offer-book.ts';
import { Receipts } from './receipts.ts';
import { RequesterLinks } from './requester-links.ts';
import { resultsTo, returnTo } from './returns.ts';
import { VolunteerJob } from './volunteer-job.ts';

type Run = { readonly job: VolunteerJob; readonly chunks: readonly LeasedChunk[] };

type RunDone = Extract<PeerEvent, { type: 'run-done' }>;

type ProgramMissing = Extract<PeerEvent, { type: 'program-missing' }>;

export type VolunteerMode = 'on' | 'paused' | 'finishing';

export type VolunteerOptions = {
  readonly self: PeerId;
  /** Threads that compute; 0 for none. */
  readonly slots: number;
  /** What this peer gives a chunk. */
  readonly limits: ChunkLimits;
};

export class Volunteer {
  readonly #self: PeerId;
  readonly #slots: number;
  readonly #limits: ChunkLimits;
  readonly #book: OfferBook;
  readonly #links: RequesterLinks;
  readonly #jobs = new Engagements();
  readonly #declines: Declines;
  readonly #receipts: Receipts;
  readonly #runs = new Map<number, Run>();
  #lastRun = 0;
  #mode: VolunteerMode = 'on';
  #pausedUntilMs = Infinity;
  #returned = 0;
  #computeMs = 0;

  constructor(
    { self, slots, limits: given }: VolunteerOptions,
    book: OfferBook,
    awareness: Awareness,
  ) {
    this.#self = self;
    this.#links = new RequesterLinks(self, awareness);
    this.#slots = slots;
    this.#limits = given;
    this.#book = book;
    this.#declines = new Declines(book);
    this.#receipts = new Receipts(self);
  }

  get mode(): VolunteerMode {
    return this.#mode;
  }

  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  /** Requesters with an open work stream. */
  get requesters(): PeerId[] {
    return this.#links.up;
  }

  get leasesHeld(): number {
    return this.#jobs.sum(({ held }) => held);
  }

  get leasesQueued(): number {
    return this.#jobs.sum(({ queued }) => queued);
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

  /** Open offers that this peer does not compute, and why; the newest first. */
  get declined(): readonly Declined[] {
    return this.#declines.list();
  }

  get dueAtMs(): number {
    let dueAtMs = Math.min(this.#links.dueAtMs, this.#declines.dueAtMs);
    if (this.#mode === 'paused') dueAtMs = Math.min(dueAtMs, this.#pausedUntilMs);
    for (const { restUntilMs, queued, answerByMs } of this.#jobs.all) {
      if (queued > 0 && restUntilMs > 0) dueAtMs = Math.min(dueAtMs, restUntilMs);
      // Then others are asked, if there are any.
      if (this.#jobs.size > 1) dueAtMs = Math.min(dueAtMs, answerByMs);
    }
    return dueAtMs;
  }

  pause(untilMs: number): Effect[] {
    if (this.#mode === 'finishing') return [];
    this.#mode = 'paused';
    this.#pausedUntilMs = untilMs;
    const stops = [...this.#jobs.all].flatMap((job) => this.#stop(job));
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
    this.#mode = 'finishing';
    this.#pausedUntilMs = Infinity;
    return this.advance(nowMs);
  }

  requesterUp(peer: PeerId, nowMs: number): Effect[] {
    this.#links.cameUp(peer, nowMs);
    return this.advance(nowMs);
  }

  /** What was held of the requester's jobs is lost: it leases it to others. */
  requesterDown(peer: PeerId, nowMs: number): Effect[] {
    this.#links.wentDown(peer, nowMs);
    const effects: Effect[] = [];
    for (const job of this.#jobs.all) {
      if (job.requester === peer) effects.push(...this.#drop(job));
    }
    return [...effects, ...this.advance(nowMs)];
  }

  programReady(program: ProgramKey, nowMs: number): Effect[] {
    for (const job of this.#jobs.all) {
      if (job.program !== program) continue;
      job.isLoaded = true;
      this.#declines.recovered(job.key);
    }
    return this.advance(nowMs);
  }

  /** It can't run here, whoever offers it. */
  programFailed(program: ProgramKey, reason: string, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const job of this.#jobs.all) {
      if (job.program !== program) continue;
      this.#declines.forGood(job.offer, reason);
      effects.push(...this.#drop(job));
    }
    return [...effects, ...this.advance(nowMs)];
  }

  /** One requester could not give it: its other jobs, and others' with the same program, go on. */
  programMissing({ requester, program, reason }: ProgramMissing, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const job of this.#jobs.all) {
      if (job.program !== program || job.requester !== requester || job.isLoaded) continue;
      this.#declines.forNow(job.offer, reason, nowMs);
      effects.push(...this.#drop(job));
    }
    return [...effects, ...this.advance(nowMs)];
  }

  handle(from: PeerId, message: RequesterMessage, nowMs: number): Effect[] {
    this.#links.heard(from, nowMs);
    if (message.type === 'ping' || message.type === 'pong') {
      return this.#links.answer(from, message);
    }
    if (message.type === 'acknowledge') return [];
    if (message.type === 'receipt') return this.#receipts.take(from, message.receipt, nowMs);
    const job = this.#jobs.get(from, message.job);
    if (message.type === 'job-ended') {
      this.#book.close(from, message.job);
      return job === undefined ? [] : [...this.#drop(job), ...this.advance(nowMs)];
    }
    if (message.type === 'revoke') {
      if (job === undefined) return [];
      job.revoke(new Set(message.leases));
      return this.advance(nowMs);
    }
    if (job !== undefined) job.demanded = Math.max(job.demanded - message.chunks.length, 0);
    // Asked for before the job was dropped here, or before a pause.
    if (job === undefined || !this.#takes(from)) {
      return [returnTo(from, message.job, message.chunks)];
    }
    const bytesMax = heldBytesMax(this.#slots);
    const tooMany = job.hold(message.chunks, nowMs + message.leaseMs, bytesMax);
    job.workedAtMs = nowMs;
    const back = tooMany.length === 0 ? [] : [returnTo(from, message.job, tooMany)];
    return [...back, ...this.advance(nowMs)];
  }

  runDone({ run: id, outcomes }: RunDone, nowMs: number): Effect[] {
    const run = this.#runs.get(id);
    if (run === undefined) return [];
    this.#runs.delete(id);
    const { job, chunks } = run;
    job.running -= chunks.length;
    job.letGo(chunks);
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
    if (computed > 0) job.hasComputed(computedMs / computed);
    // The sandbox gave back what nobody stopped: it needs a moment, and longer each time.
    else if (this.#mode !== 'paused') job.rest(nowMs);
    this.#returned += computed;
    this.#computeMs += computedMs;
    const isHeard = this.#jobs.includes(job);
    if (isHeard && computed > 0) this.#receipts.worked(job);
    const results = isHeard ? [resultsTo(job.requester, job.offer.job, replicas)] : [];
    return [...results, ...(this.#mode === 'paused' ? this.#leave() : this.advance(nowMs))];
  }

  tick(nowMs: number): Effect[] {
    const pauseEnds = this.#mode === 'paused' && nowMs >= this.#pausedUntilMs;
    const { effects, silent } = this.#links.look(nowMs);
    for (const peer of silent) effects.push(...this.requesterDown(peer, nowMs));
    effects.push(...(pauseEnds ? this.resume(nowMs) : this.advance(nowMs)));
    this.#links.forgetOverdue(nowMs);
    this.#declines.sweep(nowMs);
    return effects;
  }

  /** Whatever the present state calls for: engage, ask, run. */
  advance(nowMs: number): Effect[] {
    if (this.#mode === 'paused') return [];
    // What has expired is found while dispatching, and is asked for again at once.
    const effects = [...this.#engage(nowMs), ...this.#dispatch(nowMs), ...this.#ask(nowMs)];
    return this.#mode === 'finishing' ? [...effects, ...this.#drain()] : effects;
  }

  #takes(requester: PeerId): boolean {
    return this.#mode === 'on' || (this.#mode === 'finishing' && requester === this.#self);
  }

  /** While finishing: parts with others' jobs as they run out. */
  #drain(): Effect[] {
    const effects: Effect[] = [];
    for (const job of this.#jobs.all) {
      if (job.held === 0 && job.requester !== this.#self) effects.push(...this.#drop(job));
    }
    return this.leasesHeld === 0 ? [...effects, { type: 'drained' }] : effects;
  }

  #engage(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    if (this.#slots === 0) return effects;
    for (const { offer } of this.#book.open()) {
      if (offer.replicasOpen === 0 || !this.#takes(offer.requester)) continue;
      const key = offerKey(offer.requester, offer.job);
      if (this.#jobs.has(key) || this.#declines.stands(key, nowMs)) continue;
      const lacking = unmet(offer.limits, this.#limits);
      if (lacking !== undefined) {
        this.#declines.forGood(offer, lacking);
        continue;
      }
      if (this.#links.isAvoided(offer.requester, nowMs)) continue;
      const isOwn = offer.requester === this.#self;
      if (!isOwn && !this.#links.mayOpen(offer.requester, nowMs)) continue;
      const inTheWay = this.#jobs.inTheWay(nowMs);
      if (inTheWay === undefined) break;
      effects.push(...inTheWay.flatMap((job) => this.#drop(job)));
      const job = new VolunteerJob(offer, this.#limits, nowMs);
      this.#jobs.add(job);
      effects.push(...this.#links.open(offer.requester, offer.addresses), job.fetch());
    }
    return effects;
  }

  /**
   * Tops up what is at hand of all jobs together, in halves, so that asks are few and frames are
   * full. Leases that wait here behind other jobs' would be late, and nobody else could have them.
   */
  #ask(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    let missing = 1 - this.#jobs.sum((job) => this.#shareAtHand(job, nowMs));
    for (const job of this.#jobs.all) {
      if (!this.#ready(job) || !this.#takes(job.requester)) continue;
      const wanted = job.wanted(this.#slots);
      const share = Math.min(missing, 1 - (job.held + job.demanded) / wanted);
      if (share < 1 / 2) continue;
      effects.push(job.ask(Math.ceil(share * wanted), nowMs));
      missing -= share;
    }
    return effects;
  }

  /** Of what this peer wants to have at hand: held, or on its way. */
  #shareAtHand(job: VolunteerJob, nowMs: number): number {
    return (job.held + job.coming(nowMs)) / job.wanted(this.#slots);
  }

  /**
   * Fills the sandbox, one run of each job in turn. A job whose turn it is waits for room, and the
   * others with it: long chunks, which need a slot to be free, would never start beside short ones,
   * which are queued ahead of the slots.
   */
  #dispatch(nowMs: number): Effect[] {
    for (const job of this.#jobs.all) if (job.restUntilMs <= nowMs) job.restUntilMs = 0;
    const effects: Effect[] = [];
    for (let job = this.#next(); job !== undefined; job = this.#next()) {
      const mean = job.chunkMs.value;
      if (this.#runs.size >= runsWanted(this.#slots, mean)) break;
      this.#jobs.putLast(job);
      const chunks = job.take(runSize(mean), nowMs);
      if (chunks.length > 0) effects.push(this.#run(job, chunks));
    }
    return effects;
  }

  /** The job whose turn it is, of those that have something to run. */
  #next(): VolunteerJob | undefined {
    for (const job of this.#jobs.all) {
      if (job.queued > 0 && job.restUntilMs === 0 && this.#ready(job)) return job;
    }
    return undefined;
  }

  #run(job: VolunteerJob, chunks: readonly LeasedChunk[]): Effect {
    this.#lastRun += 1;
    const run = this.#lastRun;
    this.#runs.set(run, { job, chunks });
    job.running += chunks.length;
    const { program, limits: chunkLimits, offer } = job;
    const ref = programRef(offer);
    return { type: 'run', run, job: offer.job, program, ref, limits: chunkLimits, chunks };
  }

  #ready(job: VolunteerJob): boolean {
    return job.isLoaded && this.#links.isUp(job.requester);
  }

  /** Gives queued leases back, so that nobody waits for them to expire. */
  #returnQueues(): Effect[] {
    const queues = Array.from(this.#jobs.all, (job) => ({ job, chunks: job.clear() }));
    return queues
      .filter(({ chunks }) => chunks.length > 0)
      .map(({ job, chunks }) => returnTo(job.requester, job.offer.job, chunks));
  }

  /** While paused: parts with every job, once what was running has come back. */
  #leave(): Effect[] {
    if (this.#runs.size > 0) return [];
    return [...this.#jobs.all].flatMap((job) => this.#drop(job));
  }

  #stop({ running, offer }: VolunteerJob): Effect[] {
    return running > 0 ? [{ type: 'stop-runs', job: offer.job }] : [];
  }

  #drop(job: VolunteerJob): Effect[] {
    this.#jobs.delete(job);
    // Runs are stopped by the job's id, which a stranger may have taken from somebody else's offer.
    const shared = this.#jobs.isAny(({ offer }) => offer.job === job.offer.job);
    const stops = shared ? [] : this.#stop(job);
    const linked = this.#jobs.isAny(({ requester }) => requester === job.requester);
    return linked ? stops : [...stops, ...this.#links.close(job.requester)];
  }
}
