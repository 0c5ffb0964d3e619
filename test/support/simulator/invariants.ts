/**
 * What must hold of a peer after every event that it handled. Everything here is cheap enough for
 * millions of events: it looks at the peer alone, and mostly at what the event led to.
 */

import type { JobId, PeerId } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import type { RequesterSend } from '../../../src/model/messages.ts';
import type { Effect, Now, PeerEvent } from '../../../src/protocol/events.ts';
import type { Peer } from '../../../src/protocol/peer.ts';
import { breachOf } from './frame-check.ts';
import type { Host } from './host.ts';
import { rightDigest } from './simulated-job.ts';

/** As in `protocol/active-view.ts`; a constant of its own, so that a change there is noticed. */
const NEIGHBOURS_MAX = 5;
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
  /** Offers that their requesters have signed: "requester job". */
  readonly offered: ReadonlySet<string>;
  /** Whether saboteurs are so many that they may come to agree on a wrong result. */
  readonly mayBeFooled: boolean;
};

type Leases = Extract<RequesterSend, { type: 'leases' }>;

export class Invariants {
  readonly #watched: Watched;
  /** When the leases that are out end, by volunteer, job and chunk. */
  readonly #leases = new Map<PeerId, Map<string, number>>();
  #events = 0;
  #second = 0;
  #ticks = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** @throws {Error} that says what does not hold */
  check(event: PeerEvent, effects: readonly Effect[], now: Now): void {
    this.#events += 1;
    if (event.type === 'tick') this.#checkPace(now.ms);
    else this.#forgetLeases(event);
    for (const effect of effects) this.#checkEffect(event, effect, now);
    const { size } = this.#watched.peer.neighbours;
    hold(size <= NEIGHBOURS_MAX, 'a peer has more neighbours than its view allows');
    if (this.#events % EVENTS_PER_LINK_CHECK === 0) this.#checkNeighbours();
    if (this.#events % EVENTS_PER_STATUS === 0) this.#checkTables();
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
    const { live, open } = this.#watched.peer.status().offers;
    hold(open <= live && live <= limits.offersMax, 'a peer knows more offers than it may');
  }

  #checkEffect(event: PeerEvent, effect: Effect, now: Now): void {
    switch (effect.type) {
      case 'wake':
        hold(!Number.isNaN(effect.atMs), 'a wake at no time');
        if (event.type !== 'tick') return;
        hold(effect.atMs > now.ms - WAKE_LATE_MS_MAX, 'a wake in the far past');
        return;
      case 'send-overlay':
        hold(effect.to !== this.#watched.host.self, 'a peer writes to itself');
        holdFits(breachOf(effect.message));
        return;
      case 'send-to-requester':
        if (effect.message.type === 'ask') this.#checkAsk(effect.to, effect.message.job);
        return;
      case 'send-to-volunteer':
        if (effect.message.type === 'leases') this.#lease(effect.to, effect.message, now.ms);
        return;
      case 'close-volunteer':
        this.#leases.delete(effect.volunteer);
        return;
      case 'store-results':
        if (this.#watched.mayBeFooled) return;
        for (const { chunk, digest } of effect.results) {
          hold(digest === rightDigest(effect.job, chunk), `a wrong result of chunk ${chunk}`);
        }
        return;
      default:
    }
  }

  #checkAsk(requester: PeerId, job: JobId): void {
    const isOffered = this.#watched.offered.has(`${requester} ${job}`);
    hold(isOffered, 'a peer asks for work that its requester never offered');
  }

  #lease(to: PeerId, { job, leaseMs, chunks }: Leases, nowMs: number): void {
    // What it returns to itself stays inside, where nobody sees it.
    if (to === this.#watched.host.self) return;
    let out = this.#leases.get(to);
    if (out === undefined) {
      out = new Map();
      this.#leases.set(to, out);
    }
    for (const { chunk } of chunks) {
      const key = `${job} ${chunk}`;
      const isOut = (out.get(key) ?? -Infinity) > nowMs;
      hold(!isOut, `chunk ${chunk} is leased to one peer twice at a time`);
      out.set(key, nowMs + leaseMs);
    }
  }

  #forgetLeases(event: PeerEvent): void {
    if (event.type === 'volunteer-down' || event.type === 'volunteer-up') {
      this.#leases.delete(event.peer);
    } else if (event.type === 'volunteer-message' && event.message.type === 'results') {
      const { job, replicas } = event.message.frame;
      const out = this.#leases.get(event.from);
      for (const { chunk } of replicas) out?.delete(`${job} ${chunk}`);
    }
  }
}

function hold(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(`invariant broken: ${otherwise}`);
}

function holdFits(breach: string | undefined): void {
  if (breach !== undefined) throw new Error(`invariant broken: a peer sends ${breach}`);
}
