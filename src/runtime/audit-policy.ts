/**
 * Was a chunk's result believed rightly? By what peers have signed, and by what the job's trust
 * asks for. Pure.
 *
 * With an error rate, a result is believed at the moment when its group reaches the bound, and what
 * others sign later changes nothing (`evidence-table.ts` hears no vote on a chunk that is decided).
 * So the votes are gone through in the order in which they were kept.
 */

import type { CredibilityTrust, JobSpec } from '../model/job.ts';
import { trustNeeded } from '../model/job.ts';
import { groupCredibility, ownWeight, weightOf } from '../protocol/credibility.ts';
import type { ChunkVote } from './chunk-votes.ts';

/** What the requester says of those who signed, by their number. */
export type Voter = {
  readonly isRequester: boolean;
  readonly isCaught: boolean;
  readonly passed: number;
};

export type Belief = {
  readonly isBelieved: boolean;
  /** Of the groups with the accepted result the one that most is said for; none: undefined. */
  readonly group: number | undefined;
  /** Different peers in it. */
  readonly signatures: number;
  /** The best that it reached; only where the job believes on evidence. */
  readonly credibility?: number;
};

/** Sums of the same weights in another order differ in their last digits. */
const ROUNDING = 1e-6;

export class AuditPolicy {
  readonly #quorum: number;
  readonly #trust: CredibilityTrust | undefined;
  readonly #voters: readonly Voter[];
  readonly #weights: readonly number[];

  constructor(spec: JobSpec, voters: readonly Voter[]) {
    const { quorum, credibility } = trustNeeded(spec);
    this.#quorum = quorum;
    this.#trust = credibility;
    this.#voters = voters;
    this.#weights = voters.map(({ isRequester, passed }) => {
      if (credibility === undefined) return 1;
      return isRequester ? ownWeight : weightOf(passed, credibility);
    });
  }

  /** @param isAccepted whether a group has the accepted result */
  judge(votes: readonly ChunkVote[], isAccepted: (group: number) => boolean): Belief {
    const groups = new Map<number, number[]>();
    const seen = new Set<number>();
    let credibility = 0;
    for (const { peer, group } of votes) {
      if (seen.has(peer) || this.#isVoid(peer)) continue;
      seen.add(peer);
      const peers = groups.get(group);
      if (peers === undefined) groups.set(group, [peer]);
      else peers.push(peer);
      if (this.#trust !== undefined) {
        credibility = Math.max(credibility, this.#credibility(groups, isAccepted));
      }
    }
    const best = this.#best(groups, isAccepted);
    const signatures = groups.get(best ?? -1)?.length ?? 0;
    if (this.#trust === undefined) {
      return { isBelieved: signatures >= this.#quorum, group: best, signatures };
    }
    const doubt = this.#trust.errorRate * (1 + ROUNDING);
    return { isBelieved: 1 - credibility <= doubt, group: best, signatures, credibility };
  }

  /** Who was caught has said nothing, to who asks for evidence. */
  #isVoid(peer: number): boolean {
    return this.#trust !== undefined && this.#voters[peer]?.isCaught === true;
  }

  #credibility(
    groups: ReadonlyMap<number, readonly number[]>,
    isAccepted: (group: number) => boolean,
  ): number {
    const keys = [...groups.keys()];
    const best = this.#best(groups, isAccepted);
    const weights = keys.map((group) => this.#weightOf(groups.get(group) ?? []));
    return best === undefined ? 0 : groupCredibility(weights, keys.indexOf(best));
  }

  #best(
    groups: ReadonlyMap<number, readonly number[]>,
    isAccepted: (group: number) => boolean,
  ): number | undefined {
    let best: number | undefined;
    let most = 0;
    for (const [group, peers] of groups) {
      const weight = this.#trust === undefined ? peers.length : this.#weightOf(peers);
      if (!isAccepted(group) || weight <= most) continue;
      best = group;
      most = weight;
    }
    return best;
  }

  #weightOf(peers: readonly number[]): number {
    return peers.reduce((product, peer) => product * (this.#weights[peer] ?? 1), 1);
  }
}
