/**
 * How own jobs that have ended are let go: one that its owner wants to forget with all that was
 * kept of it, or the oldest ones without their row, when the data folder has to become smaller. A
 * blob goes with the last job that names it.
 */

import type { Digest } from '../model/ids.ts';
import type { Store, StoredJob } from '../ports.ts';

export type EndedJobsComponents = Pick<Store, 'listJobs' | 'putJob' | 'dropStatements'> & {
  readonly letGoBlob: (blob: Digest) => void;
  /** Of the data folder, with what is free inside of the database. */
  readonly bytesTaken: () => number;
};

export class EndedJobs {
  readonly #components: EndedJobsComponents;

  constructor(components: EndedJobsComponents) {
    this.#components = components;
  }

  /** To be called when its row is gone. */
  letGo(job: StoredJob): void {
    const { listJobs, letGoBlob } = this.#components;
    const others = blobsNamedBy(listJobs());
    for (const blob of blobsOf(job)) if (!others.has(blob)) letGoBlob(blob);
  }

  /**
   * Drops the outputs, the audit material and the programs of the oldest ones. What is known of
   * them stays: their state, their report.
   * @param bytes about so many; less where there is no more
   * @returns false where there is nothing left to drop
   */
  trim(bytes: number): boolean {
    const { listJobs, putJob, dropStatements, letGoBlob, bytesTaken } = this.#components;
    const jobs = listJobs();
    const uses = new Map<Digest, number>();
    for (const blob of jobs.flatMap((job) => [...new Set(blobsOf(job))])) {
      uses.set(blob, (uses.get(blob) ?? 0) + 1);
    }
    const target = bytesTaken() - bytes;
    let isAny = false;
    for (const job of jobs.toReversed()) {
      if (isUnderWay(job) || job.isTrimmed === true) continue;
      const { output: _output, certificates: _certificates, data: _data, ...rest } = job;
      putJob({ ...rest, isTrimmed: true });
      dropStatements(job.job);
      for (const blob of new Set(blobsOf(job))) {
        const left = (uses.get(blob) ?? 1) - 1;
        uses.set(blob, left);
        if (left === 0) letGoBlob(blob);
      }
      isAny = true;
      if (bytesTaken() <= target) break;
    }
    return isAny;
  }
}

export function isUnderWay({ state }: StoredJob): boolean {
  return state === 'running' || state === 'merging';
}

export function blobsNamedBy(jobs: readonly StoredJob[]): ReadonlySet<Digest> {
  return new Set(jobs.flatMap((job) => blobsOf(job)));
}

export function blobsOf(job: StoredJob): readonly Digest[] {
  const { spec, output, data = [], certificates, isTrimmed } = job;
  if (isTrimmed === true) return [];
  const named = [
    spec.program,
    spec.setup?.digest,
    spec.steps.type === 'script' ? spec.steps.script : undefined,
    output?.blob,
    output?.parts,
    certificates?.digests,
    certificates?.inputs,
    ...data,
  ];
  return named.filter((blob) => blob !== undefined);
}
