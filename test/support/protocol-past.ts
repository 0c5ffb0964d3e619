/** How far a job had come in an earlier process, as a test wants it. */

import type { JobPast } from '../../src/protocol/requester/job-past.ts';

export function pastOf(changes: Partial<JobPast> & Pick<JobPast, 'chunks'>): JobPast {
  return {
    splitEnded: true,
    frontier: changes.chunks,
    lastLease: 100,
    accepted: [],
    votes: [],
    stored: new Map(),
    leases: [],
    counts: new Map(),
    disputes: 0,
    caught: [],
    ...changes,
  };
}
