/** What is in the sandbox: some chunks of one job at a time, each batch under a number. */

import { programRef } from '../../model/program.ts';
import type { LeasedChunk } from '../../model/replica.ts';
import type { Effect } from '../events.ts';
import type { VolunteerJob } from './volunteer-job.ts';

export type Run = { readonly job: VolunteerJob; readonly chunks: readonly LeasedChunk[] };

export class Runs {
  /** As many as `runsWanted`. */
  readonly #runs = new Map<number, Run>();
  #last = 0;

  get size(): number {
    return this.#runs.size;
  }

  get chunks(): number {
    let chunks = 0;
    for (const run of this.#runs.values()) chunks += run.chunks.length;
    return chunks;
  }

  begin(job: VolunteerJob, chunks: readonly LeasedChunk[]): Effect {
    this.#last += 1;
    const run = this.#last;
    this.#runs.set(run, { job, chunks });
    job.running += chunks.length;
    const { program, limits, offer } = job;
    const ref = programRef(offer);
    return { type: 'run', run, job: offer.job, program, ref, limits, chunks };
  }

  /** @returns undefined for one that nobody knows */
  end(number: number): Run | undefined {
    const run = this.#runs.get(number);
    if (run === undefined) return undefined;
    this.#runs.delete(number);
    run.job.running -= run.chunks.length;
    run.job.letGo(run.chunks);
    return run;
  }

  /** The numbers of those of a job. */
  of(job: VolunteerJob): number[] {
    return [...this.#runs].filter(([, run]) => run.job === job).map(([number]) => number);
  }

  /** Chunks of a job that are being computed. */
  chunksOf(job: VolunteerJob): LeasedChunk[] {
    const own = [...this.#runs.values()].filter((run) => run.job === job);
    return own.flatMap(({ chunks }) => chunks);
  }
}
