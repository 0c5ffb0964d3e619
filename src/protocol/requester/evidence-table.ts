/**
 * One job whose results are believed on evidence (`evidence.ts`): which chunk goes to whom, so that
 * every result comes to the bound with little work, and what becomes of a chunk when one of those
 * who voted on it is caught.
 *
 * Who is caught has said nothing: its votes are taken out, and chunks that were accepted on their
 * strength are open again. That may happen until the last chunk is accepted; so no result is read
 * before (`requester-job.ts`).
 */

import { limits } from '../../model/limits.ts';
import type { Digest, JobId, PeerId } from '../../model/ids.ts';
import type { JobSpec, WrongResult } from '../../model/job.ts';
import type { Lease, Outcome, ReplicaResult } from '../../model/replica.ts';
import { type Acceptance, Acceptances } from './acceptances.ts';
import { ChunkSource } from './chunk-source.ts';
import { Evidence } from './evidence.ts';
import { resumeEvidence } from './evidence-past.ts';
import type { EvidenceTableParts } from './evidence-table-parts.ts';
import type { JobPast } from './job-past.ts';
import type { JobTable, Settlement } from './job-table.ts';
import { type Active, LeaseBook } from './lease-book.ts';
import { LeaseChoice } from './lease-choice.ts';
import { Moves } from './moves.ts';
import { type Group, OpenChunk, type Replica } from './open-chunk.ts';
import { Rests } from './rests.ts';
import type { Reliability } from './reliability.ts';
import { SpotChecks } from './spot-checks.ts';
import { type Standings, whyWrong } from '../standings.ts';
import { Strangers } from './strangers.ts';
import { Tally, type Totals } from './tally.ts';
import { Turnaround } from './turnaround.ts';
import { Votes } from './votes.ts';

type Said = Exclude<Outcome, { type: 'returned' }>;
type Value = Extract<Outcome, { type: 'result' }>;

export class EvidenceTable implements JobTable {
  readonly job: JobId;
  readonly tally: Tally;
  readonly #spec: JobSpec;
  readonly #standings: Standings;
  readonly #reliability: Reliability;
  readonly #evidence: Evidence;
  readonly #checks: SpotChecks;
  readonly #strangers: Strangers;
  readonly #book = new LeaseBook();
  readonly #source: ChunkSource;
  readonly #choice: LeaseChoice;
  readonly #votes = new Votes();
  /** To be judged again, because of what was seen of those who voted on them. */
  readonly #unsettled = new Set<OpenChunk>();
  readonly #rests = new Rests();
  readonly #accepted = new Acceptances();
  readonly #turnaround: Turnaround;
  #disputesEver = 0;

  constructor(job: JobId, spec: JobSpec, parts: EvidenceTableParts) {
    const { trust, totals, standings, random } = parts;
    this.job = job;
    this.tally = new Tally(totals, standings);
    this.#spec = spec;
    this.#turnaround = new Turnaround(spec.limits.wallMsMax);
    this.#standings = standings;
    this.#reliability = parts.reliability;
    this.#checks = new SpotChecks(standings, random);
    const { verified } = this.#checks;
    this.#evidence = new Evidence(spec.requester, trust, standings, () => verified.suffice);
    this.#strangers = new Strangers(spec.requester, standings, verified);
    this.#source = new ChunkSource(this.#evidence, parts.networks, parts.order);
    this.#choice = new LeaseChoice({
      requester: spec.requester,
      book: this.#book,
      source: this.#source,
      checks: this.#checks,
      strangers: this.#strangers,
      reliability: parts.reliability,
      turnaround: this.#turnaround,
    });
  }

  resume(past: JobPast, _isAccepted: unknown, nowMs: number): Settlement {
    this.#disputesEver = past.disputes;
    this.tally.restore(past.counts);
    const parts = { book: this.#book, source: this.#source, accepted: this.#accepted };
    const votes = { votes: this.#votes, unsettled: this.#unsettled, standings: this.#standings };
    const { verified } = this.#checks;
    resumeEvidence(past, { ...parts, ...votes, verified, leaseMs: this.leaseMs, nowMs });
    return this.#settled(new Moves());
  }

  addChunks(count: number): void {
    this.#source.addChunks(count);
  }

  endSplit(): void {
    this.#source.endSplit();
  }

  get chunks(): number {
    return this.#source.chunks;
  }

  get splitEnded(): boolean {
    return this.#source.splitEnded;
  }

  get disputed(): number {
    return this.#source.disputed;
  }

  get disputesEver(): number {
    return this.#disputesEver;
  }

  get inFlight(): number {
    return this.#book.inFlight;
  }

  get activeLeases(): number {
    return this.#book.size;
  }

  get replicasOpen(): number {
    return this.#source.votesWanted + (this.#source.isExhausted ? this.#book.alone : 0);
  }

  get leaseMs(): number {
    return this.#turnaround.leaseMs;
  }

  holders(): Set<PeerId> {
    return this.#book.holders();
  }

  get leases(): LeaseBook {
    return this.#book;
  }

  lease(peer: PeerId, count: number, nowMs: number): Lease[] {
    if (this.#standings.isCaught(peer)) return [];
    if (!this.tally.has(peer) && this.tally.size >= limits.contributorsMax) return [];
    this.#rests.end(nowMs);
    const countMax = Math.min(count, this.#choice.room(peer));
    const deadlineMs = nowMs + this.leaseMs;
    const leases: Lease[] = [];
    while (leases.length < countMax) {
      const lease = this.#choice.next(peer, nowMs, deadlineMs);
      if (lease === undefined) break;
      leases.push(lease);
      this.tally.count(peer, 'leased');
    }
    return leases;
  }

  expects(peer: PeerId, result: Pick<ReplicaResult, 'lease' | 'chunk'>): boolean {
    return this.#book.expects(peer, result, this.#source.get(result.chunk));
  }

  result(peer: PeerId, result: ReplicaResult, nowMs: number): Settlement {
    const { outcome } = result;
    const active = this.#book.claim(peer, result, this.#source.get(result.chunk));
    if (active === undefined) return { type: 'unknown' };
    const { open, replica } = active;
    const expected = this.#checks.end(replica.lease);
    if (outcome.type === 'returned') {
      open.forget(replica);
      this.#source.waiting.reconsider(open);
      return { type: 'counted' };
    }
    this.tally.count(peer, 'returned');
    if (outcome.type === 'result') this.#reliability.finished(peer);
    this.tally.count(peer, 'computeSeconds', result.computeMs / 1000);
    this.#turnaround.add(nowMs - replica.leasedAtMs);
    const moves = new Moves();
    if (expected !== undefined && this.#accepted.holds(open.chunk, expected)) {
      this.#checked(open.chunk, peer, outcome, expected, moves);
    } else if (this.#contradictsLate(active, outcome)) {
      this.#contradicted(open.chunk, peer, outcome, moves);
    } else if (open.decided || open.hasHeard(peer) || this.#standings.isCaught(peer)) {
      this.tally.count(peer, 'late');
      open.forget(replica);
      this.#source.waiting.reconsider(open);
    } else {
      replica.state = outcome.type === 'failure' ? 'failed' : 'voted';
      this.#heard(open, peer, outcome, moves);
    }
    return this.#settled(moves);
  }

  disown(peer: PeerId): Settlement {
    const moves = new Moves();
    this.#withdraw(peer, moves);
    return this.#settled(moves);
  }

  expire(nowMs: number): number {
    const lapsed = this.#lapse(
      ({ replica }) => this.#book.isOverdue(replica, nowMs),
      (active) => this.#rests.begin(active, nowMs),
    );
    for (const { peer } of lapsed) {
      this.tally.count(peer, 'expired');
      this.#reliability.failed(peer);
    }
    return lapsed.length;
  }

  peerGone(peer: PeerId, except?: ReadonlySet<number>): number {
    this.#checks.worked(peer);
    const lapsed = this.#revoke(peer, except).length;
    if (lapsed > 0) this.tally.count(peer, 'expired', lapsed);
    return lapsed;
  }

  waitingForOthersThan(peers: readonly PeerId[]): number {
    const able = peers.filter((peer) => !this.#standings.isCaught(peer));
    return this.#source.waiting.waitingForOthersThan(able);
  }

  /** A failure is no lie, and no pass. */
  #checked(chunk: number, peer: PeerId, outcome: Said, expected: Digest, moves: Moves): void {
    if (outcome.type === 'failure') {
      this.#evidence.refute([peer]);
      return this.#countFailure(peer, outcome.failure.kind);
    }
    const isRight = outcome.digest === expected;
    this.tally.totals.evidence[isRight ? 'checkPassed' : 'checkFailed'] += 1;
    if (!isRight) return this.#contradicted(chunk, peer, outcome, moves);
    this.tally.count(peer, 'accepted');
    this.#accepted.join(chunk, peer);
    this.#passed(peer);
  }

  /**
   * Whether a result that comes after its chunk was accepted, on others' word, says something else:
   * it is heard as one of a check is. One that agrees is no pass, since its peer may have been told
   * that nobody waits for it, and could be right wherever it is.
   */
  #contradictsLate({ open, replica }: Active, outcome: Said): outcome is Value {
    const accepted = replica.state === 'revoked' ? this.#accepted.get(open.chunk) : undefined;
    if (accepted === undefined || outcome.type !== 'result') return false;
    const { peer } = replica;
    if (this.#standings.isCaught(peer) || accepted.peers.includes(peer)) return false;
    return accepted.digest !== outcome.digest;
  }

  /** Either it is wrong or what was accepted is: others decide, and who is wrong is caught. */
  #contradicted(chunk: number, peer: PeerId, last: Value, moves: Moves): void {
    const acceptance = this.#accepted.get(chunk);
    if (acceptance === undefined) return;
    if (this.#evidence.suffices(acceptance.peers, [peer])) {
      this.tally.count(peer, 'lost');
      return this.#caught({ peer, chunk, digest: last.digest, expected: acceptance.digest }, moves);
    }
    this.#accepted.delete(chunk);
    const open = this.#reopen(acceptance, peer, moves);
    open.vote(peer, last.digest);
    this.#votes.add(peer, open);
    this.#settle(open, moves, last);
  }

  #heard(open: OpenChunk, peer: PeerId, outcome: Said, moves: Moves): void {
    this.#choice.moved();
    if (outcome.type === 'failure') {
      this.#countFailure(peer, outcome.failure.kind);
      open.fail(peer, outcome.failure);
      this.#votes.add(peer, open);
      return this.#settle(open, moves);
    }
    const wasDisputed = open.groups.length > 1;
    open.vote(peer, outcome.digest);
    if (!wasDisputed && open.groups.length > 1) this.#disputesEver += 1;
    this.#votes.add(peer, open);
    if (open.stored === undefined) moves.keep(open, outcome);
    this.#settle(open, moves, outcome);
  }

  /** One after the other, and not each from within another: they may be thousands. */
  #settled(moves: Moves): Settlement {
    for (const unsettled of this.#unsettled) {
      this.#unsettled.delete(unsettled);
      this.#settle(unsettled, moves);
    }
    return moves.settlement;
  }

  /** @param last whose value is at hand */
  #settle(open: OpenChunk, moves: Moves, last?: Value): void {
    if (open.decided) return;
    const failure = open.commonFailure((peers) =>
      this.#evidence.failureSuffices(open, peers, this.chunks),
    );
    if (failure !== undefined) return moves.fail(failure);
    const judgement = this.#evidence.judge(open);
    if (judgement.type === 'given-up') return moves.fail(open.dispute(0));
    const group = judgement.type === 'accepted' ? open.groups[judgement.group] : undefined;
    if (group !== undefined && group.digest === last?.digest) moves.keep(open, last);
    // Strangers alone decide nothing once they could be known: a name is caught, and another comes.
    const isKnown = group?.peers.some((peer) => !this.#strangers.has(peer)) === true;
    if (group !== undefined && isKnown && group.digest === open.stored) {
      return this.#accept(open, group, moves);
    }
    // A value that was not kept has to come once more, from whoever has it.
    if (group !== undefined && group.digest !== open.stored) open.askAgain(group);
    this.#source.waiting.reconsider(open);
  }

  #accept(open: OpenChunk, group: Group, moves: Moves): void {
    const { digest, peers } = group;
    this.#source.decided(open);
    const revoked = this.#book.decide(open);
    this.#source.waiting.reconsider(open);
    this.#accepted.add(open.chunk, digest, peers);
    moves.accept(open.chunk, revoked);
    this.tally.totals.revoked += revoked.length;
    this.tally.totals.chunksAccepted += 1;
    this.#checks.verified.add(open.chunk, digest, open.holders);
    this.#votes.end(open);
    this.#evidence.refute(open.failedAt);
    const wrong = open.wrongIf(digest);
    for (const peer of peers) this.tally.count(peer, 'accepted');
    for (const { peer } of wrong) this.tally.count(peer, 'lost');
    for (const peer of this.#evidence.proven(peers)) this.#passed(peer);
    for (const each of wrong) this.#caught(each, moves);
  }

  #passed(peer: PeerId): void {
    if (this.#standings.isCaught(peer)) return;
    this.#standings.pass(peer);
    for (const open of this.#votes.of(peer)) this.#unsettled.add(open);
  }

  #caught(wrong: WrongResult, moves: Moves): void {
    const { peer } = wrong;
    if (peer === this.#spec.requester || this.#standings.isCaught(peer)) return;
    this.#standings.catch(peer, whyWrong(this.job, wrong));
    this.tally.totals.evidence.caught += 1;
    moves.catch(wrong);
    this.#withdraw(peer, moves);
  }

  /** It has said nothing. */
  #withdraw(peer: PeerId, moves: Moves): void {
    for (const replica of this.#revoke(peer)) moves.revoke(replica);
    for (const open of this.#votes.withdraw(peer)) this.#unsettled.add(open);
    const suffices = (others: readonly PeerId[]): boolean => this.#evidence.suffices(others);
    for (const fallen of this.#accepted.withdraw(peer, suffices)) {
      this.#reopen(fallen, peer, moves);
      this.tally.withdrawAccepted(peer);
    }
  }

  #reopen({ chunk, digest, peers }: Acceptance, without: PeerId, moves: Moves): OpenChunk {
    this.#choice.moved();
    this.#checks.verified.delete(chunk);
    this.tally.totals.evidence.reopened += 1;
    const open = OpenChunk.reopened(chunk, digest, peers, without);
    for (const peer of peers) {
      this.#votes.add(peer, open);
      this.tally.withdrawAccepted(peer);
    }
    this.#source.reopen(open);
    moves.reopen(chunk);
    this.#source.waiting.reconsider(open);
    return open;
  }

  #countFailure(peer: PeerId, kind: keyof Totals['failures']): void {
    this.tally.count(peer, 'failed');
    this.#reliability.failed(peer);
    this.tally.totals.failures[kind] += 1;
  }

  /** All leases of a peer, for good. */
  #revoke(peer: PeerId, except?: ReadonlySet<number>): Replica[] {
    return this.#lapse(
      ({ replica }) => replica.peer === peer && except?.has(replica.lease) !== true,
      ({ open, replica }) => open.forget(replica),
    );
  }

  #lapse(which: (active: Active) => boolean, mark: (active: Active) => void): Replica[] {
    const lapsed: Replica[] = [];
    for (const active of this.#book.releaseAll(which)) {
      const { open, replica } = active;
      this.#checks.end(replica.lease);
      // Revoked when the chunk was decided: nobody waits for it, and it is nobody's fault.
      if (replica.state !== 'active') continue;
      lapsed.push(replica);
      mark(active);
      this.#source.waiting.reconsider(open);
    }
    return lapsed;
  }
}
