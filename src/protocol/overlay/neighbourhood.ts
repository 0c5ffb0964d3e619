/**
 * From an open link to a neighbour, and back. Whoever dialled says what it wants; the other one
 * accepts or refuses. Both sides then agree on what the link is, and each end of it is told to the
 * other by `disconnect` or by the link's end, so the views stay symmetric.
 *
 * A full view makes room for who is cut off (`join`, high priority), so that nobody stays alone;
 * and now and then for anybody, so that full views mix. Both go by an allowance: else each stranger
 * that knocks would cost a correct neighbour its place.
 */

import type { PeerId } from '../../model/ids.ts';
import { limits } from '../../model/limits.ts';
import type { MembershipMessage, TransportEvent } from '../../model/messages.ts';
import type { SignedRecord } from '../../model/peer-record.ts';
import { Allowance } from '../allowance.ts';
import type { Dial, DialAim, DialTable } from './dial-table.ts';
import type { Now } from '../events.ts';
import { isFresh } from './own-record.ts';
import type { OverlayStep } from './overlay.ts';
import type { PendingLink, PendingLinks } from './pending-links.ts';
import { ROTATE_EVERY_MS, type Recruiter } from './recruiter.ts';
import type { Views } from './views.ts';
import { VisitorPace } from './visitor-pace.ts';

/** HyParView's ARWL: links that a newcomer's walk goes over. */
const ACTIVE_WALK_HOPS = 6;
/**
 * Neighbours that strangers impose on a full view: a crowd of newcomers at once, then one in a
 * while. Guesses; who is sent away is told of others.
 */
const IMPOSED_AT_ONCE_MAX = 32;
const IMPOSED_EVERY_MS = 2_000;
/** Peers that are named to who has others; each costs it a check of a signature. A guess. */
const NAMED_MAX = 8;
/** A neighbour of so long was one in earnest, wherever it came from. A guess. */
const MET_MS_MIN = 60_000;

type LinkUp = Extract<TransportEvent, { type: 'link-up' }>;
type Intent = Extract<MembershipMessage, { type: 'join' | 'neighbour' }>;
type Visit = Extract<MembershipMessage, { type: 'visit' }>;
type Accept = Extract<MembershipMessage, { type: 'accept' }>;
type Refuse = Extract<MembershipMessage, { type: 'refuse' }>;

export type NeighbourhoodParts = {
  readonly views: Views;
  readonly dials: DialTable;
  readonly pending: PendingLinks;
  readonly recruiter: Recruiter;
};

export class Neighbourhood {
  readonly #views: Views;
  readonly #dials: DialTable;
  readonly #pending: PendingLinks;
  readonly #recruiter: Recruiter;
  readonly #visitors: VisitorPace;
  readonly #impositions = new Allowance(IMPOSED_AT_ONCE_MAX, IMPOSED_EVERY_MS);
  /** Neighbours changed for who only wants one more: as often as this peer does so itself. */
  readonly #exchanges = new Allowance(1, ROTATE_EVERY_MS);
  #revision = 0;

  constructor({ views, dials, pending, recruiter }: NeighbourhoodParts) {
    this.#views = views;
    this.#dials = dials;
    this.#pending = pending;
    this.#recruiter = recruiter;
    this.#visitors = new VisitorPace(views.own);
  }

  /** Rises whenever neighbours have changed. */
  get revision(): number {
    return this.#revision;
  }

  linkUp({ peer, direction, dialled, remote }: LinkUp, now: Now): OverlayStep[] {
    const dial = dialled === undefined ? undefined : this.#dials.end(dialled, now.ms);
    if (dialled !== undefined) this.#recruiter.reached(dialled, peer);
    this.#recruiter.stir();
    // The link before broke, and this end has not seen it.
    const steps = this.lost(peer, now);
    if (this.#views.misbehaved.has(peer, now.ms)) return [...steps, { type: 'hang-up', peer }];
    if (direction === 'outgoing') {
      return [...steps, ...this.#ask(peer, remote, dialled, dial?.aim ?? 'fill', now)];
    }
    // Both have dialled, and the other's link was kept: it is this peer's choice all the same, if
    // it wanted a neighbour.
    const imposed = dial === undefined || dial.aim === 'newcomer' || dial.aim === 'visit';
    const link = { peer, remote, dialled, asked: undefined, imposed, visit: false };
    this.#pending.add(link, now.ms);
    return steps;
  }

  /** The other one has said what it wants. */
  intent(from: PeerId, message: Intent, now: Now): OverlayStep[] {
    const link = this.#pending.get(from);
    const { record } = message;
    if (link === undefined || !isUndecided(link) || record.record.peer !== from) {
      return [{ type: 'part', peer: from, because: 'misbehaved' }];
    }
    this.#views.contacts.add(record, link.remote);
    const { active } = this.#views;
    const isForced = message.type === 'join' || message.priority === 'high';
    const isFull = active.room <= 0;
    const allowance = isForced ? this.#impositions : this.#exchanges;
    const allowed = allowance.has(now.ms);
    const admitted = active.admits(record.record.addresses, link.remote);
    const named = this.#named(from, isForced ? limits.recordsPerFrameMax : NAMED_MAX, now);
    if (!admitted || (isFull && !allowed)) return this.#refuse(from, named, now);
    const walks = message.type === 'join' && allowed;
    if (isFull || walks) allowance.spend();
    const steps = isFull ? this.#evict(active.leastForImposed(), now) : [];
    const accept = { type: 'accept', record: this.#views.own.signed, peers: named } as const;
    steps.push({ type: 'send-overlay', to: from, message: accept });
    steps.push(...this.#settle(link, record, now));
    return walks ? [...steps, ...this.#sendWalking(record, now)] : steps;
  }

  /** The other one wants to tell and be told of offers, and be no neighbour. */
  visited(from: PeerId, { record }: Visit, now: Now): OverlayStep[] {
    const link = this.#pending.get(from);
    if (link === undefined || !isUndecided(link) || record.record.peer !== from) {
      return [{ type: 'part', peer: from, because: 'misbehaved' }];
    }
    this.#views.contacts.add(record, link.remote);
    if (!this.#visitors.admits(link.remote, now.ms)) return this.hangUp(from, now);
    this.#pending.remove(from);
    return this.#visit({ ...link, dialled: undefined }, now);
  }

  accepted(from: PeerId, { record, peers }: Accept, now: Now): OverlayStep[] {
    const link = this.#pending.get(from);
    if (link?.asked === undefined || record.record.peer !== from) {
      return [{ type: 'part', peer: from, because: 'misbehaved' }];
    }
    this.#views.learn(peers, now);
    const { active } = this.#views;
    if (!active.admits(record.record.addresses, link.remote)) return this.#thinkBetter(from, now);
    if (active.room > 0) return this.#settle(link, record, now);
    if (link.asked !== 'newcomer' && link.asked !== 'rotate' && !active.imposedTooMany) {
      // Others were faster.
      return this.#thinkBetter(from, now);
    }
    const least = link.imposed ? active.leastForImposed() : active.leastForChosen();
    return [...this.#evict(least, now), ...this.#settle(link, record, now)];
  }

  refused(from: PeerId, { peers }: Refuse, now: Now): OverlayStep[] {
    const link = this.#pending.get(from);
    if (link?.asked === undefined) {
      return [{ type: 'part', peer: from, because: 'misbehaved' }];
    }
    this.#views.learn(peers, now);
    this.#recruiter.cameToNothing(now.ms);
    return this.#leaveAlone(link, now);
  }

  /** The other one makes room. It may be a neighbour again some time. */
  disconnected(from: PeerId, now: Now): OverlayStep[] {
    const record = this.#views.active.records.get(from);
    const steps: OverlayStep[] = [{ type: 'hang-up', peer: from }, ...this.lost(from, now)];
    if (record === undefined) return steps;
    this.#views.learn([record], now);
    this.#dials.postpone(record.record.addresses, now.ms);
    return steps;
  }

  /** A newcomer whose walk ends here: it is dialled, and asked whether it wants a neighbour. */
  welcome(record: SignedRecord, now: Now): OverlayStep[] {
    const { active } = this.#views;
    if (active.has(record.record.peer) || this.#pending.has(record.record.peer)) return [];
    const room = active.room - this.#dials.count('newcomer') - this.#pending.asked;
    if (room <= 0 && !this.#impositions.has(now.ms)) return this.#remember(record, now);
    const dials = this.#recruiter.welcome(record, now.ms);
    if (dials.length === 0) return this.#remember(record, now);
    if (room <= 0) this.#impositions.spend();
    return dials;
  }

  /** This peer wants no link to it any more. Nothing if there is none. */
  hangUp(peer: PeerId, now: Now): OverlayStep[] {
    if (!this.#pending.has(peer) && !this.#views.active.has(peer)) return [];
    return [{ type: 'hang-up', peer }, ...this.lost(peer, now)];
  }

  /** The link has gone, if there was one. */
  lost(peer: PeerId, now: Now): OverlayStep[] {
    const link = this.#pending.get(peer);
    if (link !== undefined) {
      this.#pending.remove(peer);
      // It may be dialled again for something else.
      this.#recruiter.stir();
      if (link.visit) return [{ type: 'visit-over', peer }];
      if (link.dialled !== undefined) this.#dials.parted(link.dialled, 0, now.ms);
    }
    const { active } = this.#views;
    const neighbour = active.get(peer);
    const record = active.records.get(peer);
    if (neighbour === undefined || record === undefined) return [];
    active.remove(peer);
    this.#revision += 1;
    const lastedMs = now.ms - neighbour.sinceMs;
    const { dialled } = neighbour;
    if (dialled !== undefined) this.#dials.parted(dialled, lastedMs, now.ms);
    if (dialled !== undefined || lastedMs >= MET_MS_MIN) {
      this.#views.known.met({ record, dialled }, now.unixMs);
    }
    this.#recruiter.neighboursChanged();
    return [{ type: 'neighbour-down', peer }];
  }

  /** Hangs up on who has not said in time what it wants, or whether it agrees. */
  overdue(now: Now): OverlayStep[] {
    return this.#pending
      .overdue(now.ms)
      .flatMap((link) =>
        link.asked === undefined ? this.hangUp(link.peer, now) : this.#leaveAlone(link, now),
      );
  }

  /** On a link that this peer has dialled. */
  #ask(
    peer: PeerId,
    remote: string,
    dialled: string | undefined,
    aim: Dial['aim'],
    now: Now,
  ): OverlayStep[] {
    const { active } = this.#views;
    if (aim === 'visit') return this.#visit({ peer, remote, dialled }, now);
    const wanted = active.room > 0 || aim === 'newcomer' || aim === 'rotate';
    if (!wanted || !active.admits([], remote)) return [{ type: 'hang-up', peer }];
    const imposed = aim === 'newcomer';
    const link = { peer, remote, dialled, asked: aim, imposed, visit: false };
    this.#pending.add(link, now.ms);
    const message = this.#intent(aim);
    return [{ type: 'send-overlay', to: peer, message }];
  }

  /** Both tell what they know, for as long as the link may be pending. */
  #visit(
    { peer, remote, dialled }: Pick<PendingLink, 'peer' | 'remote' | 'dialled'>,
    now: Now,
  ): OverlayStep[] {
    const link = { peer, remote, dialled, asked: undefined, imposed: false, visit: true };
    this.#pending.add(link, now.ms);
    const begun = { type: 'visit-begun', peer } as const;
    if (dialled === undefined) return [begun];
    const message = { type: 'visit', record: this.#views.own.signed } as const;
    return [{ type: 'send-overlay', to: peer, message }, begun];
  }

  /** Of several entrances one will do to send this peer walking; the others only take it in. */
  #intent(aim: DialAim): Intent {
    const { active, own } = this.#views;
    const isAlone = active.size === 0;
    const record = own.signed;
    if (isAlone && aim === 'enter' && this.#pending.asked === 1) return { type: 'join', record };
    // A newcomer that was faster elsewhere has nobody sent away for this peer.
    const priority = isAlone ? 'high' : 'low';
    return { type: 'neighbour', record, priority };
  }

  /** Both sides have agreed. Room was made. */
  #settle(link: PendingLink, record: SignedRecord, now: Now): OverlayStep[] {
    const { peer, remote, dialled, imposed } = link;
    this.#pending.remove(peer);
    this.#views.passive.remove(peer);
    this.#views.active.add({ peer, remote, dialled, imposed, sinceMs: now.ms }, record);
    this.#revision += 1;
    this.#recruiter.neighboursChanged();
    return [{ type: 'neighbour-up', peer }];
  }

  #refuse(peer: PeerId, peers: readonly SignedRecord[], now: Now): OverlayStep[] {
    const message = { type: 'refuse', peers } as const;
    return [{ type: 'send-overlay', to: peer, message }, ...this.hangUp(peer, now)];
  }

  /** It has accepted, and counts this peer as a neighbour. */
  #thinkBetter(peer: PeerId, now: Now): OverlayStep[] {
    const message = { type: 'disconnect' } as const;
    return [{ type: 'send-overlay', to: peer, message }, ...this.hangUp(peer, now)];
  }

  #evict(peer: PeerId | undefined, now: Now): OverlayStep[] {
    if (peer === undefined) return [];
    const message = { type: 'disconnect' } as const;
    return [{ type: 'send-overlay', to: peer, message }, ...this.disconnected(peer, now)];
  }

  #remember(record: SignedRecord, now: Now): OverlayStep[] {
    this.#views.learn([record], now);
    return [];
  }

  #leaveAlone(link: PendingLink, now: Now): OverlayStep[] {
    const steps = this.hangUp(link.peer, now);
    const record = this.#views.passive.get(link.peer);
    this.#dials.postpone(record?.record.addresses ?? [], now.ms);
    if (link.dialled !== undefined) this.#dials.postpone([link.dialled], now.ms);
    return steps;
  }

  #sendWalking(record: SignedRecord, now: Now): OverlayStep[] {
    const { peer, addresses } = record.record;
    // Nobody could dial it, or would pass on what looks outdated: it has to dial others itself.
    if (addresses.length === 0 || !isFresh(record, now.unixMs)) return [];
    const message = { type: 'forward-join', record, ttl: ACTIVE_WALK_HOPS } as const;
    const { active } = this.#views;
    return [...active.records.keys()]
      .filter((to) => to !== peer && active.paces(to)?.forwardJoin.maySend(now.ms) === true)
      .map((to) => ({ type: 'send-overlay', to, message }));
  }

  /** Peers to try, for one that asked: neighbours, who are known to be there, and then others. */
  #named(except: PeerId, countMax: number, now: Now): SignedRecord[] {
    const records = this.#views.told(now.unixMs, except);
    for (const record of this.#views.passive.sample(countMax - records.length, now.unixMs)) {
      if (record.record.peer !== except) records.push(record);
    }
    return records;
  }
}

/** Whether the other one has still to say what it wants. */
function isUndecided({ asked, visit }: PendingLink): boolean {
  return asked === undefined && !visit;
}
