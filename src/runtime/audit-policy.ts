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
import { ownWeight, weightOf } from '../protocol/requester/credibility.ts';
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
/** Of a group: where hundreds have signed the same, their product would be no number any more. */
const GROUP_WEIGHT_MAX = 1e290;

type Group = {
  readonly number: number;
  readonly isAccepted: boolean;
  signatures: number;
  weight: number;
};

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

  /**
   * In one go over the votes, however many there are.
   * @param isAccepted whether a group has the accepted result
   */
  judge(votes: readonly ChunkVote[], isAccepted: (group: number) => boolean): Belief {
    const groups = new Map<number, Group>();
    const seen = new Set<number>();
    let best: Group | undefined;
    /** Of all groups but the best one. */
    let others = 0;
    let doubt = 1;
    for (const { peer, group: number } of votes) {
      if (seen.has(peer) || this.#isVoid(peer)) continue;
      seen.add(peer);
      const known = groups.get(number);
      const group = known ?? { number, isAccepted: isAccepted(number), signatures: 0, weight: 0 };
      if (known === undefined) groups.set(number, group);
      const before = group.weight;
      this.#join(group, peer);
      if (group.isAccepted && group !== best && group.weight > (best?.weight ?? 0)) {
        others += (best?.weight ?? 0) - before;
        best = group;
      } else if (group !== best) {
        others += group.weight - before;
      }
      // One more party says that nobody is right, with a weight of 1.
      doubt = Math.min(doubt, (1 + others) / (1 + others + (best?.weight ?? 0)));
    }
    const found = { group: best?.number, signatures: best?.signatures ?? 0 };
    if (this.#trust === undefined) {
      return { isBelieved: found.signatures >= this.#quorum, ...found };
    }
    const isBelieved = doubt <= this.#trust.errorRate * (1 + ROUNDING);
    return { isBelieved, ...found, credibility: 1 - doubt };
  }

  /** Who was caught has said nothing, to who asks for evidence. */
  #isVoid(peer: number): boolean {
    return this.#trust !== undefined && this.#voters[peer]?.isCaught === true;
  }

  #join(group: Group, peer: number): void {
    const weight = this.#weights[peer] ?? 1;
    group.signatures += 1;
    if (this.#trust === undefined) group.weight = group.signatures;
    else group.weight = Math.min(Math.max(group.weight, 1) * weight, GROUP_WEIGHT_MAX);
  }
}
