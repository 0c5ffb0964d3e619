/** What must hold of a peer as a volunteer: what it asks for, computes and returns. */

import type { JobId, PeerId } from '../../../src/model/ids.ts';
import type { RequesterMessage, VolunteerMessage } from '../../../src/model/messages.ts';
import type { Effect, Now, PeerEvent } from '../../../src/protocol/events.ts';
import { hold } from './hold.ts';

export type VolunteerWatched = {
  readonly self: PeerId;
  readonly slots: number;
  /** Offers that their requesters have signed: "requester job". */
  readonly offered: ReadonlySet<string>;
};

/** One more than a slot computes, as in `protocol/lease-demand.ts`. */
const RUNS_PER_SLOT = 2;

/** A requester to which a stream is open, or is to be opened. */
type Requester = {
  isUp: boolean;
  /** Leases that came from it: whether they have gone to the sandbox, by job and lease. */
  readonly leases: Map<string, 'waits' | 'runs'>;
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
  }

  heed(event: PeerEvent): void {
    switch (event.type) {
      case 'requester-up': {
        const requester = this.#requesters.get(event.peer);
        if (requester !== undefined) requester.isUp = true;
        return;
      }
      case 'requester-down':
        this.#requesters.delete(event.peer);
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
        hold(!this.#requesters.has(effect.requester), 'a work stream is opened twice');
        this.#requesters.set(effect.requester, { isUp: false, leases: new Map() });
        return;
      case 'close-work':
        this.#requesters.delete(effect.requester);
        return;
      case 'send-to-requester':
        hold(
          this.#requesters.get(effect.to)?.isUp === true,
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
    if (message.type !== 'leases') return;
    // What this peer leases to itself came over no stream.
    const requester = from === this.#watched.self ? this.#itself() : this.#requesters.get(from);
    for (const { lease } of message.chunks)
      requester?.leases.set(`${message.job} ${lease}`, 'waits');
  }

  #itself(): Requester {
    const { self } = this.#watched;
    const requester = this.#requesters.get(self) ?? { isUp: true, leases: new Map() };
    this.#requesters.set(self, requester);
    return requester;
  }

  #say(to: PeerId, message: VolunteerMessage, now: Now): void {
    if (message.type === 'ask') {
      this.#checkMode(now);
      const isOffered = this.#watched.offered.has(`${to} ${message.job}`);
      hold(isOffered, 'a peer asks for work that its requester never offered');
    } else if (message.type === 'results') {
      const leases = this.#requesters.get(to)?.leases;
      for (const { lease } of message.frame.replicas) {
        const isOwed = leases?.delete(`${message.frame.job} ${lease}`) === true;
        hold(isOwed, `lease ${lease} is answered twice, or was never given`);
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
      leases.set(key, 'runs');
      return;
    }
    hold(false, `lease ${lease} is computed twice, or was never given`);
  }

  #checkMode({ ms }: Now): void {
    hold(ms >= this.#pausedUntilMs, 'a peer that is paused takes work');
  }
}
