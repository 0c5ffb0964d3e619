/**
 * This peer's own jobs: who computes them, and what the grid is told of them.
 *
 * Volunteers connect to the requester, never the other way round, so that a requester needs no
 * list of the willing: it gossips an offer and waits. The offer is gossiped again before it
 * expires, when open replicas appear or run out, and once as closed; never faster than others take
 * it (`offer-pace.ts`).
 */

import { limits } from '../../model/limits.ts';
import type { JobId, PeerId } from '../../model/ids.ts';
import { type JobSpec, trustNeeded, type WrongResult } from '../../model/job.ts';
import type { VolunteerMessage } from '../../model/messages.ts';
import type { Offer } from '../../model/offer.ts';
import type { ResultFrame } from '../../model/replica.ts';
import { programRef } from '../../model/program.ts';
import type { Awareness } from '../awareness.ts';
import type { Effect, Now } from '../events.ts';
import { type OfferCause, OfferPace } from './offer-pace.ts';
import { CUT_MS_MAX, openRoom, SILENT_CUT_MS_MAX } from './grant.ts';
import type { JobPast } from './job-past.ts';
import type { JobTable } from './job-table.ts';
import { EvidenceTable } from './evidence-table.ts';
import { LeaseTable } from './lease-table.ts';
import { type EndedJob, OwedReceipts } from './owed-receipts.ts';
import type { Random } from '../random.ts';
import { Reliability } from './reliability.ts';
import { RequesterJob } from './requester-job.ts';
import { type Standings, whyWrong } from '../standings.ts';
import { emptyTotals, type Totals } from './tally.ts';
import { VolunteerNetworks } from './volunteer-networks.ts';
import { type WatchOptions, WorkWatch } from '../work-watch.ts';

/** How long an offer is valid: a peer that died is forgotten within a minute. */
const OFFER_VALID_MS = 60_000;
/** Three refreshes in a lifetime, so that two may get lost. */
const OFFER_EVERY_MS = 20_000;
/** A change of what an offer says is told at most this often, so that a busy job is no flood. */
const OFFER_EVERY_MS_MIN = 1_000;
/** A volunteer that hangs is waited for some 14 s: these and a look. Guesses. */
const WATCH: WatchOptions = { idleMs: 5_000, pongMs: 8_000 };
/** Standings are written down so often, at most, and when a job ends. */
const KEEP_EVERY_MS = 5_000;
/** Silent volunteers are looked for so often, while there are leases out. */
const LOOK_EVERY_MS = 1_000;

type Own = {
  readonly run: RequesterJob;
  sequence: number;
  offeredAtMs: number;
  /** It is not offered again before. */
  notBeforeMs: number;
  /** Whether the last offer said that there is something to lease. */
  offeredOpen: boolean;
};

export type RequesterParts = {
  readonly self: PeerId;
  readonly addresses: () => readonly string[];
  readonly awareness: Awareness;
  readonly standings: Standings;
  readonly random: Random;
  /** In earlier processes, the last one first. */
  readonly ended?: readonly EndedJob[];
};

export class Requester {
  readonly totals: Totals = emptyTotals();
  readonly standings: Standings;
  readonly #self: PeerId;
  readonly #random: Random;
  readonly #addresses: () => readonly string[];
  readonly #jobs = new Map<JobId, Own>();
  readonly #volunteers = new Set<PeerId>();
  readonly #watch: WorkWatch;
  readonly #networks = new VolunteerNetworks();
  readonly #reliability = new Reliability();
  readonly #pace = new OfferPace();
  readonly #owed: OwedReceipts;
  /** Jobs whose offers the grid knows. */
  #live = 0;
  #lookAtMs = 0;
  /** Standings are not kept again before. */
  #keepAtMs = 0;

  constructor({ self, addresses, awareness, standings, random, ended = [] }: RequesterParts) {
    this.#self = self;
    this.#addresses = addresses;
    this.standings = standings;
    this.#random = random;
    this.#owed = new OwedReceipts(ended);
    this.#watch = new WorkWatch(awareness, WATCH);
  }

  get volunteers(): ReadonlySet<PeerId> {
    return this.#volunteers;
  }

  /** Jobs that have not ended. */
  get jobs(): RequesterJob[] {
    return Array.from(this.#jobs.values(), ({ run }) => run);
  }

  job(job: JobId): RequesterJob | undefined {
    return this.#jobs.get(job)?.run;
  }

  submit(job: JobId, spec: JobSpec, nowMs: number): void {
    const run = new RequesterJob(job, spec, this.#tableOf(job, spec), nowMs);
    const offeredAtMs = -Infinity;
    const notBeforeMs = -Infinity;
    this.#jobs.set(job, { run, sequence: 0, offeredAtMs, notBeforeMs, offeredOpen: false });
  }

  /** One that an earlier process of this peer had submitted. */
  resume(job: JobId, spec: JobSpec, past: JobPast, now: Now): Effect[] {
    this.standings.nowMs = now.unixMs;
    // Reports count from the submit, whoever's clock has jumped since.
    const ageMs = Math.max(now.unixMs - spec.createdAtMs, 0);
    this.submit(job, spec, now.ms - ageMs);
    const own = this.#jobs.get(job);
    if (own === undefined) return [];
    // Offers of before had lower numbers: one a second at most, and from 1 on at first.
    own.sequence = now.unixMs;
    const effects = own.run.resume(past, now.ms);
    return [...effects, ...own.run.serve(now.ms), ...this.#offer(own, now)];
  }

  #tableOf(job: JobId, spec: JobSpec): JobTable {
    const { credibility } = trustNeeded(spec);
    const { totals } = this;
    if (credibility === undefined) {
      return new LeaseTable(job, spec, totals, () => openRoom(job, this.jobs));
    }
    return new EvidenceTable(job, spec, {
      trust: credibility,
      totals,
      standings: this.standings,
      reliability: this.#reliability,
      networks: this.#networks,
      random: this.#random,
      order: this.#random,
    });
  }

  addChunks(job: JobId, count: number, now: Now): Effect[] {
    const own = this.#jobs.get(job);
    if (own === undefined) return [];
    own.run.table.addChunks(count);
    return [...own.run.serve(now.ms), ...this.#offer(own, now)];
  }

  endSplit(job: JobId, now: Now): Effect[] {
    const own = this.#jobs.get(job);
    if (own === undefined) return [];
    own.run.table.endSplit();
    return [...own.run.complete(), ...own.run.serve(now.ms)];
  }

  /**
   * The job is over, whatever came of it: volunteers get receipts for what was accepted, and drop
   * it, and the offer is closed.
   */
  end(job: JobId, now: Now): Effect[] {
    const own = this.#jobs.get(job);
    if (own === undefined) return [];
    this.#jobs.delete(job);
    const effects: Effect[] = [];
    const { contributions } = own.run.report(now.ms);
    this.#owed.add({ job, spec: own.run.spec, contributions, endedAtMs: now.unixMs });
    for (const to of this.#volunteers) effects.push(...this.#ended(to, job, now));
    effects.push(...this.keepStandings(now.ms));
    // Never gossiped: nobody needs to hear that it is closed.
    if (own.offeredAtMs === -Infinity) return effects;
    effects.push(this.#sign(own, true, now));
    this.#live -= 1;
    return effects;
  }

  /** That it has ended, and before that what the volunteer is owed for it. */
  #ended(to: PeerId, job: JobId, { unixMs }: Now): Effect[] {
    const ended = { type: 'send-to-volunteer', to, message: { type: 'job-ended', job } } as const;
    const receipt = this.#owed.give(job, to, unixMs);
    if (receipt === undefined) return [ended];
    return [{ type: 'send-to-volunteer', to, message: { type: 'receipt', receipt } }, ended];
  }

  /** @param remote its IP address, where it is not this peer itself */
  volunteerUp(peer: PeerId, remote = ''): void {
    this.#networks.up(peer, remote);
    this.#volunteers.add(peer);
  }

  volunteerDown(peer: PeerId, now: Now): Effect[] {
    return this.#gone([peer], now.ms + CUT_MS_MAX, now);
  }

  handle(from: PeerId, message: VolunteerMessage, now: Now): Effect[] {
    if (!this.#volunteers.has(from)) return [];
    // What this peer says to itself is not lost on the way.
    if (from !== this.#self) this.#watch.heard(from, now.ms);
    if (message.type === 'ping') {
      const pong = { type: 'pong', id: message.id } as const;
      return [{ type: 'send-to-volunteer', to: from, message: pong }];
    }
    if (message.type === 'pong') {
      this.#watch.pong(from, message.id);
      return [];
    }
    this.standings.nowMs = now.unixMs;
    const job = message.type === 'results' ? message.frame.job : message.job;
    const own = this.#jobs.get(job);
    if (own === undefined) {
      return this.#ended(from, job, now);
    }
    const effects: Effect[] = [];
    if (message.type === 'ask') this.#ask(own, from, message.count);
    else if (message.type === 'hold') effects.push(...own.run.peerHolds(from, message.leases));
    else effects.push(...this.#results(own, from, message.frame, now));
    effects.push(...own.run.serve(now.ms), ...this.#offerIfChanged(own, now));
    return this.#keepAtMs > now.ms ? effects : [...effects, ...this.keepStandings(now.ms)];
  }

  /** Whatever the job trusts in: who was caught gets nothing to compute. */
  #ask({ run }: Own, from: PeerId, count: number): void {
    if (!this.standings.isCaught(from)) run.ask(from, count);
  }

  /** Somebody was found out to be dishonest: to others, or in what it says of others. */
  refuse(peer: PeerId, now: Now): Effect[] {
    const effects: Effect[] = [];
    for (const own of this.#jobs.values()) {
      effects.push(...own.run.disown(peer, now.ms));
      effects.push(...own.run.serve(now.ms), ...this.#offerIfChanged(own, now));
    }
    return [...effects, ...this.keepStandings(now.ms)];
  }

  /** Who is caught in one job has said nothing in the others. */
  #results(own: Own, from: PeerId, frame: ResultFrame, now: Now): Effect[] {
    const kept = this.#statement(own, from, frame);
    const runs = this.jobs;
    const told = new Map(runs.map((run) => [run, run.caught.length]));
    const effects = [...kept, ...own.run.results(from, frame.replicas, now.ms)];
    let isCaught = false;
    // That one says nothing any more may show others who lied.
    for (let run = runs.find(isToTell); run !== undefined; run = runs.find(isToTell)) {
      const at = told.get(run) ?? 0;
      const wrong = run.caught[at];
      told.set(run, at + 1);
      if (wrong === undefined) continue;
      effects.push(...run.accusation(wrong));
      if (!this.#isCaughtEverywhere(wrong, run)) continue;
      const { peer } = wrong;
      isCaught = true;
      for (const other of runs) if (other !== run) effects.push(...other.disown(peer, now.ms));
    }
    // With what was opened again because of it: else its votes would count after a restart.
    return isCaught ? [...effects, ...this.keepStandings(now.ms)] : effects;

    function isToTell(run: RequesterJob): boolean {
      return run.caught.length > (told.get(run) ?? 0);
    }
  }

  /**
   * What the job's own code refuted is proof only to who asked for evidence: the job may be wrong,
   * and who is caught is never forgiven.
   */
  #isCaughtEverywhere(wrong: WrongResult, { job, spec }: RequesterJob): boolean {
    if (spec.comparison !== 'verify') return true;
    if (spec.trust.credibility === undefined) return false;
    this.standings.catch(wrong.peer, whyWrong(job, wrong));
    return true;
  }

  /** What nobody waited for says nothing of the job, not even beside what somebody did. */
  #statement({ run }: Own, from: PeerId, frame: ResultFrame): Effect[] {
    const isSigned = frame.signed !== undefined || from === this.#self;
    if (!isSigned || run.over) return [];
    const leases = new Set<number>();
    const counted = frame.replicas.filter((replica) => {
      if (leases.has(replica.lease) || !run.table.expects(from, replica)) return false;
      leases.add(replica.lease);
      return replica.outcome.type !== 'returned';
    });
    const isResult = counted.some(({ outcome }) => outcome.type === 'result');
    return isResult ? [{ type: 'keep-statement', frame, counted }] : [];
  }

  /** What has been seen of peers since they were kept the last time. */
  keepStandings(nowMs: number): Effect[] {
    if (!this.standings.hasChanged) return [];
    this.#keepAtMs = nowMs + KEEP_EVERY_MS;
    return [{ type: 'keep-standings', standings: this.standings.takeChanged() }];
  }

  tick(now: Now): Effect[] {
    this.standings.nowMs = now.unixMs;
    const effects = this.#look(now);
    for (const own of this.#jobs.values()) {
      effects.push(...own.run.tick(now.ms), ...this.#offerIfChanged(own, now));
    }
    return effects;
  }

  get dueAtMs(): number {
    let dueAtMs = Infinity;
    for (const own of this.#jobs.values()) {
      dueAtMs = Math.min(dueAtMs, own.run.dueAtMs, offerDueAtMs(own));
    }
    return dueAtMs;
  }

  /** Jobs with leases out are due twice a second, so this needs no time of its own. */
  #look(now: Now): Effect[] {
    if (now.ms < this.#lookAtMs) return [];
    this.#lookAtMs = now.ms + LOOK_EVERY_MS;
    const { pings, silent } = this.#watch.look(now.ms, (peer) => this.#isHolder(peer));
    const effects = pings.map(({ peer, id }): Effect => ({
      type: 'send-to-volunteer',
      to: peer,
      message: { type: 'ping', id },
    }));
    if (silent.length === 0) return effects;
    for (const volunteer of silent) effects.push({ type: 'close-volunteer', volunteer });
    return [...effects, ...this.#gone(silent, now.ms + SILENT_CUT_MS_MAX, now)];
  }

  /** All of them, before anything is leased again: it must not go to one that went as well. */
  #gone(peers: readonly PeerId[], keptUntilMs: number, now: Now): Effect[] {
    for (const peer of peers) {
      this.#volunteers.delete(peer);
      this.#networks.down(peer);
      this.#watch.forget(peer);
      this.#owed.gone(peer);
      for (const { run } of this.#jobs.values()) run.peerGone(peer, keptUntilMs);
    }
    const effects: Effect[] = [];
    for (const own of this.#jobs.values()) {
      effects.push(...own.run.serve(now.ms), ...this.#offerIfChanged(own, now));
    }
    return effects;
  }

  #isHolder(peer: PeerId): boolean {
    for (const { run } of this.#jobs.values()) if (run.isHolder(peer)) return true;
    return false;
  }

  #offerIfChanged(own: Own, now: Now): Effect[] {
    return now.ms >= offerDueAtMs(own) ? this.#offer(own, now) : [];
  }

  #offer(own: Own, now: Now): Effect[] {
    if (own.run.over || own.run.table.chunks === 0) return [];
    if (now.ms < own.notBeforeMs) return [];
    own.notBeforeMs = now.ms + OFFER_EVERY_MS_MIN;
    const cause = causeOf(own, now.ms);
    if (cause === 'first' && this.#live >= limits.offersPerRequesterMax) return [];
    if (!this.#pace.allows(cause, this.#live, now.ms)) return [];
    if (cause === 'first') this.#live += 1;
    return [this.#sign(own, false, now)];
  }

  #sign(own: Own, closed: boolean, now: Now): Effect {
    const { run } = own;
    this.#pace.spend();
    own.sequence += 1;
    own.offeredAtMs = now.ms;
    own.offeredOpen = run.table.replicasOpen > 0;
    const { spec } = run;
    const offer: Offer = {
      job: run.job,
      requester: this.#self,
      addresses: this.#addresses(),
      name: spec.name,
      ...programRef(spec),
      limits: spec.limits,
      sequence: own.sequence,
      replicasOpen: closed ? 0 : run.table.replicasOpen,
      closed,
      expiresAtMs: now.unixMs + OFFER_VALID_MS,
    };
    return { type: 'sign-offer', offer };
  }
}

function causeOf(own: Own, nowMs: number): OfferCause {
  if (own.offeredAtMs === -Infinity) return 'first';
  return nowMs < own.offeredAtMs + OFFER_EVERY_MS ? 'change' : 'again';
}

function offerDueAtMs({ run, offeredAtMs, notBeforeMs, offeredOpen }: Own): number {
  if (run.over || run.table.chunks === 0) return Infinity;
  const changed = run.table.replicasOpen > 0 !== offeredOpen;
  return changed ? notBeforeMs : Math.max(offeredAtMs + OFFER_EVERY_MS, notBeforeMs);
}
