/** What must hold of a peer as a volunteer: what it asks for, computes and returns. */

import type { JobId, PeerId } from '../../../src/model/ids.ts';
import type { RequesterMessage, VolunteerMessage } from '../../../src/model/messages.ts';
import type { Unsent } from '../../../src/model/unsent.ts';
import type { Effect, Now, PeerEvent } from '../../../src/protocol/events.ts';
import { hold } from './hold.ts';

export type VolunteerWatched = {
  readonly self: PeerId;
  readonly slots: number;
  /** Offers that their requesters have signed: "requester job". */
  readonly offered: ReadonlySet<string>;
  /** What the process before could not deliver. */
  readonly unsent: readonly Unsent[];
};

/** One more than a slot computes, as in `protocol/volunteer/lease-demand.ts`. */
const RUNS_PER_SLOT = 2;

/** `owed` again when the stream broke: nobody knows what of it has arrived. */
type LeaseState = 'waits' | 'owed' | 'answered';

type Requester = {
  /** A stream is open, or is to be opened. */
  stream: 'none' | 'opening' | 'up';
  /** Leases that came from it and are not settled, by job and lease; they outlive the stream. */
  readonly leases: Map<string, LeaseState>;
};

export class VolunteerInvariants {
  readonly #watched: VolunteerWatched;
  readonly #requesters = new Map<PeerId, Requester>();
  /** Runs that have not come back. */
  readonly #runs = new Set<number>();
  #pausedUntilMs = -Infinity;
  #isFinishing = false;

  constructor(watched: VolunteerWatched) {
    this.#watched = watched;
    for (const { requester, job, replica } of watched.unsent) {
      this.#requester(requester).leases.set(`${job} ${replica.lease}`, 'owed');
    }
  }

  heed(event: PeerEvent): void {
    switch (event.type) {
      case 'requester-up':
        this.#requester(event.peer).stream = 'up';
        return;
      case 'requester-down':
        this.#closed(event.peer);
        return;
      case 'requester-message':
        this.#told(event.from, event.message);
        return;
      case 'run-done':
        this.#runs.delete(event.run);
        return;
      case 'pause':
        if (!this.#isFinishing) this.#pausedUntilMs = event.untilMs ?? Infinity;
        return;
      case 'finish':
        this.#isFinishing = true;
        this.#pausedUntilMs = -Infinity;
        return;
      case 'resume':
        this.#pausedUntilMs = -Infinity;
        return;
      default:
    }
  }

  /** @throws {Error} that says what does not hold */
  check(effect: Effect, now: Now): void {
    switch (effect.type) {
      case 'open-work':
        hold(this.#requester(effect.requester).stream === 'none', 'a work stream is opened twice');
        this.#requester(effect.requester).stream = 'opening';
        return;
      case 'close-work':
        this.#closed(effect.requester);
        return;
      case 'send-to-requester':
        hold(
          effect.to === this.#watched.self || this.#requester(effect.to).stream === 'up',
          'a volunteer writes to who is not connected',
        );
        this.#say(effect.to, effect.message, now);
        return;
      case 'run':
        this.#run(effect, now);
        return;
      default:
    }
  }

  #told(from: PeerId, message: RequesterMessage): void {
    const { leases } = this.#requester(from);
    if (message.type === 'acknowledge') {
      for (const lease of message.leases) leases.delete(`${message.job} ${lease}`);
    }
    if (message.type !== 'leases') return;
    for (const { lease } of message.chunks) leases.set(`${message.job} ${lease}`, 'waits');
  }

  #requester(peer: PeerId): Requester {
    const requester = this.#requesters.get(peer) ?? { stream: 'none', leases: new Map() };
    this.#requesters.set(peer, requester);
    return requester;
  }

  #closed(peer: PeerId): void {
    const requester = this.#requester(peer);
    requester.stream = 'none';
    for (const [key, state] of requester.leases) {
      if (state === 'answered') requester.leases.set(key, 'owed');
    }
  }

  #say(to: PeerId, message: VolunteerMessage, now: Now): void {
    if (message.type === 'ask') {
      this.#checkMode(now);
      const isOffered = this.#watched.offered.has(`${to} ${message.job}`);
      hold(isOffered, 'a peer asks for work that its requester never offered');
    } else if (message.type === 'results') {
      const { leases } = this.#requester(to);
      for (const { lease, outcome } of message.frame.replicas) {
        const key = `${message.frame.job} ${lease}`;
        const state = leases.get(key);
        const isOwed = state === 'waits' || state === 'owed';
        hold(isOwed, `lease ${lease} is answered twice, or was never given`);
        if (outcome.type === 'returned') leases.delete(key);
        else leases.set(key, 'answered');
      }
    } else if (message.type === 'hold') {
      const { leases } = this.#requester(to);
      for (const lease of message.leases) {
        hold(leases.has(`${message.job} ${lease}`), `lease ${lease} is held, and was never given`);
      }
    }
  }

  #run({ run, job, chunks }: Extract<Effect, { type: 'run' }>, now: Now): void {
    this.#checkMode(now);
    this.#runs.add(run);
    const { slots } = this.#watched;
    hold(this.#runs.size <= RUNS_PER_SLOT * slots, `${this.#runs.size} runs on ${slots} slots`);
    for (const { lease } of chunks) this.#start(job, lease);
  }

  #start(job: JobId, lease: number): void {
    const key = `${job} ${lease}`;
    for (const { leases } of this.#requesters.values()) {
      if (leases.get(key) !== 'waits') continue;
      leases.set(key, 'owed');
      return;
    }
    hold(false, `lease ${lease} is computed twice, or was never given`);
  }

  #checkMode({ ms }: Now): void {
    hold(ms >= this.#pausedUntilMs, 'a peer that is paused takes work');
  }
}
