/** What must hold of a peer's own jobs: whom it leases what, and why it accepts a result. */

import type { Digest, JobId, PeerId } from '../../../src/model/ids.ts';
import type { RequesterSend, VolunteerMessage } from '../../../src/model/messages.ts';
import type { AcceptedResult, Effect, PeerEvent } from '../../../src/protocol/events.ts';
import { hold } from './hold.ts';
import { rightDigest } from './simulated-job.ts';

export type RequesterWatched = {
  readonly self: PeerId;
  /** Whether it computes, too: what it returns to itself stays inside, where nobody sees it. */
  readonly computes: boolean;
  readonly quorumOf: (job: JobId) => number;
  /** Whether saboteurs are so many that they may come to agree on a wrong result. */
  readonly mayBeFooled: boolean;
};

type Leases = Extract<RequesterSend, { type: 'leases' }>;
type Results = Extract<VolunteerMessage, { type: 'results' }>;

/** A chunk that is not accepted. */
type Ballot = { readonly heard: Set<PeerId>; readonly votes: Map<Digest, Set<PeerId>> };

/** A volunteer whose stream is open. */
type Volunteer = {
  /** When the leases that it has end, by job and chunk. */
  readonly leases: Map<string, number>;
  /** What it has asked for and not got, by job. */
  readonly demands: Map<JobId, number>;
};

export class RequesterInvariants {
  readonly #watched: RequesterWatched;
  readonly #volunteers = new Map<PeerId, Volunteer>();
  /** By job and chunk. */
  readonly #ballots = new Map<string, Ballot>();
  /** Leases that were given and not answered, by peer, job and number; they outlive streams. */
  readonly #owed = new Set<string>();
  readonly #over = new Set<JobId>();

  constructor(watched: RequesterWatched) {
    this.#watched = watched;
  }

  heed(event: PeerEvent): void {
    switch (event.type) {
      case 'volunteer-up':
        this.#volunteers.set(event.peer, { leases: new Map(), demands: new Map() });
        return;
      case 'volunteer-down':
        this.#volunteers.delete(event.peer);
        return;
      case 'volunteer-message':
        if (event.message.type === 'ask') this.#ask(event.from, event.message);
        else if (event.message.type === 'results') this.#results(event.from, event.message);
        return;
      case 'end-job':
        this.#over.add(event.job);
        return;
      default:
    }
  }

  /** @throws {Error} that says what does not hold */
  check(effect: Effect, nowMs: number): void {
    switch (effect.type) {
      case 'send-to-volunteer':
        // To itself a peer may write at any time.
        if (effect.to === this.#watched.self) return;
        hold(this.#volunteers.has(effect.to), 'a requester writes to who is not connected');
        if (effect.message.type === 'leases') this.#lease(effect.to, effect.message, nowMs);
        return;
      case 'close-volunteer':
        this.#volunteers.delete(effect.volunteer);
        return;
      case 'store-results':
        hold(!this.#over.has(effect.job), 'results of a job that is over are stored');
        for (const result of effect.results) this.#accept(effect.job, result);
        return;
      case 'all-accepted':
      case 'job-failed':
        this.#over.add(effect.job);
        return;
      default:
    }
  }

  #ask(from: PeerId, { job, count }: Extract<VolunteerMessage, { type: 'ask' }>): void {
    const demands = this.#volunteers.get(from)?.demands;
    demands?.set(job, (demands.get(job) ?? 0) + count);
  }

  #lease(to: PeerId, { job, leaseMs, chunks }: Leases, nowMs: number): void {
    hold(!this.#over.has(job), 'a job that is over is leased');
    const volunteer = this.#volunteers.get(to);
    if (volunteer === undefined) return;
    const { leases, demands } = volunteer;
    const left = (demands.get(job) ?? 0) - chunks.length;
    hold(left >= 0, 'a volunteer is leased more than it asked for');
    demands.set(job, left);
    for (const { lease, chunk } of chunks) {
      const key = `${job} ${chunk}`;
      const isOut = (leases.get(key) ?? -Infinity) > nowMs;
      hold(!isOut, `chunk ${chunk} is leased to one peer twice at a time`);
      const isHeard = this.#ballots.get(key)?.heard.has(to) === true;
      hold(!isHeard, `chunk ${chunk} is leased to who has returned it`);
      leases.set(key, nowMs + leaseMs);
      this.#owed.add(`${to} ${job} ${lease}`);
    }
  }

  #results(from: PeerId, { frame: { job, replicas } }: Results): void {
    const volunteer = this.#volunteers.get(from);
    for (const { lease, chunk, outcome } of replicas) {
      const key = `${job} ${chunk}`;
      volunteer?.leases.delete(key);
      const isOwed = this.#owed.delete(`${from} ${job} ${lease}`);
      if (!isOwed || outcome.type === 'returned' || this.#over.has(job)) continue;
      const ballot = this.#ballots.get(key) ?? { heard: new Set(), votes: new Map() };
      this.#ballots.set(key, ballot);
      const { heard, votes } = ballot;
      if (heard.has(from)) continue;
      heard.add(from);
      if (outcome.type !== 'result') continue;
      votes.set(outcome.digest, (votes.get(outcome.digest) ?? new Set()).add(from));
    }
  }

  #accept(job: JobId, { chunk, digest }: AcceptedResult): void {
    const { computes, quorumOf, mayBeFooled } = this.#watched;
    const isRight = digest === rightDigest(job, chunk);
    hold(isRight || mayBeFooled, `a wrong result of chunk ${chunk} is accepted`);
    const key = `${job} ${chunk}`;
    const others = this.#ballots.get(key)?.votes.get(digest)?.size ?? 0;
    const peers = others + (computes ? 1 : 0);
    hold(peers >= quorumOf(job), `chunk ${chunk} is accepted from ${peers} peers`);
    this.#ballots.delete(key);
  }
}
