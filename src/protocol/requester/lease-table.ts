/**
 * One job at its requester: which chunks are open, who holds which lease, which results came back.
 *
 * Picture a frontier that moves through the chunk numbers. Behind it every chunk is decided (one
 * bit in the assembler) or open (an object here, at most `openRoom` of them); beyond it
 * nothing is stored, however many chunks there are. A peer that asks is first given replicas that
 * open chunks still want (`ticket-queue.ts`), then fresh chunks at the frontier, then, in the tail,
 * a twin of the oldest lease of somebody else.
 *
 * Invariant: an open chunk has at least as many live tickets, and active leases of peers that have
 * not been heard on it, as its ballot still needs (`quorum.ts`).
 *
 * Results of a job that verifies them come with a verdict. One that is verified is enough, whatever
 * else the job trusts in; who returned one that is refuted gets no more of the job.
 */

import { limits } from '../../model/limits.ts';
import type { JobId, PeerId } from '../../model/ids.ts';
import { type JobSpec, trustNeeded } from '../../model/job.ts';
import type { Lease, Outcome, ReplicaResult } from '../../model/replica.ts';
import { CUT_MS_MAX } from './grant.ts';
import { type JobPast, votedOn } from './job-past.ts';
import type { JobTable, Settlement } from './job-table.ts';
import { type Active, LeaseBook } from './lease-book.ts';
import { OpenChunk, type Replica } from './open-chunk.ts';
import { Rests } from './rests.ts';
import { Tally, type Totals } from './tally.ts';
import { TicketQueue } from './ticket-queue.ts';
import { Turnaround } from './turnaround.ts';

type Canonical = Extract<Outcome, { type: 'result' }>;

/**
 * Strangers who fail alike at a chunk, and end a job that would believe on evidence if it did not
 * verify: so many as would have to agree on a result, at the defaults.
 */
const FAILING_STRANGERS = 5;

export class LeaseTable implements JobTable {
  readonly job: JobId;
  readonly tally: Tally;
  readonly #spec: JobSpec;
  readonly #quorum: number;
  readonly #openMax: () => number;
  /** Their results were refuted; no more than contributors. */
  readonly #caught = new Set<PeerId>();
  readonly #open = new Map<number, OpenChunk>();
  readonly #book = new LeaseBook();
  readonly #tickets = new TicketQueue();
  readonly #rests = new Rests();
  readonly #turnaround: Turnaround;
  #chunks = 0;
  #frontier = 0;
  #splitEnded = false;
  #disputed = 0;
  #disputesEver = 0;

  /** @param openMax chunks that may be open at present */
  constructor(
    job: JobId,
    spec: JobSpec,
    totals: Totals,
    openMax: () => number = () => limits.openChunksMax,
  ) {
    this.job = job;
    this.tally = new Tally(totals);
    this.#spec = spec;
    this.#quorum = trustNeeded(spec).quorum;
    this.#openMax = openMax;
    this.#turnaround = new Turnaround(spec.limits.wallMsMax);
  }

  resume(past: JobPast, isAccepted: (chunk: number) => boolean, nowMs: number): Settlement {
    this.#chunks = past.chunks;
    this.#splitEnded = past.splitEnded;
    this.#frontier = past.frontier;
    this.#disputesEver = past.disputes;
    this.tally.restore(past.counts);
    for (const { peer } of past.caught) this.#caught.add(peer);
    const voted = votedOn(past, (peer) => !this.#caught.has(peer));
    for (let chunk = 0; chunk < past.frontier; chunk++) {
      if (isAccepted(chunk)) continue;
      const open = voted.get(chunk);
      // What its votes would decide has lost the value that came with the last one.
      const isKept = open?.judge(this.#quorum).type === 'open';
      this.#open.set(chunk, open !== undefined && isKept ? open : new OpenChunk(chunk));
    }
    const deadlineMs = nowMs + this.leaseMs;
    const times = { nowMs, deadlineMs, keptUntilMs: nowMs + CUT_MS_MAX };
    this.#book.resume(past, (chunk) => this.#open.get(chunk), times);
    for (const open of this.#open.values()) {
      if (open.groups.length > 1) this.#disputed += 1;
      this.#refill(open);
    }
    return { type: 'counted' };
  }

  addChunks(count: number): void {
    this.#chunks += count;
  }

  endSplit(): void {
    this.#splitEnded = true;
  }

  /** Chunks that `split` has yielded so far. */
  get chunks(): number {
    return this.#chunks;
  }

  get splitEnded(): boolean {
    return this.#splitEnded;
  }

  /** Undecided chunks whose replicas disagree. */
  get disputed(): number {
    return this.#disputed;
  }

  /** Chunks whose replicas ever disagreed. */
  get disputesEver(): number {
    return this.#disputesEver;
  }

  /** Undecided chunks with at least one lease out. */
  get inFlight(): number {
    return this.#book.inFlight;
  }

  get open(): number {
    return this.#open.size;
  }

  get activeLeases(): number {
    return this.#book.size;
  }

  /** Replicas that could be leased now, to somebody; a lower bound while `split` runs. */
  get replicasOpen(): number {
    const twins = this.#isTail ? this.#book.alone : 0;
    return (this.#chunks - this.#frontier) * this.#quorum + this.#tickets.size + twins;
  }

  /** How long a lease made now lasts. */
  get leaseMs(): number {
    return this.#turnaround.leaseMs;
  }

  /** Peers that hold leases now. Revoked ones don't count: nobody waits for them. */
  holders(): Set<PeerId> {
    return this.#book.holders();
  }

  get leases(): LeaseBook {
    return this.#book;
  }

  /** Up to `count` leases for a peer: open replicas, then fresh chunks, then twins in the tail. */
  lease(peer: PeerId, count: number, nowMs: number): Lease[] {
    if (this.#caught.has(peer)) return [];
    if (!this.tally.has(peer) && this.tally.size >= limits.contributorsMax) return [];
    this.#endRests(nowMs);
    const leases: Lease[] = [];
    const countMax = Math.min(count, limits.leasesHeldMax - this.#book.held(peer));
    const deadlineMs = nowMs + this.leaseMs;
    const give = (open: OpenChunk): void => {
      leases.push(this.#grant(open, peer, nowMs, deadlineMs));
    };
    this.#tickets.walk(peer, countMax, (chunk) => {
      const open = this.#open.get(chunk);
      if (open === undefined) return 'drop';
      if (!open.mayTake(peer)) return 'skip';
      open.tickets -= 1;
      give(open);
      return 'take';
    });
    const openMax = leases.length < countMax ? this.#openMax() : 0;
    while (leases.length < countMax && this.#mayOpen(openMax)) give(this.#openNext());
    while (leases.length < countMax) {
      const open = this.#oldestStraggler(peer, nowMs);
      if (open === undefined) break;
      give(open);
    }
    return leases;
  }

  expects(peer: PeerId, result: Pick<ReplicaResult, 'lease' | 'chunk'>): boolean {
    return this.#book.expects(peer, result, this.#open.get(result.chunk));
  }

  /** Takes a replica's outcome. The value's digest must have been checked. */
  result(peer: PeerId, result: ReplicaResult, nowMs: number): Settlement {
    const { outcome } = result;
    const claimed = this.#book.claim(peer, result, this.#open.get(result.chunk));
    if (claimed === undefined) return { type: 'unknown' };
    const { open, replica } = claimed;
    if (outcome.type === 'returned') {
      open.forget(replica);
      this.#refill(open);
      return { type: 'counted' };
    }
    this.tally.count(peer, 'returned');
    this.tally.count(peer, 'computeSeconds', result.computeMs / 1000);
    this.#turnaround.add(nowMs - replica.leasedAtMs);
    // A peer whose expired replica came back after all has spoken; its second one is no vote.
    if (open.decided || open.hasHeard(peer)) {
      this.tally.count(peer, 'late');
      open.forget(replica);
      return { type: 'counted' };
    }
    if (outcome.type === 'failure') {
      replica.state = 'failed';
      this.tally.count(peer, 'failed');
      this.tally.totals.failures[outcome.failure.kind] += 1;
      open.fail(peer, outcome.failure);
    } else if (this.#spec.comparison === 'verify' && outcome.verdict !== 'verified') {
      return this.#unverified(claimed, outcome);
    } else {
      replica.state = 'voted';
      const disputedBefore = open.groups.length > 1;
      open.vote(peer, outcome.digest);
      if (open.groups.length > 1 && !disputedBefore) {
        this.#disputed += 1;
        this.#disputesEver += 1;
      }
    }
    return this.#settle(open, outcome);
  }

  /** Leases past their time go to others. @returns how many expired */
  expire(nowMs: number): number {
    return this.#expired(
      this.#lapse(
        (replica) => this.#book.isOverdue(replica, nowMs),
        (active) => this.#rests.begin(active, nowMs),
      ),
    );
  }

  peerGone(peer: PeerId, except?: ReadonlySet<number>): number {
    this.#tickets.forget(peer);
    return this.#book.held(peer) > 0 ? this.#expired(this.#revoke(peer, except)) : 0;
  }

  /** Undecided chunks for which every peer here has voted or failed already. */
  waitingForOthersThan(peers: readonly PeerId[]): number {
    const able = peers.filter((peer) => !this.#caught.has(peer));
    let waiting = 0;
    for (const open of this.#open.values()) {
      if (open.active === 0 && !able.some((peer) => open.mayTake(peer))) waiting += 1;
    }
    return waiting;
  }

  #endRests(nowMs: number): void {
    for (const { open, replica } of this.#rests.end(nowMs)) {
      // It has stepped over the tickets that are left.
      if (!open.decided && open.tickets > 0) this.#tickets.forget(replica.peer);
    }
  }

  /** Whether all chunks there will be have been leased. */
  get #isTail(): boolean {
    return this.#splitEnded && this.#frontier >= this.#chunks;
  }

  #mayOpen(openMax: number): boolean {
    return this.#frontier < this.#chunks && this.#open.size < openMax;
  }

  #openNext(): OpenChunk {
    const open = new OpenChunk(this.#frontier);
    this.#frontier += 1;
    this.#open.set(open.chunk, open);
    this.#addTickets(open, this.#quorum - 1);
    return open;
  }

  #addTickets(open: OpenChunk, count: number): void {
    for (let added = 0; added < count; added++) this.#tickets.add(open.chunk);
    open.tickets += Math.max(count, 0);
  }

  #grant(open: OpenChunk, peer: PeerId, nowMs: number, deadlineMs: number): Lease {
    this.tally.count(peer, 'leased');
    return this.#book.grant(open, peer, nowMs, deadlineMs);
  }

  /** @param last the outcome that was counted last, which is what may have decided the chunk */
  #settle(open: OpenChunk, last: Exclude<Outcome, { type: 'returned' }>): Settlement {
    const { trust, requester } = this.#spec;
    const failuresMin = trust.credibility === undefined ? trust.quorum : FAILING_STRANGERS;
    // One that the requester saw itself is enough.
    const failure = open.commonFailure(
      (peers) => peers.length >= failuresMin || peers.includes(requester),
    );
    if (failure !== undefined) return { type: 'job-failed', failure };
    const quorum = this.#quorum;
    const verdict = open.judge(quorum);
    if (verdict.type === 'given-up') return { type: 'job-failed', failure: open.dispute(quorum) };
    if (verdict.type === 'accepted' && last.type === 'result') return this.#accept(open, last);
    this.#refill(open);
    return { type: 'counted' };
  }

  /** One that was refuted, or has no verdict: nobody could look at it, its chunk being decided. */
  #unverified({ open, replica }: Active, { digest, verdict }: Canonical): Settlement {
    const { peer } = replica;
    if (verdict === undefined) {
      open.forget(replica);
      this.#refill(open);
      return { type: 'counted' };
    }
    replica.state = 'voted';
    this.tally.count(peer, 'lost');
    this.#refill(open);
    if (this.#caught.has(peer)) return { type: 'counted' };
    this.#caught.add(peer);
    this.tally.totals.evidence.caught += 1;
    this.#tickets.forget(peer);
    const revoked = this.#revoke(peer).map(({ lease }) => ({ peer, lease }));
    const caught = [{ peer, chunk: open.chunk, digest }];
    return { type: 'moved', stored: [], accepted: [], reopened: [], revoked, caught };
  }

  #accept(open: OpenChunk, { digest, value }: Canonical): Settlement {
    if (open.groups.length > 1) this.#disputed -= 1;
    this.#open.delete(open.chunk);
    for (const { digest: other, peers } of open.groups) {
      const outcome = other === digest ? 'accepted' : 'lost';
      for (const peer of peers) this.tally.count(peer, outcome);
    }
    const revoked = this.#book.decide(open);
    this.tally.totals.revoked += revoked.length;
    this.tally.totals.chunksAccepted += 1;
    const leases = revoked.map(({ peer, lease }) => ({ peer, lease }));
    return { type: 'accepted', chunk: open.chunk, digest, value, revoked: leases };
  }

  /** All leases of a peer, for good. */
  #revoke(peer: PeerId, except?: ReadonlySet<number>): Replica[] {
    return this.#lapse(
      ({ peer: holder, lease }) => holder === peer && except?.has(lease) !== true,
      ({ open, replica }) => open.forget(replica),
    );
  }

  #expired(lapsed: readonly Replica[]): number {
    for (const { peer } of lapsed) this.tally.count(peer, 'expired');
    return lapsed.length;
  }

  #lapse(which: (replica: Replica) => boolean, mark: (active: Active) => void): Replica[] {
    const lapsed: Replica[] = [];
    for (const active of this.#book.releaseAll(({ replica }) => which(replica))) {
      const { open, replica } = active;
      // Revoked when the chunk was decided: nobody waits for it, and it is nobody's fault.
      if (open.decided) continue;
      mark(active);
      lapsed.push(replica);
      this.#refill(open);
    }
    return lapsed;
  }

  /** Restores the invariant after a replica was lost, failed or disagreed. */
  #refill(open: OpenChunk): void {
    if (open.decided) return;
    const verdict = open.judge(this.#quorum);
    if (verdict.type !== 'open') return;
    this.#addTickets(open, verdict.replicasNeeded - open.promising() - open.tickets);
  }

  /** Only when no other work is left. */
  #oldestStraggler(peer: PeerId, nowMs: number): OpenChunk | undefined {
    if (!this.#isTail) return undefined;
    const afterMs = this.#turnaround.twinAfterMs;
    return this.#book.straggler(afterMs, nowMs, (open) => open.tickets === 0 && open.mayTake(peer));
  }
}
