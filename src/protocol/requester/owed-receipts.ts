/**
 * Receipts for jobs that have ended, which their volunteers have not got: they were away then, or
 * this peer's process ended before it could send them. Whoever comes again and asks for the job
 * gets its own. Nobody is sought out for it, and nothing is written down: what each has done is in
 * the report of the job, which is kept anyway and is where the next process reads it again.
 */

import type { JobId, PeerId } from '../../model/ids.ts';
import type { Contribution, JobSpec } from '../../model/job.ts';
import type { Receipt } from '../../model/receipt.ts';

export type EndedJob = {
  readonly job: JobId;
  readonly spec: Pick<JobSpec, 'name' | 'requester'>;
  readonly contributions: readonly Contribution[];
  /** Unix time in milliseconds. */
  readonly endedAtMs: number;
};

/** A volunteer that was asleep over night comes again within that. A guess. */
export const OWED_MS_MAX = 24 * 3_600_000;
/** Volunteers of all these jobs together, some 200 bytes each; the oldest jobs go. A guess. */
const PEERS_MAX = 20_000;
/** The same of jobs, which may have had no volunteers. A guess. */
export const OWED_JOBS_MAX = 1_024;

type Owed = Omit<EndedJob, 'contributions'> & {
  readonly done: ReadonlyMap<PeerId, Pick<Receipt, 'chunks' | 'computeSeconds'>>;
};

export class OwedReceipts {
  /** The one that ended last is the last. */
  readonly #jobs = new Map<JobId, Owed>();
  /** For which jobs each volunteer that is here has got its own: signing each takes time. */
  readonly #given = new Map<PeerId, Set<JobId>>();
  #peers = 0;

  /** @param ended in earlier processes, the last one first */
  constructor(ended: readonly EndedJob[]) {
    for (const job of ended.toReversed()) this.add(job);
  }

  add({ job, spec, contributions, endedAtMs }: EndedJob): void {
    const others = contributions.filter(
      ({ peer, accepted }) => accepted > 0 && peer !== spec.requester,
    );
    const done = new Map(
      others.map(({ peer, accepted, computeSeconds }) => {
        return [peer, { chunks: accepted, computeSeconds }];
      }),
    );
    this.#jobs.set(job, { job, spec, done, endedAtMs });
    this.#peers += done.size;
    for (const oldest of this.#jobs.values()) {
      if (this.#peers <= PEERS_MAX && this.#jobs.size <= OWED_JOBS_MAX) return;
      this.#jobs.delete(oldest.job);
      this.#peers -= oldest.done.size;
    }
  }

  /**
   * @returns undefined where nothing of the peer's work was accepted, or too long ago, and where it
   * was given since the peer came
   */
  give(job: JobId, peer: PeerId, unixMs: number): Receipt | undefined {
    const given = this.#given.get(peer) ?? new Set();
    const receipt = given.has(job) ? undefined : this.#receipt(job, peer, unixMs);
    if (receipt !== undefined) this.#given.set(peer, given.add(job));
    return receipt;
  }

  /** What was sent to it may not have come. */
  gone(peer: PeerId): void {
    this.#given.delete(peer);
  }

  #receipt(job: JobId, peer: PeerId, unixMs: number): Receipt | undefined {
    const owed = this.#jobs.get(job);
    const done = owed?.done.get(peer);
    if (owed === undefined || done === undefined) return undefined;
    if (unixMs > owed.endedAtMs + OWED_MS_MAX) return undefined;
    const { name, requester } = owed.spec;
    return { requester, peer, job, name, ...done, issuedAtMs: unixMs };
  }
}
