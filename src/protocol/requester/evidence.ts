/**
 * The evidence for each result of one job: what the votes on a chunk weigh (`credibility.ts`), by
 * what the requester has seen of those who gave them (`standings.ts`).
 */

import type { PeerId } from '../../model/ids.ts';
import type { CredibilityTrust } from '../../model/job.ts';
import { groupCredibility, ownWeight, weightLacking, weightOf } from './credibility.ts';
import type { OpenChunk } from './open-chunk.ts';
import type { Standings } from '../standings.ts';

/**
 * After so many votes most should agree, however many lie: else results differ from machine to
 * machine.
 */
const HEARD_MIN = 32;

export type Judgement =
  /** The group at this index is believed. */
  | { readonly type: 'accepted'; readonly group: number }
  | { readonly type: 'open' }
  | { readonly type: 'given-up' };

export class Evidence {
  readonly #self: PeerId;
  readonly #trust: CredibilityTrust;
  readonly #standings: Standings;
  readonly #canCheck: () => boolean;
  /** As many as compute for one job, at most. */
  readonly #refuted = new Set<PeerId>();

  /** @param canCheck whether enough chunks are verified to check peers with */
  constructor(
    self: PeerId,
    trust: CredibilityTrust,
    standings: Standings,
    canCheck: () => boolean = () => true,
  ) {
    this.#self = self;
    this.#canCheck = canCheck;
    this.#trust = trust;
    this.#standings = standings;
  }

  /** The odds that a result of the peer is right. Who was caught says nothing either way. */
  weight(peer: PeerId): number {
    if (peer === this.#self) return ownWeight;
    if (this.#standings.isCaught(peer)) return 1;
    return weightOf(this.#standings.passed(peer), this.#trust);
  }

  /** Whether these peers alone are believed, against those who contradict them. */
  suffices(peers: readonly PeerId[], against: readonly PeerId[] = []): boolean {
    const others = against.length === 0 ? 0 : this.#product(against);
    return weightLacking(this.#product(peers), others, this.#trust.errorRate) <= 1;
  }

  /**
   * Whether it is believed that a chunk fails, by those who say so and against all who returned a
   * result of it. That ends the whole job, and any of its chunks may be lied about: so all of them
   * together must be as unlikely to end it wrongly as one is to have a wrong result.
   */
  failureSuffices(open: OpenChunk, peers: readonly PeerId[], chunks: number): boolean {
    if (peers.includes(this.#self)) return true;
    const saying = peers.filter((peer) => !this.#refuted.has(peer) && this.#isHeard(peer));
    const others = open.groups.reduce((sum, group) => sum + this.#product(group.peers), 0);
    const errorRate = this.#trust.errorRate / Math.max(chunks, 1);
    return weightLacking(this.#product(saying), others, errorRate) <= 1;
  }

  /** They failed at what others could compute: none of them is believed that a chunk fails. */
  refute(failed: readonly PeerId[]): void {
    for (const peer of failed) this.#refuted.add(peer);
  }

  /** Those whose result the others' prove without it, which is as good as a check. */
  proven(peers: readonly PeerId[]): PeerId[] {
    return peers.filter(
      (peer) => peer !== this.#self && this.suffices(peers.filter((other) => other !== peer)),
    );
  }

  judge(open: OpenChunk): Judgement {
    const weights = open.groups.map(({ peers }) => this.#product(peers));
    const best = indexOfMax(weights);
    if (best >= 0 && groupCredibility(weights, best) >= 1 - this.#trust.errorRate) {
      return { type: 'accepted', group: best };
    }
    return this.#isHopeless(open) ? { type: 'given-up' } : { type: 'open' };
  }

  /**
   * The weight of the votes that a chunk still lacks, should all leases that are out agree with its
   * best group. 1 or less if they will do.
   */
  lacking(open: OpenChunk): number {
    let best = 0;
    let sum = 0;
    for (const { peers } of open.groups) {
      const weight = this.#product(peers);
      best = Math.max(best, weight);
      sum += weight;
    }
    const others = sum - best;
    const agreeing = Math.max(best, 1) * this.#promised(open);
    return weightLacking(agreeing, others, this.#trust.errorRate);
  }

  /** Names are free: once peers can be checked, strangers may not end a job. */
  #isHeard(peer: PeerId): boolean {
    if (peer === this.#self) return true;
    if (this.#standings.isCaught(peer)) return false;
    return !this.#canCheck() || this.#standings.passed(peer) >= 1;
  }

  #isHopeless({ groups }: OpenChunk): boolean {
    const sizes = groups.map(({ peers }) => peers.filter((peer) => this.#isHeard(peer)).length);
    const votes = sizes.reduce((sum, size) => sum + size, 0);
    return votes >= HEARD_MIN && 2 * Math.max(...sizes) < votes;
  }

  #promised(open: OpenChunk): number {
    let weight = 1;
    for (const { peer, state } of open.replicas) {
      if (state === 'active' && !open.hasHeard(peer)) weight *= this.weight(peer);
    }
    return weight;
  }

  #product(peers: readonly PeerId[]): number {
    return peers.reduce((product, peer) => product * this.weight(peer), 1);
  }
}

function indexOfMax(weights: readonly number[]): number {
  let best = -1;
  for (const [index, weight] of weights.entries()) {
    if (best < 0 || weight > (weights[best] ?? 0)) best = index;
  }
  return best;
}
