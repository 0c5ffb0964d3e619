/** What a `MemoryStore` keeps of jobs that run, beside their results. */

import type { JobId } from '../../src/model/ids.ts';
import type { WrongResult } from '../../src/model/job.ts';
import type { JobWrites, StoredLeases, StoredPage } from '../../src/model/journal.ts';

type Kept = {
  readonly pages: StoredPage[];
  readonly accepted: Set<number>;
  readonly leases: StoredLeases[];
  readonly caught: WrongResult[];
};

export class MemoryJournal {
  readonly #jobs = new Map<JobId, Kept>();

  of(job: JobId): Kept {
    const kept = this.#jobs.get(job) ?? { pages: [], accepted: new Set(), leases: [], caught: [] };
    this.#jobs.set(job, kept);
    return kept;
  }

  put(writes: JobWrites): void {
    const { pages, accepted, leases, caught } = this.of(writes.job);
    pages.push(...(writes.pages ?? []));
    for (const chunk of writes.reopened ?? []) accepted.delete(chunk);
    for (const chunk of writes.accepted ?? []) accepted.add(chunk);
    leases.push(...(writes.leases ?? []));
    caught.push(...(writes.caught ?? []));
  }

  drop(job: JobId): void {
    this.#jobs.delete(job);
  }
}
