/**
 * The jobs that a volunteer computes at present. They take turns: the one that ran last is the last
 * of the line. One that gave no work for a while makes room for another.
 */

import type { JobId, PeerId } from '../model/ids.ts';
import { offerKey } from './offer-book.ts';
import type { VolunteerJob } from './volunteer-job.ts';

/** Jobs computed at a time: enough that one without work leaves no slot idle. */
const JOBS_MAX = 8;
/** A job that gave no work for this long makes room for another one; a guess. */
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
      // One that is loaded and was not asked is not idle: its turn has not come.
      const isAsked = job.demanded > 0 || !job.isLoaded;
      if (job.held === 0 && isAsked && nowMs - job.workedAtMs > IDLE_MS_MAX) return [job];
    }
    return undefined;
  }

  isAny(is: (job: VolunteerJob) => boolean): boolean {
    for (const job of this.#jobs.values()) if (is(job)) return true;
    return false;
  }

  sum(of: (job: VolunteerJob) => number): number {
    let sum = 0;
    for (const job of this.#jobs.values()) sum += of(job);
    return sum;
  }
}
