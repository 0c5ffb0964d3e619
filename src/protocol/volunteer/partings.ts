/** How a volunteer parts with jobs: what it gives back, what it stops, which streams it closes. */

import type { JobId, PeerId } from '../../model/ids.ts';
import type { LeasedChunk } from '../../model/replica.ts';
import type { Deliveries } from './deliveries.ts';
import type { Engagements } from './engagements.ts';
import type { Effect } from '../events.ts';
import { CUT_MS_MAX } from '../requester/grant.ts';
import type { RequesterLinks } from './requester-links.ts';
import { returnTo } from './returns.ts';
import type { Runs } from './runs.ts';
import type { VolunteerJob } from './volunteer-job.ts';

export type PartingsParts = {
  readonly jobs: Engagements;
  readonly runs: Runs;
  readonly links: RequesterLinks;
  readonly deliveries: Deliveries;
};

export class Partings {
  readonly #parts: PartingsParts;

  constructor(parts: PartingsParts) {
    this.#parts = parts;
  }

  drop(job: VolunteerJob): Effect[] {
    const { jobs, deliveries } = this.#parts;
    jobs.delete(job);
    const stops = this.#stop(job);
    return jobs.hasAnyOf(job.requester) ? stops : [...stops, ...deliveries.takeOver(job.requester)];
  }

  /** What waits of it goes back, so that others get it. */
  giveUp(job: VolunteerJob): Effect[] {
    return [...this.#return(job, job.clear()), ...this.drop(job)];
  }

  dropAll(which: (job: VolunteerJob) => boolean): Effect[] {
    return [...this.#parts.jobs.all].filter(which).flatMap((job) => this.giveUp(job));
  }

  /**
   * What has waited for its requester's stream for too long is somebody else's by now. What runs
   * has the time of a chunk more, and no longer: one that hangs must not be stuck here for a
   * requester that is gone.
   */
  dropCut(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const { job, cutAtMs } of this.#cut()) {
      const givenUpAtMs = cutAtMs + CUT_MS_MAX;
      if (givenUpAtMs <= nowMs) job.clear();
      const isOver = job.held === 0 || givenUpAtMs + job.limits.wallMsMax <= nowMs;
      if (isOver) effects.push(...this.drop(job));
    }
    return effects;
  }

  /** When that is due. */
  get dueAtMs(): number {
    let dueAtMs = Infinity;
    for (const { job, cutAtMs } of this.#cut()) {
      const runMs = job.queued > 0 ? 0 : job.limits.wallMsMax;
      dueAtMs = Math.min(dueAtMs, cutAtMs + CUT_MS_MAX + runMs);
    }
    return dueAtMs;
  }

  /** Gives queued leases back, so that nobody waits for them to expire. */
  returnQueues(): Effect[] {
    const { jobs } = this.#parts;
    const queues = Array.from(jobs.all, (job) => ({ job, chunks: job.clear() }));
    return queues.flatMap(({ job, chunks }) => this.#return(job, chunks));
  }

  /** The same of all that is held, when it is too late for results. */
  returnAll(): Effect[] {
    return [...this.#parts.jobs.all].flatMap((job) => this.#return(job, this.#heldOf(job)));
  }

  stopAll(): Effect[] {
    return [...this.#parts.jobs.all].flatMap((job) => this.#stop(job));
  }

  /** Leases that are held of a requester, by job. */
  leasesOf(requester: PeerId): Map<JobId, readonly number[]> {
    const held = this.#parts.jobs.of(requester).filter((job) => job.held > 0);
    return new Map(held.map((job) => [job.offer.job, this.#heldOf(job).map(({ lease }) => lease)]));
  }

  /** Queued and running. */
  #heldOf(job: VolunteerJob): LeasedChunk[] {
    return [...job.queue, ...this.#parts.runs.chunksOf(job)];
  }

  /** To who is not there nothing can be said: when the stream is up again it hears what is held. */
  #return({ requester, offer }: VolunteerJob, chunks: readonly LeasedChunk[]): Effect[] {
    const isHeard = chunks.length > 0 && this.#parts.links.isUp(requester);
    return isHeard ? [returnTo(requester, offer.job, chunks)] : [];
  }

  #stop(job: VolunteerJob): Effect[] {
    const runs = this.#parts.runs.of(job);
    return runs.length > 0 ? [{ type: 'stop-runs', runs }] : [];
  }

  #cut(): { readonly job: VolunteerJob; readonly cutAtMs: number }[] {
    const { cut } = this.#parts.jobs;
    return cut.flatMap((job) => (job.cutAtMs === undefined ? [] : { job, cutAtMs: job.cutAtMs }));
  }
}
