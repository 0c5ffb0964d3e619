/**
 * HyParView (Leitao, Pereira, Rodrigues 2007): a small active view of neighbours with open links,
 * over which all else goes, and a larger passive view to replace them from. Picture a net in which
 * everybody holds a few hands and knows more people by name: when one lets go, another is taken,
 * and however many let go at once, those who are left find hands again.
 *
 * The paper trusts everybody; this does not. What strangers can do to the views is bounded in the
 * parts: who may be imposed on a neighbourhood (`active-view.ts`, `neighbourhood.ts`), what is
 * believed (`views.ts`), how much of it (`passive-view.ts`, `walk-pace.ts`), and what it may have
 * this peer dial (`recruiter.ts`). A full list of members, as SWIM has, was rejected: it costs each
 * peer something for every other one's coming and going.
 */

import { unreachable } from '../../model/errors.ts';
import type { PeerId } from '../../model/ids.ts';
import { limits } from '../../model/limits.ts';
import type { MembershipMessage, TransportEvent } from '../../model/messages.ts';
import type { SignedRecord } from '../../model/peer-record.ts';
import { DialTable } from './dial-table.ts';
import type { Now } from '../events.ts';
import { Neighbourhood } from './neighbourhood.ts';
import type { OverlayOptions, OverlayStep, PartReason } from './overlay.ts';
import { PendingLinks } from './pending-links.ts';
import type { Random } from '../random.ts';
import { Recruiter } from './recruiter.ts';
import { Shuffles } from './shuffles.ts';
import { Views } from './views.ts';
import { Visits } from './visits.ts';

/** HyParView's PRWL: with so many links left, a newcomer's walk leaves its record. */
const PASSIVE_WALK_HOPS = 3;
/** Neighbours are written down so long after a change, and so seldom; guesses. */
const KEEP_AFTER_MS = 5_000;
const KEEP_EVERY_MS = 60_000;

type ForwardJoin = Extract<MembershipMessage, { type: 'forward-join' }>;

export class Membership {
  readonly #views: Views;
  readonly #dials: DialTable;
  readonly #pending = new PendingLinks();
  readonly #recruiter: Recruiter;
  readonly #neighbourhood: Neighbourhood;
  readonly #shuffles: Shuffles;
  readonly #visits: Visits;
  #started = false;
  /** Of the neighbours that were written down. */
  #keptRevision = 0;
  #keptAtMs = -Infinity;
  #keepAtMs = Infinity;
  #dueAtMs = 0;

  constructor(options: OverlayOptions, random: Random) {
    const views = new Views(options, random);
    const dials = new DialTable(random);
    const pending = this.#pending;
    const recruiter = new Recruiter(options.entrances, { views, dials, pending, random });
    this.#views = views;
    this.#dials = dials;
    this.#recruiter = recruiter;
    this.#neighbourhood = new Neighbourhood({ views, dials, pending, recruiter });
    this.#shuffles = new Shuffles(views, random);
    this.#visits = new Visits({ views, dials, pending, entrances: recruiter, random });
  }

  get neighbours(): ReadonlyMap<PeerId, SignedRecord> {
    return this.#views.active.records;
  }

  get passive(): ReadonlyMap<PeerId, SignedRecord> {
    return this.#views.passive.records;
  }

  /** Whether there is a link to it on which both only tell each other of offers. */
  isVisit(peer: PeerId): boolean {
    return this.#pending.get(peer)?.visit === true;
  }

  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  linkUp(event: Extract<TransportEvent, { type: 'link-up' }>, now: Now): OverlayStep[] {
    return this.#settled(this.#neighbourhood.linkUp(event, now), now);
  }

  linkDown(peer: PeerId, offence: boolean, now: Now): OverlayStep[] {
    if (offence) this.#views.banish(peer, now.ms);
    return this.#settled(this.#neighbourhood.lost(peer, now), now);
  }

  dialFailed(address: string, now: Now): OverlayStep[] {
    this.#dialFailed(address, now);
    return this.#settled([], now);
  }

  handle(from: PeerId, message: MembershipMessage, now: Now): OverlayStep[] {
    // Of who has no link any more: it was on its way when they parted.
    const isNeighbour = this.#views.active.has(from);
    if (!isNeighbour && !this.#pending.has(from)) return [];
    if (!isNeighbour) return this.#settled(this.#fromPending(from, message, now), now);
    const { revision } = this.#views.passive;
    const steps = this.#fromNeighbour(from, message, now);
    // Most shuffles are on their way to somebody else, and change nothing here.
    const isOthers = isShuffle(message) && this.#views.passive.revision === revision;
    return isOthers ? steps : this.#settled(steps, now);
  }

  recordSigned(record: SignedRecord, now: Now): OverlayStep[] {
    this.#views.own.take(record);
    return this.#settled([], now);
  }

  /** On a visit one of the two did not know what the other one did. */
  differed(peer: PeerId, missedBy: 'self' | 'other', now: Now): OverlayStep[] {
    this.#visits.differed(peer, missedBy, now.ms);
    return this.#settled([], now);
  }

  /** An offer has come from a neighbour, or is this peer's own. */
  news(isOwn: boolean, now: Now): OverlayStep[] {
    if (!isOwn) {
      this.#visits.heard(now.ms);
      this.#dueAtMs = Math.min(this.#dueAtMs, this.#visits.dueAtMs);
      return [];
    }
    this.#visits.offered(now.ms);
    return this.#settled([], now);
  }

  /** The first one dials the entrances. */
  tick(now: Now): OverlayStep[] {
    if (!this.#started) {
      this.#started = true;
      this.#shuffles.start(now.ms);
      this.#recruiter.start(now.ms);
      this.#visits.start(now.ms);
    }
    const steps: OverlayStep[] = this.#views.own.refresh(now);
    steps.push(...this.#neighbourhood.overdue(now));
    for (const address of this.#dials.overdue(now.ms)) this.#dialFailed(address, now);
    steps.push(...this.#shuffles.begin(now), ...this.#recruiter.rotate(now));
    steps.push(...this.#visits.begin(now));
    if (now.ms >= this.#keepAtMs) steps.push(this.#keep(now));
    return this.#settled(steps, now);
  }

  /** A peer may stop long before its neighbours would be written down. */
  stop(now: Now): OverlayStep[] {
    return this.#keptRevision === this.#neighbourhood.revision ? [] : [this.#keep(now)];
  }

  /** Others have found out that it is to be no neighbour any more. */
  part(peer: PeerId, because: PartReason, now: Now): OverlayStep[] {
    const record = this.#views.active.records.get(peer) ?? this.#views.passive.get(peer);
    const steps = this.#neighbourhood.hangUp(peer, now);
    switch (because) {
      case 'misbehaved':
        this.#views.banish(peer, now.ms);
        break;
      case 'dead':
        if (record !== undefined) this.#views.departed(record, now.ms);
        break;
      case 'unreachable':
        if (record === undefined) break;
        this.#views.learn([record], now);
        this.#dials.postpone(record.record.addresses, now.ms);
        break;
      default:
        return unreachable(because);
    }
    return this.#settled(steps, now);
  }

  #fromPending(from: PeerId, message: MembershipMessage, now: Now): OverlayStep[] {
    switch (message.type) {
      case 'join':
      case 'neighbour':
        return this.#neighbourhood.intent(from, message, now);
      case 'visit':
        return this.#neighbourhood.visited(from, message, now);
      case 'accept':
        return this.#neighbourhood.accepted(from, message, now);
      case 'refuse':
        return this.#neighbourhood.refused(from, message, now);
      case 'disconnect':
      case 'forward-join':
      case 'shuffle':
      case 'shuffle-reply':
        return misbehaved(from);
      default:
        return unreachable(message);
    }
  }

  #fromNeighbour(from: PeerId, message: MembershipMessage, now: Now): OverlayStep[] {
    switch (message.type) {
      case 'disconnect':
        return this.#neighbourhood.disconnected(from, now);
      case 'forward-join':
        return this.#forwardJoin(from, message, now);
      case 'shuffle':
        return this.#shuffles.shuffle(from, message, now);
      case 'shuffle-reply':
        return this.#shuffles.reply(from, message, now);
      case 'join':
      case 'neighbour':
      case 'visit':
      case 'accept':
      case 'refuse':
        return misbehaved(from);
      default:
        return unreachable(message);
    }
  }

  /** A newcomer on its walk. */
  #forwardJoin(from: PeerId, { record, ttl }: ForwardJoin, now: Now): OverlayStep[] {
    if (ttl > limits.walkHopsMax) return misbehaved(from);
    const { active } = this.#views;
    const verdict = active.paces(from)?.forwardJoin.received(now.ms) ?? 'drop';
    if (verdict === 'flood') return misbehaved(from);
    if (verdict === 'drop' || !this.#views.believes(record, now)) return [];
    const next = ttl === 0 ? undefined : active.any([from, record.record.peer]);
    if (next === undefined) return this.#neighbourhood.welcome(record, now);
    if (ttl === PASSIVE_WALK_HOPS) this.#views.learn([record], now);
    if (active.paces(next)?.forwardJoin.maySend(now.ms) !== true) return [];
    const message = { type: 'forward-join', record, ttl: ttl - 1 } as const;
    return [{ type: 'send-overlay', to: next, message }];
  }

  /** Whoever is not to be found at any of its addresses is not there. */
  #dialFailed(address: string, now: Now): void {
    const dial = this.#dials.end(address, now.ms);
    if (dial === undefined) return;
    this.#recruiter.stir();
    if (dial.aim === 'visit') this.#visits.failed(now.ms);
    // A door that stays shut, while there are other ways.
    if (dial.aim === 'enter' && this.#views.active.size > 0) {
      this.#recruiter.cameToNothing(now.ms);
    }
    const record = dial.peer === undefined ? undefined : this.#views.passive.get(dial.peer);
    if (record === undefined) return;
    const untried = record.record.addresses.some((other) => this.#dials.readyAtMs(other) === 0);
    if (!untried) this.#views.departed(record, now.ms);
  }

  /** What the next start needs to know. */
  #keep(now: Now): OverlayStep {
    this.#keepAtMs = Infinity;
    this.#keptAtMs = now.ms;
    this.#keptRevision = this.#neighbourhood.revision;
    const { active, passive, known } = this.#views;
    const neighbours = Array.from(active.records, ([peer, record]) => {
      return { record, dialled: active.get(peer)?.dialled };
    });
    const peers = known.toKeep(neighbours, passive.records.values(), now.unixMs);
    return { type: 'keep-peers', peers };
  }

  /** After each event: dials whom it made wanted, and sets when the next tick is due. */
  #settled(steps: OverlayStep[], now: Now): OverlayStep[] {
    if (this.#started) steps.push(...this.#recruiter.fill(now));
    if (this.#keptRevision !== this.#neighbourhood.revision && this.#keepAtMs === Infinity) {
      this.#keepAtMs = Math.max(now.ms + KEEP_AFTER_MS, this.#keptAtMs + KEEP_EVERY_MS);
    }
    this.#dueAtMs = Math.min(
      this.#views.own.dueAtMs,
      this.#pending.dueAtMs,
      this.#dials.dueAtMs,
      this.#recruiter.dueAtMs,
      this.#shuffles.dueAtMs,
      this.#visits.dueAtMs,
      this.#keepAtMs,
    );
    return steps;
  }
}

function isShuffle({ type }: MembershipMessage): boolean {
  return type === 'shuffle' || type === 'shuffle-reply';
}

function misbehaved(peer: PeerId): OverlayStep[] {
  return [{ type: 'part', peer, because: 'misbehaved' }];
}
