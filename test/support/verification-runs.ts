/** Runs of `verification.ts` with each of the tables, for its tests and `bench/verification.ts`. */

import type { PeerId } from '../../src/model/ids.ts';
import type { CredibilityTrust } from '../../src/model/job.ts';
import { EvidenceTable } from '../../src/protocol/requester/evidence-table.ts';
import { LeaseTable } from '../../src/protocol/requester/lease-table.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { Reliability } from '../../src/protocol/requester/reliability.ts';
import { VolunteerNetworks } from '../../src/protocol/requester/volunteer-networks.ts';
import { Standings } from '../../src/protocol/standings.ts';
import { emptyTotals } from '../../src/protocol/requester/tally.ts';
import { jobNumbered, specOf } from './protocol-fixtures.ts';
import { type VerificationFigures, verification } from './verification.ts';
import { BoincTable } from './verification-boinc.ts';
import { Crowd, honest, lying } from './verification-crowd.ts';

export type Size = { readonly seed: number; readonly peers: number; readonly chunks: number };

export type EvidenceOptions = {
  readonly seed: number;
  readonly crowd: Crowd;
  readonly chunks: number;
  readonly trust: CredibilityTrust;
  /** What the requester has seen before. */
  readonly standings?: Standings;
  /** Whether the caught come back under new names; they do unless names are scarce. */
  readonly renamed?: boolean;
};

/** By what has been seen of each peer. */
export function byEvidence(options: EvidenceOptions): VerificationFigures {
  const { seed, crowd, chunks, trust, standings = new Standings() } = options;
  const spec = specOf({ trust: { quorum: 1, credibility: trust } });
  const random = createRandom(seed + 1);
  const parts = {
    trust,
    totals: emptyTotals(),
    standings,
    reliability: new Reliability(),
    networks: new VolunteerNetworks(),
    random,
    order: random,
  };
  return verification({
    table: new EvidenceTable(jobNumbered(1), spec, parts),
    random: createRandom(seed),
    crowd,
    chunks,
    renamed: options.renamed ?? trust.identities === 'free',
    isCaught: (peer) => standings.isCaught(peer),
  });
}

/** By as many equal results. */
export function byQuorum(
  quorum: number,
  { seed, chunks }: Size,
  crowd: Crowd,
): VerificationFigures {
  const table = new LeaseTable(jobNumbered(1), specOf({ trust: { quorum } }), emptyTotals());
  const random = createRandom(seed);
  return verification({ table, random, crowd, chunks, renamed: false, isCaught: nobody });
}

/** By BOINC's adaptive replication. */
export function byBoinc({ seed, chunks }: Size, crowd: Crowd): VerificationFigures {
  const table = new BoincTable(createRandom(seed + 1));
  const random = createRandom(seed);
  return verification({ table, random, crowd, chunks, renamed: false, isCaught: nobody });
}

/** @param faulty the share of peers that lie in `rate` of their results */
export function saboteurs(peers: number, faulty: number, rate: number): Crowd {
  const count = Math.round(peers * faulty);
  return new Crowd().join(count, lying(rate)).join(peers - count, honest);
}

/** Of peers that have passed so many spot-checks each. */
export function knowing({ members }: Crowd, passed: number): Standings {
  return new Standings(members.map(({ peer }) => ({ peer, passed, isCaught: false, seenAtMs: 0 })));
}

function nobody(_peer: PeerId): boolean {
  return false;
}
