/**
 * What a volunteer has at hand, and how it keeps its slots busy with it: which job's chunks go to
 * the sandbox next, and how many leases more are asked for. A job that can't be run now keeps no
 * slot from the others, however many of its leases wait here.
 */

import type { Effect } from '../events.ts';
import type { Engagements } from './engagements.ts';
import { runSize, runsWanted } from './lease-demand.ts';
import { Runs } from './runs.ts';
import type { VolunteerJob } from './volunteer-job.ts';

export type WorkbenchParts = {
  /** Threads that compute. */
  readonly slots: number;
  readonly jobs: Engagements;
  /** Whether chunks of the job can be computed now. */
  readonly isReady: (job: VolunteerJob) => boolean;
  /** Whether so much of it waits for its requester that no more is to be begun. */
  readonly isFull: (job: VolunteerJob) => boolean;
  /** Whether leases of it are still wanted. */
  readonly isWanted: (job: VolunteerJob) => boolean;
};

export class Workbench {
  readonly runs = new Runs();
  readonly #parts: WorkbenchParts;

  constructor(parts: WorkbenchParts) {
    this.#parts = parts;
  }

  /** Before anything else: what has expired, and which jobs can be run now. */
  look(nowMs: number): void {
    const { jobs, isReady, isFull } = this.#parts;
    for (const job of jobs.all) {
      job.expire(nowMs);
      if (job.restUntilMs <= nowMs) job.restUntilMs = 0;
      job.look(isReady(job) && job.restUntilMs === 0 && !isFull(job), nowMs);
    }
  }

  /**
   * Tops up what is at hand of all jobs together, in halves, so that asks are few and frames are
   * full. Leases that wait here behind other jobs' would be late, and nobody else could have them.
   */
  ask(nowMs: number): Effect[] {
    const { slots, jobs, isWanted } = this.#parts;
    const effects: Effect[] = [];
    let missing = 1 - jobs.sum((job) => shareAtHand(job, slots, nowMs));
    for (const job of jobs.all) {
      if (job.stalledAtMs !== undefined || !isWanted(job)) continue;
      const wanted = job.wanted(slots);
      const share = Math.min(missing, 1 - (job.held + job.demanded) / wanted);
      if (share < 1 / 2) continue;
      effects.push(job.ask(Math.ceil(share * wanted), nowMs));
      missing -= share;
    }
    return effects;
  }

  /**
   * Fills the sandbox, one run of each job in turn. A job whose turn it is waits for room, and the
   * others with it: long chunks, which need a slot to be free, would never start beside short ones,
   * which are queued ahead of the slots.
   */
  dispatch(): Effect[] {
    const { slots, jobs } = this.#parts;
    const effects: Effect[] = [];
    for (let job = this.#next(); job !== undefined; job = this.#next()) {
      const mean = job.chunkMs.value;
      if (this.runs.size >= runsWanted(slots, mean)) break;
      jobs.putLast(job);
      effects.push(this.runs.begin(job, job.take(runSize(mean, job.resultBytes.value))));
    }
    return effects;
  }

  /** The job whose turn it is, of those that have something to run. */
  #next(): VolunteerJob | undefined {
    for (const job of this.#parts.jobs.all) {
      if (job.queued > 0 && job.stalledAtMs === undefined) return job;
    }
    return undefined;
  }
}

/** Of what this peer wants to have at hand: held, or on its way, and of use now. */
function shareAtHand(job: VolunteerJob, slots: number, nowMs: number): number {
  const waiting = job.queued + job.coming(nowMs);
  return (job.running + (job.stalledAtMs === undefined ? waiting : 0)) / job.wanted(slots);
}
