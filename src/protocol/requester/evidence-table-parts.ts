/** What a table that believes on evidence shares with those of the requester's other jobs. */

import type { CredibilityTrust } from '../../model/job.ts';
import type { Random } from '../random.ts';
import type { Reliability } from './reliability.ts';
import type { Standings } from '../standings.ts';
import type { Totals } from './tally.ts';
import type { VolunteerNetworks } from './volunteer-networks.ts';

export type EvidenceTableParts = {
  readonly trust: CredibilityTrust;
  readonly totals: Totals;
  readonly standings: Standings;
  readonly reliability: Reliability;
  readonly networks: VolunteerNetworks;
  readonly random: Random;
  /** In which fresh chunks are leased. */
  readonly order: Random;
};
