/**
 * Everything between neighbours: membership (HyParView), broadcast (Plumtree) and failure detection
 * as one machine. The parts don't know each other. They tell of what concerns the others by steps,
 * which are carried out here, in the place where they were decided.
 */

import { unreachable } from '../../model/errors.ts';
import type { SignedEvidence } from '../../model/evidence.ts';
import type { Digest, PeerId } from '../../model/ids.ts';
import {
  isMembership,
  type LivenessMessage,
  type MembershipMessage,
  type OverlayMessage,
  type TransportEvent,
} from '../../model/messages.ts';
import type { SignedOffer } from '../../model/offer.ts';
import type { KnownPeer, SignedRecord } from '../../model/peer-record.ts';
import { Allowance } from '../allowance.ts';
import type { Awareness } from '../awareness.ts';
import { Broadcast, type BroadcastCounts } from './broadcast.ts';
import type { Effect, Now } from '../events.ts';
import type { EvidenceBook } from '../accusations/evidence-book.ts';
import { type EvidenceCounts, EvidenceGossip } from '../accusations/evidence-gossip.ts';
import { FailureDetector, type FailureCounts } from './failure-detector.ts';
import { Membership } from './membership.ts';
import type { OfferBook } from './offer-book.ts';
import type { Random } from '../random.ts';

/** What the parts tell: effects, and what the other parts have to know. */
export type OverlayStep =
  | Effect
  /** Accepted on both sides. */
  | { readonly type: 'neighbour-up'; readonly peer: PeerId }
  | { readonly type: 'neighbour-down'; readonly peer: PeerId }
  /** They tell each other which offers they know, and are no neighbours. */
  | { readonly type: 'visit-begun'; readonly peer: PeerId }
  | { readonly type: 'visit-over'; readonly peer: PeerId }
  /** On a visit an offer was missed by this peer, or by the other one. */
  | { readonly type: 'differed'; readonly peer: PeerId; readonly missedBy: 'self' | 'other' }
  /** An offer of somebody else has come from a neighbour; or this peer has offered something. */
  | { readonly type: 'news'; readonly isOwn: boolean }
  /** It is not to be a neighbour any more. */
  | { readonly type: 'part'; readonly peer: PeerId; readonly because: PartReason };

/**
 * `dead`: nobody reaches it. `unreachable`: others do. `misbehaved`: it sent what no correct peer
 * sends.
 */
export type PartReason = 'dead' | 'unreachable' | 'misbehaved';

export type OverlayOptions = {
  readonly self: PeerId;
  readonly addresses: () => readonly string[];
  readonly features: readonly string[];
  /** Addresses that the owner gave to join through. */
  readonly entrances: readonly string[];
  /** Peers of earlier runs, the last seen first. */
  readonly known: readonly KnownPeer[];
};

export type OverlayEvent =
  | Extract<TransportEvent, { type: 'link-up' | 'link-down' | 'dial-failed' | 'overlay-message' }>
  | { readonly type: 'record-signed'; readonly record: SignedRecord };

/**
 * Messages of one neighbour: so many at once, then one in a while. At once: all offers that there
 * may be, sent to a peer that has none, and twice that. Then, in a second, what a correct neighbour
 * comes to while others flood the grid: 400 new offers of others (`origin-rates.ts`), 64 of its
 * own, and some walks. It is no flood of its own. Guesses.
 */
const MESSAGES_MAX = 8192;
const MESSAGE_EVERY_MS = 2;
/**
 * Of who is no neighbour yet: it says what it wants, or answers, and may ping. More costs a check
 * of a signature each, and is not listened to. A guess.
 */
const STRANGER_MESSAGES_MAX = 16;
const STRANGER_MESSAGE_EVERY_MS = 1_000;
/** On a visit: all offers that may be told of on one, one to a frame. */
const VISIT_MESSAGES_MAX = 1_024;

export type OverlayParts = {
  readonly book: OfferBook;
  readonly evidence: EvidenceBook;
  readonly awareness: Awareness;
  readonly random: Random;
};

export class Overlay {
  readonly #membership: Membership;
  readonly #broadcast: Broadcast;
  readonly #evidence: EvidenceGossip;
  readonly #detector: FailureDetector;
  readonly #allowances = new Map<PeerId, Allowance>();

  constructor(options: OverlayOptions, { book, evidence, awareness, random }: OverlayParts) {
    this.#membership = new Membership(options, random);
    this.#broadcast = new Broadcast(options.self, book);
    this.#evidence = new EvidenceGossip(evidence);
    this.#detector = new FailureDetector(awareness, random);
  }

  get neighbours(): ReadonlyMap<PeerId, SignedRecord> {
    return this.#membership.neighbours;
  }

  /** Peers that could be neighbours. */
  get known(): ReadonlyMap<PeerId, SignedRecord> {
    return this.#membership.passive;
  }

  get offerCounts(): Readonly<BroadcastCounts> {
    return this.#broadcast.counts;
  }

  get failureCounts(): Readonly<FailureCounts> {
    return this.#detector.counts;
  }

  get evidenceCounts(): Readonly<EvidenceCounts> {
    return this.#evidence.counts;
  }

  get dueAtMs(): number {
    return Math.min(...this.#timed.map(({ dueAtMs }) => dueAtMs));
  }

  handle(event: OverlayEvent, now: Now): Effect[] {
    switch (event.type) {
      case 'link-up':
        return this.#carryOut(this.#linkUp(event, now), now);
      case 'link-down':
        this.#allowances.delete(event.peer);
        if (event.offence) this.#detector.counts.misbehaved += 1;
        return this.#carryOut(this.#membership.linkDown(event.peer, event.offence, now), now);
      case 'dial-failed': {
        // Of two dials to one address the transport fails the second, and does not say whose.
        const probed = this.#detector.dialFailed(event.address) ?? [];
        const failed = this.#membership.dialFailed(event.address, now);
        return this.#carryOut([...probed, ...failed], now);
      }
      case 'overlay-message':
        return this.#carryOut(this.#message(event.from, event.message, now), now);
      case 'record-signed':
        return this.#carryOut(this.#membership.recordSigned(event.record, now), now);
      default:
        return unreachable(event);
    }
  }

  /** An offer of this peer. */
  publish(offer: SignedOffer, now: Now): Effect[] {
    return this.#carryOut(this.#broadcast.publish(offer, now), now);
  }

  /** What this peer has found out about another. */
  accuse(evidence: SignedEvidence, now: Now): Effect[] {
    return this.#carryOut(this.#evidence.publish(evidence, now), now);
  }

  /** This peer has found out whether what somebody was accused of is true. */
  evidenceSettled(id: Digest, verdict: 'true' | 'false', now: Now): Effect[] {
    return this.#carryOut(this.#evidence.settled(id, verdict, now), now);
  }

  /** The peer stops. @returns what is to be kept for its next start */
  stop(now: Now): Effect[] {
    return this.#carryOut(this.#membership.stop(now), now);
  }

  tick(now: Now): Effect[] {
    const effects: Effect[] = [];
    for (const part of this.#timed) {
      if (part.dueAtMs <= now.ms) effects.push(...this.#carryOut(part.tick(now), now));
    }
    return effects;
  }

  get #timed(): readonly (Membership | Broadcast | FailureDetector | EvidenceGossip)[] {
    return [this.#membership, this.#broadcast, this.#detector, this.#evidence];
  }

  #linkUp(event: Extract<OverlayEvent, { type: 'link-up' }>, now: Now): OverlayStep[] {
    const dialled = event.direction === 'outgoing' ? event.dialled : undefined;
    const probed = this.#detector.linkUp(event.peer, dialled);
    // A dial that only looked whether anybody is there.
    if (probed.some(({ type }) => type === 'hang-up')) return probed;
    return [...probed, ...this.#membership.linkUp(event, now)];
  }

  #message(from: PeerId, message: OverlayMessage, now: Now): OverlayStep[] {
    if (!this.#allows(from, now.ms)) return [{ type: 'part', peer: from, because: 'misbehaved' }];
    this.#detector.heard(from, now.ms);
    if (isMembership(message)) return this.#membership.handle(from, message, now);
    if (message.type === 'ping') {
      const pong = { type: 'pong', id: message.id } as const;
      return [{ type: 'send-overlay', to: from, message: pong }];
    }
    // Of who is no neighbour any more: it was on its way when they parted.
    const isNeighbour = this.#membership.neighbours.has(from);
    if (!isNeighbour && !this.#membership.isVisit(from)) return [];
    if (isLiveness(message)) {
      return isNeighbour ? this.#detector.handle(from, message, now) : [];
    }
    if (message.type === 'evidence') return this.#evidence.handle(from, message.evidence, now);
    return this.#broadcast.handle(from, message, now);
  }

  #allows(from: PeerId, nowMs: number): boolean {
    let allowance = this.#allowances.get(from);
    if (allowance === undefined) {
      allowance = new Allowance(STRANGER_MESSAGES_MAX, STRANGER_MESSAGE_EVERY_MS);
      this.#allowances.set(from, allowance);
    }
    if (!allowance.has(nowMs)) return false;
    allowance.spend();
    return true;
  }

  #carryOut(steps: readonly OverlayStep[], now: Now): Effect[] {
    const effects: Effect[] = [];
    for (const step of steps) {
      if (isInner(step)) {
        effects.push(...this.#carryOut(this.#change(step, now), now));
      } else {
        if (step.type === 'hang-up') this.#allowances.delete(step.peer);
        effects.push(step);
      }
    }
    return effects;
  }

  #change(step: InnerStep, now: Now): OverlayStep[] {
    switch (step.type) {
      case 'neighbour-up': {
        const { peer } = step;
        const record = this.#membership.neighbours.get(peer);
        if (record === undefined) return [];
        this.#allowances.set(peer, new Allowance(MESSAGES_MAX, MESSAGE_EVERY_MS));
        this.#detector.neighbourUp(record, now.ms);
        return [
          ...this.#broadcast.neighbourUp(peer, now),
          ...this.#evidence.neighbourUp(peer, now),
        ];
      }
      case 'neighbour-down':
        this.#evidence.neighbourDown(step.peer);
        return [
          ...this.#detector.neighbourDown(step.peer),
          ...this.#broadcast.neighbourDown(step.peer),
        ];
      case 'visit-begun':
        this.#allowances.set(step.peer, new Allowance(VISIT_MESSAGES_MAX, MESSAGE_EVERY_MS));
        return this.#broadcast.visitBegun(step.peer, now);
      case 'visit-over':
        return this.#broadcast.neighbourDown(step.peer);
      case 'differed':
        return this.#membership.differed(step.peer, step.missedBy, now);
      case 'news':
        return this.#membership.news(step.isOwn, now);
      case 'part':
        this.#detector.counts[step.because] += 1;
        return this.#membership.part(step.peer, step.because, now);
      default:
        return unreachable(step);
    }
  }
}

type InnerStep = Exclude<OverlayStep, Effect>;

function isInner(step: OverlayStep): step is InnerStep {
  switch (step.type) {
    case 'neighbour-up':
    case 'neighbour-down':
    case 'visit-begun':
    case 'visit-over':
    case 'differed':
    case 'news':
    case 'part':
      return true;
    default:
      return false;
  }
}

function isLiveness(
  message: Exclude<OverlayMessage, MembershipMessage>,
): message is LivenessMessage {
  switch (message.type) {
    case 'ping':
    case 'pong':
    case 'probe':
    case 'probe-result':
      return true;
    default:
      return false;
  }
}
