/**
 * When is a chunk's result believed? Here: when N different peers returned equal digests. Replicas
 * are grouped by digest; the first group of N becomes canonical. While groups disagree, more
 * replicas are asked for, up to a bound, past which the chunk is given up: its results then most
 * likely differ from machine to machine, and no number of replicas would settle it.
 *
 * The alternative, a majority of all replicas, needs more work for the same evidence: with equal
 * groups it can never be sure that the next replica would not tip them. Credibility (Sarmenta 2001)
 * will take this module's place behind the same question.
 */

/** What is known of one chunk. */
export type Ballot = {
  /** Sizes of the result groups, each counting different peers. */
  readonly groups: readonly number[];
  /** Peers that failed. A failure is never a vote. */
  readonly failures: number;
};

export type Verdict =
  /** The group at this index is canonical. */
  | { readonly type: 'accepted'; readonly group: number }
  /** At least this many more replicas are needed, those already leased included. */
  | { readonly type: 'open'; readonly replicasNeeded: number }
  /** The bound is reached without agreement. */
  | { readonly type: 'given-up' };

export function judge(ballot: Ballot, quorum: number): Verdict {
  let best = -1;
  let votes = 0;
  for (const [index, size] of ballot.groups.entries()) {
    votes += size;
    if (size > (ballot.groups[best] ?? 0)) best = index;
  }
  const bestSize = ballot.groups[best] ?? 0;
  if (bestSize >= quorum) return { type: 'accepted', group: best };
  if (votes + ballot.failures >= replicasMax(quorum)) return { type: 'given-up' };
  return { type: 'open', replicasNeeded: quorum - bestSize };
}

/** Replicas beyond three quorums. */
const STRAY_MAX = 10;

/**
 * Replicas of one chunk before it is given up: three quorums, to outlast two of colluders, and some
 * more for those who lie each in a way of his own. With a fifth of such a chunk that wants two
 * equal results is given up once in 2 * 10^9 (`R (1-p) p^(R-1)`, R = 16); with 7 replicas it was
 * once in 3,000. A job that is not deterministic still ends soon.
 */
export function replicasMax(quorum: number): number {
  return 3 * quorum + STRAY_MAX;
}
