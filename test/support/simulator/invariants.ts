/**
 * What must hold of a peer after every event that it handled. Everything here is cheap enough for
 * millions of events: it looks at the peer alone, and mostly at what the event led to.
 */

import type { JobId, PeerId } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import type { Unsent } from '../../../src/model/unsent.ts';
import type { Effect, Now, PeerEvent } from '../../../src/protocol/events.ts';
import type { Peer } from '../../../src/protocol/peer.ts';
import { breachOf } from './frame-check.ts';
import { hold } from './hold.ts';
import type { Host } from './host.ts';
import { RequesterInvariants } from './requester-invariants.ts';
import { VolunteerInvariants } from './volunteer-invariants.ts';

/** As in `active-view.ts`; a constant of its own, so that a change there is noticed. */
const NEIGHBOURS_MAX = 5;
/** As in `protocol/overlay/passive-view.ts`. */
const KNOWN_MAX = 60;
/** A peer that wakes more often in a second than this is spinning. */
const TICKS_PER_SECOND_MAX = 1_000;
/** A wake so long ago is no wake: timers are late, but not by that much. */
const WAKE_LATE_MS_MAX = 1_000;
/**
 * What costs more is looked at once in so many events: it changes seldom, and what is wrong stays
 * wrong until it is looked at.
 */
const EVENTS_PER_LINK_CHECK = 8;
const EVENTS_PER_STATUS = 64;

export type Watched = {
  readonly peer: Peer;
  readonly host: Host;
  /** Threads that compute. */
  readonly slots: number;
  readonly quorumOf: (job: JobId) => number;
  /** Offers that their requesters have signed: "requester job". */
  readonly offered: ReadonlySet<string>;
  /** Whether saboteurs are so many that they may come to agree on a wrong result. */
  readonly mayBeFooled: boolean;
  /** What the process before could not deliver. */
  readonly unsent: readonly Unsent[];
};

type SendOverlay = Extract<Effect, { type: 'send-overlay' }>;

export class Invariants {
  readonly #watched: Watched;
  readonly #requester: RequesterInvariants;
  readonly #volunteer: VolunteerInvariants;
  /** Peers on a visit here, or visited. */
  readonly #visits = new Set<PeerId>();
  #events = 0;
  #second = 0;
  #ticks = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
    const { host, slots, quorumOf, offered, mayBeFooled, unsent } = watched;
    const { self } = host;
    this.#requester = new RequesterInvariants({
      self,
      computes: slots > 0,
      quorumOf,
      mayBeFooled,
    });
    this.#volunteer = new VolunteerInvariants({ self, slots, offered, unsent });
  }

  /** @throws {Error} that says what does not hold */
  check(event: PeerEvent, effects: readonly Effect[], now: Now): void {
    this.#events += 1;
    if (event.type === 'tick') this.#checkPace(now.ms);
    this.#requester.heed(event);
    this.#volunteer.heed(event);
    this.#heedVisits(event, effects);
    for (const effect of effects) this.#checkEffect(event, effect, effects, now);
    const { size } = this.#watched.peer.neighbours;
    hold(size <= NEIGHBOURS_MAX, 'a peer has more neighbours than its view allows');
    if (this.#events % EVENTS_PER_LINK_CHECK === 0) this.#checkNeighbours();
    if (this.#events % EVENTS_PER_STATUS === 0) this.#checkTables();
  }

  #heedVisits(event: PeerEvent, effects: readonly Effect[]): void {
    if (event.type === 'link-up' || event.type === 'link-down') this.#visits.delete(event.peer);
    if (event.type === 'overlay-message' && event.message.type === 'visit') {
      this.#visits.add(event.from);
    }
    for (const effect of effects) {
      if (effect.type !== 'send-overlay' || effect.message.type !== 'visit') continue;
      this.#visits.add(effect.to);
    }
  }

  #checkPace(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.#second) this.#ticks = 0;
    this.#second = second;
    this.#ticks += 1;
    hold(this.#ticks <= TICKS_PER_SECOND_MAX, 'a peer wakes all the time');
  }

  #checkNeighbours(): void {
    const { peer, host } = this.#watched;
    for (const neighbour of peer.neighbours.keys()) {
      hold(neighbour !== host.self, 'a peer is its own neighbour');
      hold(host.isLinked(neighbour), 'a neighbour has no link');
    }
  }

  #checkTables(): void {
    const { offers, known } = this.#watched.peer.status();
    const { live, open } = offers;
    hold(open <= live && live <= limits.offersMax, 'a peer knows more offers than it may');
    hold(known.size <= KNOWN_MAX, 'a peer knows more peers than it may');
  }

  #checkEffect(event: PeerEvent, effect: Effect, effects: readonly Effect[], now: Now): void {
    switch (effect.type) {
      case 'wake':
        hold(!Number.isNaN(effect.atMs), 'a wake at no time');
        if (event.type !== 'tick') return;
        hold(effect.atMs > now.ms - WAKE_LATE_MS_MAX, 'a wake in the far past');
        return;
      case 'send-overlay':
        this.#checkSend(effect, effects);
        return;
      default:
        this.#requester.check(effect, now.ms);
        this.#volunteer.check(effect, now);
    }
  }

  #checkSend(effect: SendOverlay, effects: readonly Effect[]): void {
    const { peer, host } = this.#watched;
    const { to, message } = effect;
    hold(to !== host.self, 'a peer writes to itself');
    const breach = breachOf(message);
    hold(breach === undefined, `a peer sends ${breach}`);
    if (peer.neighbours.has(to)) return;
    // All effects are carried out by now: it may have been a last word.
    const isLast = effects.indexOf(effect) < effects.findIndex((other) => isHangUp(other, to));
    hold(isLast || host.isLinked(to), `a peer sends ${message.type} where it has no link`);
    const isNews = message.type === 'gossip' || message.type === 'have';
    const mayTell = isLast || !isNews || this.#visits.has(to);
    hold(mayTell, 'a peer tells offers to who is no neighbour');
  }
}

function isHangUp(effect: Effect, peer: PeerId): boolean {
  return effect.type === 'hang-up' && effect.peer === peer;
}
