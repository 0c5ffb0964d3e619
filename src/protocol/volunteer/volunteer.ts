/**
 * The peer as a volunteer: from the offers it knows it takes work, keeps its slots busy, and
 * returns results.
 *
 * It engages in a few jobs at a time. Engaging means: a work stream to the requester, the program
 * in the sandbox, then standing demands for leases that follow what the slots compute. A job that
 * has nothing to lease keeps its demand open and costs nothing, so slots that it leaves idle go to
 * others. Its own jobs are computed like anybody's, over the same messages, handed round inside.
 */

import type { PeerId } from '../../model/ids.ts';
import type { ChunkLimits } from '../../model/job.ts';
import type { RequesterMessage } from '../../model/messages.ts';
import type { ProgramKey } from '../../model/program.ts';
import type { Destination, Unsent } from '../../model/unsent.ts';
import type { Awareness } from '../awareness.ts';
import { type Declined, Declines } from './declines.ts';
import { Deliveries } from './deliveries.ts';
import { Engagements } from './engagements.ts';
import type { Effect, PeerEvent } from '../events.ts';
import { heldBytesMax, runsBytesMax } from './lease-demand.ts';
import type { OfferBook } from '../overlay/offer-book.ts';
import { OfferChoice } from './offer-choice.ts';
import { Partings } from './partings.ts';
import { Receipts } from './receipts.ts';
import { RequesterLinks } from './requester-links.ts';
import { ranReplicas, resultsTo, returnTo } from './returns.ts';
import type { Standings } from '../standings.ts';
import { VolunteerJob } from './volunteer-job.ts';
import { Workbench } from './workbench.ts';

type RunDone = Extract<PeerEvent, { type: 'run-done' }>;

type Acknowledge = Extract<RequesterMessage, { type: 'acknowledge' }>;

type Leases = Extract<RequesterMessage, { type: 'leases' }>;

type ProgramMissing = Extract<PeerEvent, { type: 'program-missing' }>;

export type VolunteerMode = 'on' | 'paused' | 'finishing' | 'leaving';

export type VolunteerOptions = {
  readonly self: PeerId;
  /** Threads that compute; 0 for none. */
  readonly slots: number;
  /** What this peer gives a chunk. */
  readonly limits: ChunkLimits;
  /** What an earlier process has computed and could not deliver, the oldest first. */
  readonly unsent?: readonly Unsent[];
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
  readonly #deliveries: Deliveries;
  readonly #bench: Workbench;
  readonly #choice: OfferChoice;
  readonly #partings: Partings;
  #doneAtMs = 0;
  #mode: VolunteerMode = 'on';
  #pausedUntilMs = Infinity;
  /** While leaving: when what runs is given back. */
  #stopAtMs = Infinity;
  #returned = 0;
  #computeMs = 0;

  constructor(
    { self, slots, limits: given, unsent = [] }: VolunteerOptions,
    book: OfferBook,
    awareness: Awareness,
    standings: Standings,
  ) {
    this.#self = self;
    const links = new RequesterLinks(self, awareness);
    this.#links = links;
    this.#deliveries = new Deliveries({ self, links, book, unsent });
    this.#slots = slots;
    this.#limits = given;
    this.#book = book;
    const declines = new Declines(book);
    this.#declines = declines;
    const jobs = this.#jobs;
    this.#choice = new OfferChoice({ self, limits: given, book, jobs, declines, standings, links });
    this.#receipts = new Receipts(self, unsent);
    this.#bench = new Workbench({
      slots,
      jobs,
      isReady: ({ isLoaded, requester }) => isLoaded && links.isUp(requester),
      isFull: ({ requester }) => this.#deliveries.outbox.isFull(requester),
      isWanted: ({ requester }) => this.#takes(requester),
    });
    const { runs } = this.#bench;
    this.#partings = new Partings({ jobs, runs, links, deliveries: this.#deliveries });
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
    return this.#bench.runs.chunks;
  }

  get replicasReturned(): number {
    return this.#returned;
  }

  get computeSeconds(): number {
    return this.#computeMs / 1000;
  }

  /** How many results each requester has not acknowledged. */
  get unsent(): ReadonlyMap<PeerId, number> {
    return this.#deliveries.outbox.waiting;
  }

  /** Whether nothing is held, nor to be acknowledged by somebody who is there. */
  get isDrained(): boolean {
    return this.leasesHeld === 0 && !this.#deliveries.isExpecting;
  }

  /** Since when it could compute and had nothing to; undefined while it has, or is not to. */
  get idleSinceMs(): number | undefined {
    const isBusy = this.#bench.runs.size > 0 || this.leasesHeld > 0;
    return this.#mode === 'on' && this.#slots > 0 && !isBusy ? this.#doneAtMs : undefined;
  }

  /** Open offers that this peer does not compute, and why; the newest first. */
  get declined(): readonly Declined[] {
    return this.#declines.list();
  }

  get dueAtMs(): number {
    const parts = [this.#links, this.#declines, this.#deliveries, this.#partings];
    const workAtMs = this.#mode === 'paused' ? this.#pausedUntilMs : this.#jobs.dueAtMs;
    return Math.min(this.#stopAtMs, workAtMs, ...parts.map((part) => part.dueAtMs));
  }

  pause(untilMs: number): Effect[] {
    if (this.#mode === 'finishing' || this.#mode === 'leaving') return [];
    this.#mode = 'paused';
    this.#pausedUntilMs = untilMs;
    return [...this.#partings.returnQueues(), ...this.#partings.stopAll(), ...this.#leave()];
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

  /**
   * As `finish`, and soon: what waits goes back at once, what still runs after the grace as well,
   * and what can't be delivered is kept.
   */
  leave(graceMs: number, nowMs: number): Effect[] {
    this.#mode = 'leaving';
    this.#stopAtMs = nowMs + graceMs;
    const kept = this.#deliveries.outbox.keepAll();
    return [...this.#partings.returnQueues(), ...kept, ...this.advance(nowMs)];
  }

  /** This process ends: the last word to requesters, and what is kept for the next process. */
  stop(nowMs: number): Effect[] {
    const isUp = (peer: PeerId): boolean => peer !== this.#self && this.#links.isUp(peer);
    const { outbox } = this.#deliveries;
    const last = outbox.send(isUp, () => false, nowMs);
    return [...this.#partings.returnAll(), ...last, ...outbox.keepAll()];
  }

  requesterUp(peer: PeerId, nowMs: number): Effect[] {
    this.#links.cameUp(peer, nowMs);
    for (const job of this.#jobs.of(peer)) job.cutAtMs = undefined;
    const held = this.#receipts.withAwaited(peer, this.#partings.leasesOf(peer));
    return [...this.#deliveries.cameUp(peer, held, nowMs), ...this.advance(nowMs)];
  }

  requesterTook(peer: PeerId, bytes: number, nowMs: number): void {
    this.#deliveries.took(peer, bytes, nowMs);
  }

  /** What runs goes on, and what was computed is delivered when it is there again. */
  requesterDown(peer: PeerId, nowMs: number): Effect[] {
    this.#links.wentDown(peer, nowMs);
    for (const job of this.#jobs.of(peer)) job.cut(nowMs);
    return [...this.#deliveries.wentDown(peer), ...this.advance(nowMs)];
  }

  /** Drops its jobs. Those that it offers are looked at anew. */
  partWith(requester: PeerId, nowMs: number): Effect[] {
    const dropped = this.#deliveries.outbox.dropAllOf(requester);
    const left = this.#partings.dropAll((job) => job.requester === requester);
    return [...dropped, ...left, ...this.advance(nowMs)];
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
      effects.push(...this.#partings.drop(job));
    }
    return [...effects, ...this.advance(nowMs)];
  }

  /** One requester could not give it: its other jobs, and others' with the same program, go on. */
  programMissing({ requester, program, reason }: ProgramMissing, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const job of this.#jobs.all) {
      if (job.program !== program || job.requester !== requester || job.isLoaded) continue;
      this.#declines.forNow(job.offer, reason, nowMs);
      effects.push(...this.#partings.drop(job));
    }
    return [...effects, ...this.advance(nowMs)];
  }

  handle(from: PeerId, message: RequesterMessage, nowMs: number): Effect[] {
    this.#links.heard(from, nowMs);
    if (message.type === 'ping' || message.type === 'pong') {
      return this.#links.answer(from, message);
    }
    if (message.type === 'acknowledge') return this.#acknowledged(from, message, nowMs);
    if (message.type === 'receipt') return this.#receipts.take(from, message.receipt, nowMs);
    const job = this.#jobs.get(from, message.job);
    if (message.type === 'job-ended') {
      this.#book.close(from, message.job);
      this.#receipts.ended(from, message.job);
      const dropped = this.#deliveries.outbox.drop(from, message.job);
      if (job !== undefined) dropped.push(...this.#partings.drop(job));
      return [...dropped, ...this.advance(nowMs)];
    }
    if (message.type === 'revoke') {
      if (job === undefined) return [];
      job.revoke(new Set(message.leases));
      return this.advance(nowMs);
    }
    return this.#leased(from, message, nowMs);
  }

  #leased(from: PeerId, { job: id, chunks, leaseMs }: Leases, nowMs: number): Effect[] {
    const job = this.#jobs.get(from, id);
    const asked = job?.answered(chunks.length) ?? 0;
    // Asked for before the job was dropped here, or before a pause; or not at all.
    if (job === undefined || asked === 0 || !this.#takes(from)) return [returnTo(from, id, chunks)];
    // Who owes acknowledgements as well serves by those alone.
    if (!this.#deliveries.outbox.has(from)) this.#links.served(from);
    const bytesMax = heldBytesMax(this.#slots);
    const tooMany = job.hold(chunks.slice(0, asked), nowMs + leaseMs, bytesMax);
    job.workedAtMs = nowMs;
    const back = [...tooMany, ...chunks.slice(asked)];
    return [...(back.length > 0 ? [returnTo(from, id, back)] : []), ...this.advance(nowMs)];
  }

  runDone({ run: id, outcomes }: RunDone, nowMs: number): Effect[] {
    const run = this.#bench.runs.end(id);
    if (run === undefined) return [];
    const { job, chunks } = run;
    this.#doneAtMs = nowMs;
    const { replicas, computed, computedMs, resultBytes } = ranReplicas(chunks, outcomes);
    if (computed > 0) job.hasComputed(computedMs / computed, resultBytes / computed);
    // The sandbox gave back what nobody stopped: it needs a moment, and longer each time.
    else if (this.#mode !== 'paused') job.rest(nowMs);
    this.#returned += computed;
    this.#computeMs += computedMs;
    if (!this.#jobs.includes(job)) return this.advance(nowMs);
    if (computed > 0) this.#receipts.worked(job.destination);
    this.#deliveries.add(job.destination, replicas, nowMs);
    const returned = replicas.filter(({ outcome }) => outcome.type === 'returned');
    // While the stream is lost nothing has to be said: what is held is told when it is there again.
    const isTold = returned.length > 0 && this.#links.isUp(job.requester);
    const told = isTold ? [resultsTo(job.requester, job.offer.job, returned)] : [];
    return [...told, ...this.#cutOff(nowMs), ...this.advance(nowMs)];
  }

  /** Rather one requester's stream than this machine's memory. */
  #cutOff(nowMs: number): Effect[] {
    const isUp = (peer: PeerId): boolean => this.#links.isUp(peer);
    const requester = this.#deliveries.outbox.tooMuchOf(isUp, runsBytesMax(this.#slots));
    if (requester === undefined) return [];
    return [{ type: 'close-work', requester }, ...this.requesterDown(requester, nowMs)];
  }

  tick(nowMs: number): Effect[] {
    const pauseEnds = this.#mode === 'paused' && nowMs >= this.#pausedUntilMs;
    const { effects, silent } = this.#links.look(nowMs);
    for (const peer of silent) effects.push(...this.requesterDown(peer, nowMs));
    if (nowMs >= this.#stopAtMs) {
      this.#stopAtMs = Infinity;
      effects.push(...this.#partings.stopAll());
    }
    effects.push(...(pauseEnds ? this.resume(nowMs) : this.advance(nowMs)));
    this.#links.forgetOverdue(nowMs, this.unsent);
    this.#declines.sweep(nowMs);
    return effects;
  }

  /** Whatever the present state calls for: engage, ask, run. */
  advance(nowMs: number): Effect[] {
    if (this.#mode === 'paused') return [...this.#leave(), ...this.#deliver(nowMs)];
    const effects = this.#partings.dropCut(nowMs);
    this.#bench.look(nowMs);
    effects.push(...this.#engage(nowMs), ...this.#bench.dispatch(), ...this.#bench.ask(nowMs));
    effects.push(...this.#deliver(nowMs));
    return this.#mode === 'on' ? effects : [...effects, ...this.#drain(nowMs)];
  }

  #deliver(nowMs: number): Effect[] {
    const jobs = this.#jobs;
    const engaged = {
      isRunning: ({ requester, job }: Destination) => (jobs.get(requester, job)?.running ?? 0) > 0,
      has: (requester: PeerId) => jobs.hasAnyOf(requester),
      destinations: jobs.cut.map(({ destination }) => destination),
      isOver: (this.#mode === 'finishing' || this.#mode === 'leaving') && this.leasesHeld === 0,
    };
    return this.#deliveries.advance(engaged, nowMs);
  }

  #acknowledged(from: PeerId, { job, leases }: Acknowledge, nowMs: number): Effect[] {
    const { isAnyStalled } = this.#jobs;
    const effects = this.#deliveries.acknowledged(from, job, leases, nowMs);
    const isOver = this.#mode !== 'on' || !this.#jobs.hasAnyOf(from);
    return isAnyStalled || isOver ? [...effects, ...this.advance(nowMs)] : effects;
  }

  #takes(requester: PeerId): boolean {
    return this.#mode === 'on' || (this.#mode === 'finishing' && requester === this.#self);
  }

  /** While paused: parts with every job, once what was running has come back. */
  #leave(): Effect[] {
    return this.#bench.runs.size > 0 ? [] : this.#partings.dropAll(() => true);
  }

  /** While finishing or leaving: parts with jobs that give no more work as they run out. */
  #drain(nowMs: number): Effect[] {
    const isOver = (job: VolunteerJob): boolean =>
      !this.#takes(job.requester) && (job.held === 0 || this.#jobs.isStuck(job, nowMs));
    const effects = this.#partings.dropAll(isOver);
    return this.isDrained ? [...effects, { type: 'drained' }] : effects;
  }

  #engage(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    if (this.#slots === 0) return effects;
    const isWanted = (key: string, requester: PeerId): boolean =>
      !this.#jobs.has(key) && this.#takes(requester);
    for (const offer of this.#choice.worthComputing(isWanted, nowMs)) {
      // Its other jobs could not run either.
      if (this.#deliveries.outbox.isFull(offer.requester)) continue;
      const inTheWay = this.#jobs.inTheWay(nowMs);
      if (inTheWay === undefined) break;
      effects.push(...inTheWay.flatMap((job) => this.#partings.giveUp(job)));
      const job = new VolunteerJob(offer, this.#limits, nowMs);
      this.#jobs.add(job);
      effects.push(...this.#links.open(offer.requester, offer.addresses), job.fetch());
    }
    return effects;
  }
}
