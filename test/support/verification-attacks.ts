/**
 * Attacks on what a requester believes, each by a fifth of the peers unless it says otherwise, at
 * an error rate of 1e-3 and names that cost nothing. `docs/trust.md` tells what comes of them.
 */

import type { CredibilityTrust } from '../../src/model/job.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { Standings } from '../../src/protocol/standings.ts';
import type { VerificationFigures } from './verification.ts';
import {
  type Conduct,
  Crowd,
  honest,
  lying,
  lyingAboveAllSeen,
  lyingAbout,
  lyingFirst,
  turningAfter,
} from './verification-crowd.ts';
import { byEvidence, type Size } from './verification-runs.ts';

const FAULTY = 0.2;

const trust: CredibilityTrust = { errorRate: 1e-3, assumeFaulty: FAULTY, identities: 'free' };

/** Honest for so many results, then wrong in all. */
export function earnThenCheat(size: Size, results: number): VerificationFigures {
  return attack(size, turningAfter(results, 'wrong'));
}

/** Honest in a small job, wrong in a large one of the same requester. */
export function cheatOnLargeJobs({ seed, peers, chunks }: Size): VerificationFigures {
  let isLarge = false;
  const crowd = crowdOf(peers, () => (isLarge ? 'wrong' : 'right'));
  const standings = new Standings();
  byEvidence({ seed, crowd, chunks: chunks / 5, trust, standings });
  isLarge = true;
  return byEvidence({ seed: seed + 2, crowd, chunks, trust, standings });
}

/** Honest until most is done. Nothing that comes later finds out who lied at the end. */
export function cheatAtTheEnd(size: Size, share: number): VerificationFigures {
  return attack(
    size,
    lyingAbout((chunk) => chunk >= size.chunks * (1 - share)),
  );
}

/** As many again join peers that are known from an earlier job. */
export function sybilsJoin({ seed, peers, chunks }: Size): VerificationFigures {
  const crowd = new Crowd().join(peers, honest);
  const standings = new Standings();
  byEvidence({ seed, crowd, chunks, trust, standings });
  crowd.join(peers, lying(1));
  return byEvidence({ seed: seed + 2, crowd, chunks, trust, standings });
}

/** The same where nobody is known: half of all peers lie, where a fifth are assumed to. */
export function sybilsAtFirst({ seed, peers, chunks }: Size): VerificationFigures {
  const crowd = new Crowd().join(peers, honest).join(peers, lying(1));
  return byEvidence({ seed, crowd, chunks, trust });
}

/** Wrong in all, and back under a new name when caught. */
export function whitewash(size: Size): VerificationFigures {
  return attack(size, lying(1));
}

/** The same, and a new name for each result. */
export function whitewashAtOnce(size: Size): VerificationFigures {
  return attack(size, lying(1), true);
}

/** They lie about a few chunks that they have agreed on, and are honest otherwise. */
export function colludeOn(size: Size, isTarget: (chunk: number) => boolean): VerificationFigures {
  return attack(size, lyingAbout(isTarget));
}

/** They lie together about whatever they are given first, before anything is verified. */
export function colludeAsNewcomers(size: Size): VerificationFigures {
  return attack(size, lyingFirst(1));
}

/** One owner computes each chunk once for all its names, and a share of them wrong. */
export function copy(size: Size, share: number): VerificationFigures {
  const random = createRandom(size.seed + 3);
  const wrong = new Set(
    Array.from({ length: size.chunks }, (_, chunk) => chunk).filter(() => random.next() < share),
  );
  return attack(
    size,
    lyingAbout((chunk) => wrong.has(chunk)),
  );
}

/** They lie only about chunks that can't be checks, as far as all of them together can tell. */
export function recogniseChecks(size: Size, rate: number): VerificationFigures {
  return attack(size, lyingAboveAllSeen(rate));
}

/** No result at all, after some right ones. */
export function refuse(
  size: Size,
  answer: 'failure' | 'silence',
  results = 0,
): VerificationFigures {
  return attack(size, turningAfter(results, answer));
}

/** They are caught at one requester, and try another one. */
export function twoRequesters({
  seed,
  peers,
  chunks,
}: Size): readonly [VerificationFigures, VerificationFigures] {
  const crowd = crowdOf(peers, lying(0.2));
  const first = byEvidence({ seed, crowd, chunks, trust });
  return [first, byEvidence({ seed: seed + 2, crowd, chunks, trust })];
}

export function nobodyAttacks(size: Size): VerificationFigures {
  return attack(size, honest);
}

function attack({ seed, peers, chunks }: Size, conduct: Conduct, isFickle = false) {
  return byEvidence({ seed, crowd: crowdOf(peers, conduct, isFickle), chunks, trust });
}

function crowdOf(peers: number, conduct: Conduct, isFickle = false): Crowd {
  const count = Math.round(peers * FAULTY);
  return new Crowd().join(count, conduct, isFickle).join(peers - count, honest);
}
