/** How many leases, for how long: the formulas, apart from the tables that use them. */

import type { JobId } from '../../model/ids.ts';
import { limits } from '../../model/limits.ts';
import type { JobTable } from './job-table.ts';

/**
 * Guided self-scheduling (Polychronopoulos and Kuck 1987): nobody is granted more than half of its
 * fair share of what is left, so that the tail is spread over all peers.
 *
 * @param demand leases the peer still wants
 * @param remaining replicas not yet leased; Infinity while more chunks are being split
 * @param askers peers that want leases, this one included
 */
export function grantSize(demand: number, remaining: number, askers: number): number {
  const share = Math.ceil(remaining / (2 * Math.max(askers, 1)));
  return Math.min(demand, Math.max(share, 1));
}

/**
 * How many chunks of a job may be open: what the others leave of the bound of all, or little.
 *
 * @param runs the requester's jobs, this one among them
 */
export function openRoom(job: JobId, runs: Iterable<OpenJob>): number {
  let room: number = limits.openChunksMax;
  for (const other of runs) if (other.job !== job) room -= other.table.open ?? 0;
  return Math.max(room, limits.openChunksEachMin);
}

type OpenJob = { readonly job: JobId; readonly table: Pick<JobTable, 'open'> };

/**
 * Leases whose peer's stream was lost are kept for it so long, and the peer keeps what waits in its
 * queue: time for a router to start again, for a laptop to change its network, and for both sides
 * to notice a stream that is silent. Meanwhile nobody waits for them: they are the first to be
 * leased twice when there is nothing else. A guess.
 */
export const CUT_MS_MAX = 30_000;
/** The same of a peer that was silent until it was given up: that took some 13 s already. */
export const SILENT_CUT_MS_MAX = 20_000;

/** A frame's journey and a scheduling hiccup on a busy machine; a guess. */
const LEASE_SLACK_MS = 10_000;

/** A uint32 on the wire: 49 days. */
const LEASE_MS_MAX = 2 ** 32 - 1;

/**
 * A lease lasts as long as the slowest chunk that its job allows, after a wait in the volunteer's
 * buffer. The wait is bounded by eight times the usual turnaround; a guess that errs on the long
 * side, because a twin (`lease-table.ts`) already cuts the tail short.
 *
 * @param turnaroundMs mean time from lease to result so far; undefined before the first
 */
export function leaseLengthMs(wallMsMax: number, turnaroundMs: number | undefined): number {
  const leaseMs = wallMsMax + LEASE_SLACK_MS + 8 * (turnaroundMs ?? wallMsMax / 8);
  return Math.min(Math.ceil(leaseMs), LEASE_MS_MAX);
}

/** No chunk is leased twice at once before this, however fast the others are; a guess. */
const TWIN_AFTER_MS_MIN = 500;

/** How old a lease in the tail must be before the chunk is leased again elsewhere. */
export function twinAfterMs(turnaroundMs: number | undefined): number {
  return turnaroundMs === undefined ? Infinity : Math.max(TWIN_AFTER_MS_MIN, 2 * turnaroundMs);
}
