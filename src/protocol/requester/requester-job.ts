/**
 * A job that this peer owns, from its first chunk to its last accepted one: the lease table, the
 * assembler, the peers that ask, and what a person is told about all that.
 */

import { limits } from '../../model/limits.ts';
import type { JobId, PeerId } from '../../model/ids.ts';
import {
  type Contribution,
  type JobProgress,
  type JobReport,
  type JobSpec,
  trustNeeded,
  type WrongResult,
} from '../../model/job.ts';
import type { Lease, ReplicaResult } from '../../model/replica.ts';
import { Assembler } from './assembler.ts';
import { RateMeter } from '../estimate.ts';
import type { AcceptedResult, Effect } from '../events.ts';
import { grantSize } from './grant.ts';
import type { JobPast } from './job-past.ts';
import type { JobTable, Settlement } from './job-table.ts';
import { MovesKept } from './moves-kept.ts';

/** No accepted chunk for this long is worth an explanation. */
const STALLED_AFTER_MS = 3_000;
/** How often expired leases are looked for, and twins for idle peers. */
const CHECK_EVERY_MS = 500;

export class RequesterJob {
  readonly job: JobId;
  readonly spec: JobSpec;
  readonly table: JobTable;
  readonly assembler = new Assembler();
  readonly #demand = new Map<PeerId, number>();
  /** Peers that get no more of it, though nobody says that they lied; no more than contributors. */
  readonly #dismissed = new Set<PeerId>();
  readonly #rate = new RateMeter();
  /** What peers were caught at in this job; no more than contributors. */
  readonly caught: WrongResult[] = [];
  readonly #startedMs: number;
  #movedMs: number;
  #checkAtMs = Infinity;
  #over = false;
  /** As of when all was accepted: what is seen of peers later is no reason why it was. */
  #contributions: readonly Contribution[] | undefined;

  constructor(job: JobId, spec: JobSpec, table: JobTable, nowMs: number) {
    this.job = job;
    this.spec = spec;
    this.table = table;
    this.#startedMs = nowMs;
    this.#movedMs = nowMs;
  }

  /** No chunk is leased any more: all are accepted, or the job failed. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether a result would answer one of its leases, active or late. */
  expects(peer: PeerId, lease: Lease): boolean {
    return !this.#over && this.table.expects(peer, lease);
  }

  /** Whether a result of the chunk could count: of an accepted one only as a spot-check. */
  isOpen(chunk: number): boolean {
    return trustNeeded(this.spec).credibility !== undefined || !this.assembler.has(chunk);
  }

  get dueAtMs(): number {
    return this.#over ? Infinity : this.#checkAtMs;
  }

  /**
   * Results of the chunks below this one are accepted for good, and may be read. Of those that are
   * believed on evidence none is, until all are accepted: each may be opened again before.
   */
  get readable(): number {
    const { accepted, contiguous } = this.assembler;
    const { chunks, splitEnded } = this.table;
    const isFinal = splitEnded && accepted === chunks;
    return isFinal || trustNeeded(this.spec).credibility === undefined ? contiguous : 0;
  }

  /** Goes on where an earlier process stopped; to be called first. */
  resume(past: JobPast, nowMs: number): Effect[] {
    for (const { chunk } of past.accepted) this.assembler.accept(chunk);
    this.caught.push(...past.caught);
    this.#movedMs = nowMs;
    const isAccepted = (chunk: number): boolean => this.assembler.has(chunk);
    const settlement = this.table.resume(past, isAccepted, nowMs);
    return [...this.#settle([settlement], nowMs), ...this.complete()];
  }

  /** A volunteer's standing demand grows, up to what it may hold. */
  ask(peer: PeerId, count: number): void {
    // Who did not say what it has left of before has nothing.
    if (this.table.leases.isAway(peer)) this.peerHolds(peer, []);
    if (this.#dismissed.has(peer)) return;
    const demand = (this.#demand.get(peer) ?? 0) + count;
    this.#demand.set(peer, Math.min(demand, limits.leasesHeldMax));
  }

  /** Its stream was lost: what it holds is kept for it until then. */
  peerGone(peer: PeerId, untilMs: number): void {
    this.#demand.delete(peer);
    if (this.table.leases.held(peer) === 0) this.table.peerGone(peer);
    else this.table.leases.cut(peer, untilMs);
  }

  /** It is back, and has these of the leases that were kept for it, and no others. */
  peerHolds(peer: PeerId, leases: readonly number[]): Effect[] {
    const { job, table } = this;
    if (table.leases.isAway(peer)) table.peerGone(peer, new Set(leases));
    table.leases.back(peer);
    const lost = leases.filter((lease) => !table.leases.isOut(peer, lease));
    if (lost.length === 0) return [];
    return [
      { type: 'send-to-volunteer', to: peer, message: { type: 'revoke', job, leases: lost } },
    ];
  }

  /** Whether it is waited for. */
  isHolder(peer: PeerId): boolean {
    return !this.#over && this.table.leases.held(peer) > 0;
  }

  /** Leases to everybody who asked, in turn, as far as there is something to lease. */
  serve(nowMs: number): Effect[] {
    if (this.#over) return [];
    const effects: Effect[] = [];
    for (const [peer, demand] of this.#demand) {
      const remaining = this.table.splitEnded ? this.table.replicasOpen : Infinity;
      const count = grantSize(demand, remaining, this.#demand.size);
      const chunks = this.table.lease(peer, count, nowMs);
      if (chunks.length === 0) continue;
      // Goes to the end of the line, so that scarce leases reach everybody in turn.
      this.#demand.delete(peer);
      if (demand > chunks.length) this.#demand.set(peer, demand - chunks.length);
      const { job } = this;
      const message = { type: 'leases', job, leaseMs: this.table.leaseMs, chunks } as const;
      effects.push({ type: 'send-to-volunteer', to: peer, message });
    }
    this.#schedule(nowMs);
    return effects;
  }

  /** A frame of replicas from one peer. @returns what follows, acknowledgement last */
  results(peer: PeerId, replicas: readonly ReplicaResult[], nowMs: number): Effect[] {
    const { job } = this;
    const leases = replicas.map(({ lease }) => lease);
    const acknowledge = { type: 'acknowledge', job, leases } as const;
    const acknowledged: Effect = { type: 'send-to-volunteer', to: peer, message: acknowledge };
    if (this.#over) return [acknowledged];
    const effects = this.#settle(this.#outcomes(peer, replicas, nowMs), nowMs);
    if (replicas.some(isLast)) this.#dismiss(peer);
    return [...effects, acknowledged, ...this.complete()];
  }

  /** A peer was caught in another job, or by others: it gets no more of this one. */
  disown(peer: PeerId, nowMs: number): Effect[] {
    this.#demand.delete(peer);
    if (this.#over) return [];
    if (this.table.disown === undefined) {
      this.table.peerGone(peer);
      return [];
    }
    return [...this.#settle([this.table.disown(peer)], nowMs), ...this.complete()];
  }

  /** What it holds goes to others at once: they would wait for results that nobody looks at. */
  #dismiss(peer: PeerId): void {
    this.#dismissed.add(peer);
    this.#demand.delete(peer);
    this.table.peerGone(peer);
  }

  /** One by one: the job may be over in the middle. */
  *#outcomes(
    peer: PeerId,
    replicas: readonly ReplicaResult[],
    nowMs: number,
  ): Generator<Settlement> {
    for (const replica of replicas) yield this.table.result(peer, replica, nowMs);
  }

  #settle(settlements: Iterable<Settlement>, nowMs: number): Effect[] {
    const { job } = this;
    const stored: AcceptedResult[] = [];
    let accepted = 0;
    const revoked = new Map<PeerId, number[]>();
    const moved = new MovesKept(job);
    const effects: Effect[] = [];
    for (const settlement of settlements) {
      if (settlement.type === 'job-failed') {
        this.#over = true;
        effects.push({ type: 'job-failed', job, failure: settlement.failure });
        break;
      }
      if (settlement.type !== 'accepted' && settlement.type !== 'moved') continue;
      if (settlement.type === 'accepted') {
        const { chunk, digest, value } = settlement;
        if (this.assembler.accept(chunk)) stored.push({ chunk, digest, value });
        accepted += 1;
      } else {
        stored.push(...settlement.stored);
        for (const chunk of settlement.reopened) this.assembler.reopen(chunk);
        for (const chunk of settlement.accepted) this.assembler.accept(chunk);
        accepted += settlement.accepted.length;
        this.caught.push(...settlement.caught);
        moved.add(settlement);
      }
      for (const { peer: holder, lease } of settlement.revoked) {
        // It hears of that when it is back and says what it holds.
        if (this.table.leases.isAway(holder)) continue;
        revoked.set(holder, [...(revoked.get(holder) ?? []), lease]);
      }
    }
    if (accepted > 0) {
      this.#movedMs = nowMs;
      this.#rate.add(accepted, nowMs);
    }
    effects.unshift(...moved.effects);
    if (stored.length > 0) effects.unshift({ type: 'store-results', job, results: stored });
    for (const [to, leases] of revoked) {
      effects.push({ type: 'send-to-volunteer', to, message: { type: 'revoke', job, leases } });
    }
    return effects;
  }

  /** Says once that all chunks are accepted. */
  complete(): Effect[] {
    const all = this.table.splitEnded && this.assembler.accepted === this.table.chunks;
    if (!all || this.#over) return [];
    this.#over = true;
    this.#contributions = this.table.tally.list();
    return [{ type: 'all-accepted', job: this.job }];
  }

  tick(nowMs: number): Effect[] {
    if (nowMs < this.dueAtMs) return [];
    this.#checkAtMs = Infinity;
    this.table.expire(nowMs);
    this.table.leases.sweep(nowMs);
    return this.serve(nowMs);
  }

  progress(nowMs: number): Omit<JobProgress, 'state'> {
    const { table, assembler } = this;
    const chunksPerSecond = this.#over ? 0 : this.#rate.perSecond(nowMs);
    const left = table.chunks - assembler.accepted;
    const stalled = this.#stalled(nowMs);
    return {
      job: this.job,
      chunks: table.chunks,
      splitEnded: table.splitEnded,
      accepted: assembler.accepted,
      inFlight: table.inFlight,
      disputed: table.disputed,
      peers: this.#peers().length,
      chunksPerSecond,
      ...(table.splitEnded && chunksPerSecond > 0
        ? { remainingMs: Math.round((left * 1000) / chunksPerSecond) }
        : {}),
      ...(stalled === undefined ? {} : { stalled }),
    };
  }

  report(nowMs: number): JobReport {
    return {
      chunks: this.table.chunks,
      accepted: this.assembler.accepted,
      disputes: this.table.disputesEver,
      wallMs: Math.round(nowMs - this.#startedMs),
      contributions: this.#contributions ?? this.table.tally.list(),
      caught: this.caught,
    };
  }

  /** Where bytes are compared: elsewhere a result may be right and have another digest. */
  accusation(wrong: WrongResult): Effect[] {
    const { expected } = wrong;
    if (this.spec.comparison !== 'digest' || expected === undefined) return [];
    return [{ type: 'accuse', job: this.job, wrong: { ...wrong, expected } }];
  }

  /** A check that is due already stays where it is: traffic must not put it off for ever. */
  #schedule(nowMs: number): void {
    const waiting = this.table.activeLeases > 0 || this.#demand.size > 0;
    this.#checkAtMs = waiting ? Math.min(this.#checkAtMs, nowMs + CHECK_EVERY_MS) : Infinity;
  }

  /** Peers that ask or hold leases now. */
  #peers(): PeerId[] {
    return [...new Set([...this.#demand.keys(), ...this.table.holders()])];
  }

  #stalled(nowMs: number): string | undefined {
    const { table } = this;
    if (this.#over || nowMs - this.#movedMs < STALLED_AFTER_MS) return undefined;
    if (table.chunks === 0) return 'split has not yielded a chunk yet';
    const peers = this.#peers();
    if (peers.length === 0) return 'no peer computes this job';
    const waiting = table.waitingForOthersThan(peers);
    if (waiting === 0) return undefined;
    const { quorum, credibility } = trustNeeded(this.spec);
    const here = peers.length;
    const chunks = waiting === 1 ? '1 chunk waits' : `${waiting} chunks wait`;
    if (credibility !== undefined) {
      const said =
        here === 1 ? 'the only peer here has had its' : `all ${here} here have had their`;
      return `${chunks} for evidence from others: ${said} say`;
    }
    if (table.disputed > 0) {
      const why = `replicas disagree, and all ${here} peers here have had their say`;
      return `${chunks} for one more peer: ${why}`;
    }
    const compute = here === 1 ? 'computes' : 'compute';
    return here < quorum
      ? `${chunks} for another peer: ${quorum} different peers must agree, ` +
          `and only ${here} ${compute} this job`
      : `${chunks} for another peer: all ${here} here have had their say`;
  }
}

function isLast({ outcome }: ReplicaResult): boolean {
  return outcome.type === 'failure' && outcome.isLast === true;
}
