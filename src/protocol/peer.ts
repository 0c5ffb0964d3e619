/**
 * The whole peer as one machine: requester, volunteer, relay. It decides, and never acts: `handle`
 * takes what happened and returns what is to be done. The same code runs under the driver and in
 * simulations.
 *
 * A peer computes its own jobs through the same messages as anybody's: what the volunteer part
 * sends to this very peer comes back in as an event, and leaves only as the requester part's
 * effects.
 */

import { unreachable } from '../model/errors.ts';
import type { JobId, PeerId } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { VolunteerMessage } from '../model/messages.ts';
import type { Standing } from '../model/standing.ts';
import type { Unsent } from '../model/unsent.ts';
import type { KnownPeer, SignedRecord } from '../model/peer-record.ts';
import { Awareness } from './awareness.ts';
import type { BroadcastCounts } from './overlay/broadcast.ts';
import type { Declined } from './volunteer/declines.ts';
import type { Effect, LocalEvent, Now, PeerEvent } from './events.ts';
import type { FailureCounts } from './overlay/failure-detector.ts';
import { EvidenceBook } from './accusations/evidence-book.ts';
import { type CheckCounts, EvidenceChecks, type Finding } from './accusations/evidence-checks.ts';
import type { EvidenceCounts } from './accusations/evidence-gossip.ts';
import { OfferBook } from './overlay/offer-book.ts';
import { Overlay, type OverlayEvent } from './overlay/overlay.ts';
import type { EndedJob } from './requester/owed-receipts.ts';
import { Standings } from './standings.ts';
import { createRandom } from './random.ts';
import { Requester } from './requester/requester.ts';
import type { RequesterJob } from './requester/requester-job.ts';
import type { Totals } from './requester/tally.ts';
import { Volunteer, type VolunteerMode } from './volunteer/volunteer.ts';

export type PeerOptions = {
  readonly self: PeerId;
  /** Where others reach this peer; asked whenever an offer is made. */
  readonly addresses: () => readonly string[];
  /** Addresses to join through. */
  readonly entrances: readonly string[];
  /** Peers of earlier runs, the last seen first: to join through when the entrances are gone. */
  readonly known: readonly KnownPeer[];
  /** What earlier runs have seen of peers that computed for this one. */
  readonly standings?: readonly Standing[];
  /** Own jobs that have ended in earlier runs, the last one first. */
  readonly ended?: readonly EndedJob[];
  /** What an earlier run has computed and could not deliver, the oldest first. */
  readonly unsent?: readonly Unsent[];
  /** What this peer can do, by name; told to others. */
  readonly features: readonly string[];
  /** Threads that compute; 0 for a peer that only requests and relays. */
  readonly slots: number;
  /** What this peer gives a chunk. Jobs that want more are declined. */
  readonly limits: ChunkLimits;
  readonly seed: number;
};

/** What can be seen from outside, for `status`, `peers` and the metrics. */
export type PeerStatus = {
  readonly mode: VolunteerMode;
  readonly pausedUntilMs: number;
  readonly neighbours: ReadonlyMap<PeerId, SignedRecord>;
  /** Peers that could be neighbours. */
  readonly known: ReadonlyMap<PeerId, SignedRecord>;
  readonly volunteers: ReadonlySet<PeerId>;
  readonly requesters: readonly PeerId[];
  readonly offers: Readonly<BroadcastCounts> & { readonly live: number; readonly open: number };
  readonly failures: Readonly<FailureCounts>;
  readonly leasesHeld: number;
  readonly leasesQueued: number;
  readonly chunksRunning: number;
  readonly replicasReturned: number;
  readonly computeSeconds: number;
  /** How many results each requester has not acknowledged. */
  readonly unsent: ReadonlyMap<PeerId, number>;
  /** Whether as a volunteer it holds nothing that it could end or deliver now. */
  readonly isDrained: boolean;
  /** What this peer gives a chunk. */
  readonly limits: ChunkLimits;
  /** Open offers that this peer does not compute, and why; the newest first. */
  readonly declined: readonly Declined[];
  /** Peers with which it does not work, and why ("it ..."); the last first. */
  readonly refused: readonly Finding[];
};

type EvidenceChecked = Extract<PeerEvent, { type: 'evidence-checked' }>;

export class Peer {
  readonly #self: PeerId;
  readonly #limits: ChunkLimits;
  readonly #book = new OfferBook();
  readonly #awareness = new Awareness();
  readonly #standings: Standings;
  readonly #checks: EvidenceChecks;
  readonly #overlay: Overlay;
  readonly #requester: Requester;
  readonly #volunteer: Volunteer;
  #wakeAtMs = Infinity;
  /** When the requester or the volunteer part is due: Infinity while there is no work at all. */
  #workDueAtMs = Infinity;
  /** When that was asked for: what was due in the past can't come in time. */
  #wakeAskedMs = -Infinity;

  constructor(options: PeerOptions) {
    const { self, addresses, seed } = options;
    this.#self = self;
    this.#limits = options.limits;
    const random = createRandom(seed);
    const awareness = this.#awareness;
    const standings = new Standings(options.standings ?? []);
    this.#standings = standings;
    const evidence = new EvidenceBook(self, standings);
    this.#overlay = new Overlay(options, { book: this.#book, evidence, awareness, random });
    this.#checks = new EvidenceChecks(evidence, random);
    const { ended = [] } = options;
    this.#requester = new Requester({ self, addresses, awareness, standings, random, ended });
    this.#volunteer = new Volunteer(options, this.#book, awareness, standings);
    this.#workDueAtMs = this.#volunteer.dueAtMs;
  }

  /** The first event must be a `tick`: it dials the entrances. */
  handle(event: PeerEvent, now: Now): Effect[] {
    const outside: Effect[] = [];
    const { revision } = this.#book;
    const todo = this.#route(event, now);
    for (let at = 0; at < todo.length; at++) {
      const effect = todo[at];
      if (effect === undefined) break;
      const inside = this.#inside(effect, now);
      if (inside === undefined) outside.push(effect);
      // Behind all that was decided before, so that a stream is not opened again before it is
      // closed.
      else todo.push(...inside);
    }
    // Most events are none of their business.
    if (!isOverlays(event) || this.#book.revision !== revision) {
      this.#workDueAtMs = Math.min(this.#requester.dueAtMs, this.#volunteer.dueAtMs);
    }
    const dueAtMs = Math.min(this.#overlay.dueAtMs, this.#workDueAtMs, this.#checks.dueAtMs);
    const isOverdue = this.#wakeAtMs < now.ms && event.type !== 'tick';
    // A tick has used up the wake, even one that came too early to be of use.
    if ((dueAtMs !== this.#wakeAtMs || event.type === 'tick') && dueAtMs !== Infinity) {
      outside.push({ type: 'wake', atMs: dueAtMs });
      if (!isOverdue) this.#wakeAskedMs = now.ms;
    }
    this.#wakeAtMs = dueAtMs;
    return outside;
  }

  /** Own jobs that have not ended. */
  get ownJobs(): readonly RequesterJob[] {
    return this.#requester.jobs;
  }

  ownJob(job: JobId): RequesterJob | undefined {
    return this.#requester.job(job);
  }

  /** Cheap enough to be asked for after every event, unlike `status`. */
  get neighbours(): ReadonlyMap<PeerId, SignedRecord> {
    return this.#overlay.neighbours;
  }

  /** The same. */
  get offerCounts(): Readonly<BroadcastCounts> {
    return this.#overlay.offerCounts;
  }

  /** The same. */
  get failureCounts(): Readonly<FailureCounts> {
    return this.#overlay.failureCounts;
  }

  /** The same. */
  get evidenceCounts(): Readonly<EvidenceCounts & CheckCounts> {
    return { ...this.#overlay.evidenceCounts, ...this.#checks.counts };
  }

  /** What was done for own jobs, those that have ended included. */
  get totals(): Readonly<Totals> {
    return this.#requester.totals;
  }

  status(): PeerStatus {
    const volunteer = this.#volunteer;
    return {
      mode: volunteer.mode,
      pausedUntilMs: volunteer.pausedUntilMs,
      neighbours: this.#overlay.neighbours,
      known: this.#overlay.known,
      volunteers: this.#requester.volunteers,
      requesters: volunteer.requesters,
      offers: {
        ...this.offerCounts,
        live: this.#book.size,
        open: this.#book.open().length,
      },
      failures: this.failureCounts,
      leasesHeld: volunteer.leasesHeld,
      leasesQueued: volunteer.leasesQueued,
      chunksRunning: volunteer.chunksRunning,
      replicasReturned: volunteer.replicasReturned,
      computeSeconds: volunteer.computeSeconds,
      unsent: volunteer.unsent,
      isDrained: volunteer.isDrained,
      limits: this.#limits,
      declined: volunteer.declined,
      refused: this.#standings.caught,
    };
  }

  #route(event: PeerEvent, now: Now): Effect[] {
    if (isOverlays(event)) return this.#heedingNews(now, () => this.#overlay.handle(event, now));
    switch (event.type) {
      case 'volunteer-up':
        this.#requester.volunteerUp(event.peer, event.remote);
        return [];
      case 'volunteer-down':
        return this.#requester.volunteerDown(event.peer, now);
      case 'volunteer-message':
        return this.#requester.handle(event.from, event.message, now);
      case 'requester-up':
        return this.#volunteer.requesterUp(event.peer, now.ms);
      case 'requester-took':
        this.#volunteer.requesterTook(event.peer, event.bytes, now.ms);
        return [];
      case 'requester-down':
        return this.#volunteer.requesterDown(event.peer, now.ms);
      case 'requester-message':
        return this.#volunteer.handle(event.from, event.message, now.ms);
      default:
        return this.#local(event, now);
    }
  }

  #local(event: Exclude<LocalEvent, { type: 'record-signed' }>, now: Now): Effect[] {
    switch (event.type) {
      case 'tick':
        return this.#tick(now);
      case 'program-ready':
        return this.#volunteer.programReady(event.program, now.ms);
      case 'program-failed':
        return this.#volunteer.programFailed(event.program, event.reason, now.ms);
      case 'program-missing':
        return this.#volunteer.programMissing(event, now.ms);
      case 'run-done':
        return this.#volunteer.runDone(event, now.ms);
      case 'offer-signed':
        return this.#heedingNews(now, () => this.#overlay.publish(event.offer, now));
      case 'evidence-signed':
        return this.#overlay.accuse(event.evidence, now);
      case 'evidence-checked':
        return this.#evidenceChecked(event, now);
      case 'submit':
        this.#requester.submit(event.job, event.spec, now.ms);
        return [];
      case 'resume-job':
        return this.#requester.resume(event.job, event.spec, event.past, now);
      case 'chunks-added':
        return this.#requester.addChunks(event.job, event.count, now);
      case 'split-ended':
        return this.#requester.endSplit(event.job, now);
      case 'end-job':
        return this.#requester.end(event.job, now);
      case 'pause':
        return this.#volunteer.pause(event.untilMs ?? Infinity);
      case 'resume':
        return this.#volunteer.resume(now.ms);
      case 'finish':
        return this.#volunteer.finish(now.ms);
      case 'leave':
        return this.#volunteer.leave(event.graceMs, now.ms);
      case 'stop':
        return [
          ...this.#requester.keepStandings(now.ms),
          ...this.#volunteer.stop(now.ms),
          ...this.#overlay.stop(now),
        ];
      default:
        return unreachable(event);
    }
  }

  #tick(now: Now): Effect[] {
    // Long after it was due: this peer is slow itself, and should doubt others less.
    this.#awareness.woke(now.ms - Math.max(this.#wakeAtMs, this.#wakeAskedMs), now.ms);
    const { revision } = this.#book;
    this.#book.expire(now.unixMs);
    const effects = [...this.#overlay.tick(now), ...this.#check(now)];
    if (this.#workDueAtMs === Infinity && this.#book.revision === revision) return effects;
    return [...effects, ...this.#requester.tick(now), ...this.#volunteer.tick(now.ms)];
  }

  #check(now: Now): Effect[] {
    if (now.ms < this.#checks.dueAtMs) return [];
    return this.#checks.tick(now, this.#volunteer.idleSinceMs, this.#acquaintance());
  }

  /** @returns whether this peer has, or had, to do with a peer */
  #acquaintance(): (peer: PeerId) => boolean {
    const { neighbours } = this.#overlay;
    const { volunteers } = this.#requester;
    const requesters = new Set(this.#volunteer.requesters);
    return (peer) =>
      neighbours.has(peer) ||
      volunteers.has(peer) ||
      requesters.has(peer) ||
      this.#standings.hasMet(peer);
  }

  /** Who is dishonest computes nothing for this peer from now on, nor this peer anything for it. */
  #evidenceChecked(event: EvidenceChecked, now: Now): Effect[] {
    const { id, verdict } = event;
    const found = this.#checks.checked(event, now.ms);
    if (found === undefined || verdict === 'unknown') return [];
    this.#standings.nowMs = now.unixMs;
    const isMet = this.#acquaintance();
    if (isMet(found.peer)) this.#standings.catch(found.peer, found.why);
    else this.#standings.catchUnmet(found.peer, found.why);
    return [
      ...this.#overlay.evidenceSettled(id, verdict, now),
      ...this.#requester.refuse(found.peer, now),
      ...this.#volunteer.partWith(found.peer, now.ms),
    ];
  }

  /** What the overlay does may bring offers, and those may be worth computing. */
  #heedingNews(now: Now, step: () => Effect[]): Effect[] {
    const { revision } = this.#book;
    const effects = step();
    return this.#book.revision === revision
      ? effects
      : [...effects, ...this.#volunteer.advance(now.ms)];
  }

  /** Whether these are results of an own job that compares them itself. */
  #isCompared(message: VolunteerMessage): boolean {
    if (message.type !== 'results') return false;
    const spec = this.ownJob(message.frame.job)?.spec;
    return spec !== undefined && spec.comparison !== 'digest';
  }

  /** What this peer says to itself. @returns undefined for what goes outside */
  #inside(effect: Effect, now: Now): Effect[] | undefined {
    switch (effect.type) {
      case 'open-work':
        if (effect.requester !== this.#self) return undefined;
        this.#requester.volunteerUp(this.#self);
        return this.#volunteer.requesterUp(this.#self, now.ms);
      case 'close-work':
        if (effect.requester !== this.#self) return undefined;
        return this.#requester.volunteerDown(this.#self, now);
      case 'send-to-requester':
        // Go outside even to this peer: the driver compares them as the job says.
        if (effect.to !== this.#self || this.#isCompared(effect.message)) return undefined;
        return this.#requester.handle(this.#self, effect.message, now);
      case 'send-to-volunteer':
        if (effect.to !== this.#self) return undefined;
        // Go outside even to this peer: the driver has the chunks' inputs, and the key.
        if (effect.message.type === 'leases' || effect.message.type === 'receipt') return undefined;
        return this.#volunteer.handle(this.#self, effect.message, now.ms);
      default:
        return undefined;
    }
  }
}

function isOverlays(event: PeerEvent): event is OverlayEvent {
  switch (event.type) {
    case 'link-up':
    case 'link-down':
    case 'dial-failed':
    case 'overlay-message':
    case 'record-signed':
      return true;
    default:
      return false;
  }
}
