/**
 * The jobs that a volunteer computes at present. They take turns: the one that ran last is the last
 * of the line. One that gave no work for a while makes room for another, and so does one whose work
 * could not be run: whatever leases of it wait here, they would keep others out.
 */

import type { JobId, PeerId } from '../../model/ids.ts';
import { offerKey } from '../overlay/offer-book.ts';
import type { VolunteerJob } from './volunteer-job.ts';

/** Jobs computed at a time: enough that one without work leaves no slot idle. */
const JOBS_MAX = 8;
/** A job that gave no work for this long, or none that can be run, makes room; a guess. */
const IDLE_MS_MAX = 10_000;

export class Engagements {
  /**
   * By `offerKey`: the job's id alone would let a stranger stand in for somebody else's job. The
   * map's order is whose turn it is.
   */
  readonly #jobs = new Map<string, VolunteerJob>();

  get all(): Iterable<VolunteerJob> {
    return this.#jobs.values();
  }

  get size(): number {
    return this.#jobs.size;
  }

  get(requester: PeerId, job: JobId): VolunteerJob | undefined {
    return this.#jobs.get(offerKey(requester, job));
  }

  has(key: string): boolean {
    return this.#jobs.has(key);
  }

  /** Whether it is this very engagement, not a later one in the same job. */
  includes(job: VolunteerJob): boolean {
    return this.#jobs.get(job.key) === job;
  }

  add(job: VolunteerJob): void {
    this.#jobs.set(job.key, job);
  }

  delete(job: VolunteerJob): void {
    this.#jobs.delete(job.key);
  }

  /** It had its turn. */
  putLast(job: VolunteerJob): void {
    this.delete(job);
    this.add(job);
  }

  /** @returns the jobs to drop so that there is room; undefined while every one gives work */
  inTheWay(nowMs: number): readonly VolunteerJob[] | undefined {
    if (this.#jobs.size < JOBS_MAX) return [];
    for (const job of this.#jobs.values()) {
      // One that was not asked is not idle: its turn has not come.
      const isIdle = job.held === 0 && job.demanded > 0 && nowMs - job.workedAtMs > IDLE_MS_MAX;
      if (isIdle || this.isStuck(job, nowMs)) return [job];
    }
    return undefined;
  }

  /** Whether nothing of it could be run for too long. One that was cut has a time of its own. */
  isStuck(job: VolunteerJob, nowMs: number): boolean {
    return job.stalledMs(nowMs) > IDLE_MS_MAX;
  }

  /** Those that this peer computes for it. */
  of(requester: PeerId): VolunteerJob[] {
    return [...this.#jobs.values()].filter((job) => job.requester === requester);
  }

  /** Those whose requesters' streams broke, and are not open again. */
  get cut(): VolunteerJob[] {
    return [...this.#jobs.values()].filter(({ cutAtMs }) => cutAtMs !== undefined);
  }

  /** Whether this peer computes for it. */
  hasAnyOf(requester: PeerId): boolean {
    return this.of(requester).length > 0;
  }

  /** When one of them has rested, or others are asked instead of one that does not answer. */
  get dueAtMs(): number {
    let dueAtMs = Infinity;
    for (const { restUntilMs, answerByMs } of this.#jobs.values()) {
      if (restUntilMs > 0) dueAtMs = Math.min(dueAtMs, restUntilMs);
      if (this.#jobs.size > 1) dueAtMs = Math.min(dueAtMs, answerByMs);
    }
    return dueAtMs;
  }

  /** Whether one of them can't be run for now: others' acknowledgements may change that too. */
  get isAnyStalled(): boolean {
    for (const { stalledAtMs } of this.#jobs.values()) if (stalledAtMs !== undefined) return true;
    return false;
  }

  sum(of: (job: VolunteerJob) => number): number {
    let sum = 0;
    for (const job of this.#jobs.values()) sum += of(job);
    return sum;
  }
}
