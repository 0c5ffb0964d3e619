/** The chunks of a job under audit: what was accepted of each, and whether that is believed. */

import type { Equivalent } from '../ports.ts';
import { type Digest, type PeerId, short, shortBeside } from '../model/ids.ts';
import { type JobSpec, trustNeeded } from '../model/job.ts';
import type { SaidReplica } from '../wire/statement-codec.ts';
import { AuditEquivalents } from './audit-equivalents.ts';
import type { Findings } from './audit-findings.ts';
import type { AuditPeers } from './audit-peers.ts';
import { AuditPolicy, type Belief } from './audit-policy.ts';
import { ChunkVotes } from './chunk-votes.ts';

/** Who signed something else than what was accepted. */
export type Dissent = {
  readonly chunk: number;
  readonly peer: PeerId;
  readonly digest: Digest;
  readonly accepted: Digest;
  /** The requester has caught it. */
  readonly isCaught: boolean;
  /** The result is the accepted one, but of other work. */
  readonly isOfOtherWork: boolean;
};

export type ChunksVerdict = {
  /** Chunks whose result is believed by what was signed of it. */
  readonly believed: number;
  /** Signatures of different peers for a chunk's result, over all chunks. */
  readonly leastSignatures: number;
  readonly medianSignatures: number;
  /** The least of all chunks; only where the job believes on evidence. */
  readonly leastCredibility?: number;
  /** Chunks of which one signature is the requester's own. */
  readonly ownSignatures: number;
  /** The first ones. */
  readonly dissents: readonly Dissent[];
  readonly dissentsTotal: number;
  readonly dissenters: number;
};

type Value = Extract<SaidReplica['said'], { type: 'digest' }>;

/** As many as are told of. */
const DISSENTS_MAX = 20;

export class AuditChunks {
  readonly #spec: JobSpec;
  readonly #peers: AuditPeers;
  readonly #findings: Findings;
  readonly #votes: ChunkVotes;
  readonly #policy: AuditPolicy;
  readonly #equivalents = new AuditEquivalents();
  /** Chunks whose best group is not the first one. */
  readonly #bestGroups = new Map<number, number>();
  readonly #counts = new Map<number, number>();
  readonly #dissents: Dissent[] = [];
  readonly #dissenters = new Set<number>();
  #dissentsTotal = 0;
  #believed = 0;
  #own = 0;
  #leastCredibility = 1;
  #isJudged = false;

  constructor(spec: JobSpec, digests: Buffer, peers: AuditPeers, findings: Findings) {
    this.#spec = spec;
    this.#peers = peers;
    this.#findings = findings;
    this.#votes = new ChunkVotes(digests);
    this.#policy = new AuditPolicy(spec, peers.voters);
  }

  get count(): number {
    return this.#votes.chunks;
  }

  /** @returns why it is none; undefined if it is one */
  addEquivalent(equivalent: Equivalent): string | undefined {
    if (this.#spec.comparison !== 'equals') return 'the job has no such function';
    const { chunk } = equivalent;
    if (chunk >= this.count) return `there is no chunk ${chunk}`;
    return this.#equivalents.add(equivalent) ? undefined : 'it is out of its order';
  }

  /**
   * @param replica of a chunk that there is
   * @returns false for what it has said already
   */
  vote(peer: number, { chunk, lease }: SaidReplica, { digest: signed, work }: Value): boolean {
    const counted = this.#equivalents.of(chunk, signed);
    return this.#votes.add(chunk, { peer, lease }, counted, work);
  }

  /** Of the group that speaks for the accepted result; undefined if nobody does. */
  workOf(chunk: number): Digest | undefined {
    this.#judge();
    return this.#votes.work(chunk, this.#bestGroups.get(chunk) ?? 0);
  }

  get verdict(): ChunksVerdict {
    this.#judge();
    const isOnEvidence = trustNeeded(this.#spec).credibility !== undefined;
    return {
      believed: this.#believed,
      leastSignatures: this.count === 0 ? 0 : Math.min(...this.#counts.keys()),
      medianSignatures: median(this.#counts),
      ...(isOnEvidence && { leastCredibility: this.#leastCredibility }),
      ownSignatures: this.#own,
      dissents: this.#dissents,
      dissentsTotal: this.#dissentsTotal,
      dissenters: this.#dissenters.size,
    };
  }

  /** Once, when all votes are in. */
  #judge(): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    for (let chunk = 0; chunk < this.count; chunk += 1) this.#judgeChunk(chunk);
  }

  #judgeChunk(chunk: number): void {
    const votes = this.#votes.of(chunk);
    const accepted = this.#votes.accepted(chunk);
    const isAccepted = (group: number): boolean =>
      group === 0 || this.#votes.result(chunk, group) === accepted;
    const belief = this.#policy.judge(votes, isAccepted);
    const { group, signatures, credibility = 1 } = belief;
    if (group !== undefined && group !== 0) this.#bestGroups.set(chunk, group);
    this.#counts.set(signatures, (this.#counts.get(signatures) ?? 0) + 1);
    this.#leastCredibility = Math.min(this.#leastCredibility, credibility);
    if (belief.isBelieved) this.#believed += 1;
    else this.#findings.add('evidence', this.#lacking(chunk, belief), { chunk });
    let isOwn = false;
    for (const vote of votes) {
      if (vote.group === (group ?? 0)) isOwn ||= this.#isRequester(vote.peer);
      else this.#dissent(chunk, vote.peer, vote.group, accepted);
    }
    if (isOwn) this.#own += 1;
  }

  #isRequester(peer: number): boolean {
    return this.#peers.peer(peer) === this.#spec.requester;
  }

  #lacking(chunk: number, { signatures, credibility }: Belief): string {
    const { quorum, credibility: trust } = trustNeeded(this.#spec);
    const result = `Chunk ${chunk}: its accepted result ${short(this.#votes.accepted(chunk))}`;
    const has = `${signatures} ${signatures === 1 ? 'signature' : 'signatures'}`;
    const text =
      trust === undefined
        ? `${result} has ${has}, and ${quorum} ${quorum === 1 ? 'is' : 'are'} needed.`
        : `${result} has ${has}, which make it ${roundedDown(credibility ?? 0)} credible, and ` +
          `${1 - trust.errorRate} is needed.`;
    return `${text}${this.#insteadText(chunk)}`;
  }

  /** Where chunks were swapped, that says it. */
  #insteadText(chunk: number): string {
    const peers = new Map<Digest, Set<number>>();
    for (const { group, peer } of this.#votes.of(chunk)) {
      const result = this.#votes.result(chunk, group);
      if (result === this.#votes.accepted(chunk)) continue;
      peers.set(result, (peers.get(result) ?? new Set()).add(peer));
    }
    const [most] = [...peers].sort(([, a], [, b]) => b.size - a.size);
    if (most === undefined) return '';
    const [result, { size }] = most;
    const shown = shortBeside(result, this.#votes.accepted(chunk));
    return ` ${size} ${size === 1 ? 'peer has' : 'peers have'} signed ${shown} instead.`;
  }

  #dissent(chunk: number, peer: number, group: number, accepted: Digest): void {
    this.#dissentsTotal += 1;
    this.#dissenters.add(peer);
    const id = this.#peers.peer(peer);
    if (this.#dissents.length >= DISSENTS_MAX || id === undefined) return;
    const result = this.#votes.result(chunk, group);
    const isCaught = this.#peers.isCaught(peer);
    const isOfOtherWork = result === accepted;
    this.#dissents.push({ chunk, peer: id, digest: result, accepted, isCaught, isOfOtherWork });
  }
}

/** @param counts how often each number occurs */
function median(counts: ReadonlyMap<number, number>): number {
  const total = counts.values().reduce((sum, count) => sum + count, 0);
  let before = 0;
  for (const [number, count] of [...counts].sort(([a], [b]) => a - b)) {
    before += count;
    if (2 * before >= total) return number;
  }
  return 0;
}

/** Never shown as enough when it is not. */
function roundedDown(credibility: number): number {
  return Math.floor(credibility * 1e6) / 1e6;
}
