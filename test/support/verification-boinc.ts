/**
 * BOINC's adaptive replication, to compare with: what its wiki says under "AdaptiveReplication". A
 * host whose last ten compared results were valid computes alone, but for one result in as many as
 * were valid in a row. All others are compared, and two equal ones are valid. One that is not makes
 * its host begin again. What was not compared doesn't count.
 */

import type { Digest, PeerId } from '../../src/model/ids.ts';
import type { Lease, ReplicaResult } from '../../src/model/replica.ts';
import type { JobTable, Settlement } from '../../src/protocol/requester/job-table.ts';
import type { Random } from '../../src/protocol/random.ts';

const VALID_MIN = 10;
const QUORUM = 2;

type Job = {
  readonly chunk: number;
  readonly quorum: number;
  readonly hosts: Set<PeerId>;
  readonly groups: Map<Digest, PeerId[]>;
  out: number;
};

export class BoincTable implements Pick<
  JobTable,
  'addChunks' | 'endSplit' | 'lease' | 'result' | 'expire'
> {
  readonly #random: Random;
  /** Undecided ones that were leased, by chunk. */
  readonly #jobs = new Map<number, Job>();
  /** Those of them that want another host. */
  readonly #waiting = new Set<Job>();
  /** Valid results in a row. */
  readonly #valid = new Map<PeerId, number>();
  #chunks = 0;
  #frontier = 0;
  #leases = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  addChunks(count: number): void {
    this.#chunks += count;
  }

  endSplit(): void {
    // All chunks are there from the beginning.
  }

  /** Nobody here keeps what it was leased. */
  expire(): number {
    return 0;
  }

  lease(peer: PeerId, count: number): Lease[] {
    const leases: Lease[] = [];
    while (leases.length < count) {
      const job = this.#next(peer);
      if (job === undefined) break;
      this.#leases += 1;
      job.hosts.add(peer);
      job.out += 1;
      this.#reconsider(job);
      leases.push({ lease: this.#leases, chunk: job.chunk });
    }
    return leases;
  }

  result(peer: PeerId, { chunk, outcome }: ReplicaResult): Settlement {
    const job = this.#jobs.get(chunk);
    if (job === undefined || outcome.type !== 'result') return { type: 'counted' };
    const { digest, value } = outcome;
    job.out -= 1;
    const group = [...(job.groups.get(digest) ?? []), peer];
    job.groups.set(digest, group);
    if (group.length < job.quorum) {
      this.#reconsider(job);
      return { type: 'counted' };
    }
    this.#jobs.delete(chunk);
    this.#waiting.delete(job);
    if (job.quorum > 1) this.#validate(job, digest);
    return { type: 'accepted', chunk, digest, value, revoked: [] };
  }

  /** A trusted host is preferred to begin with a chunk, any other one to compare with. */
  #next(peer: PeerId): Job | undefined {
    const isTrusted = this.#isTrusted(peer);
    const begun = [...this.#waiting].find(({ hosts }) => !hosts.has(peer));
    if (begun !== undefined && (!isTrusted || this.#frontier === this.#chunks)) return begun;
    if (this.#frontier === this.#chunks) return undefined;
    const chunk = this.#frontier;
    this.#frontier += 1;
    const quorum = isTrusted ? 1 : QUORUM;
    const job: Job = { chunk, quorum, hosts: new Set(), groups: new Map(), out: 0 };
    this.#jobs.set(chunk, job);
    return job;
  }

  #isTrusted(peer: PeerId): boolean {
    const valid = this.#valid.get(peer) ?? 0;
    return valid >= VALID_MIN && this.#random.next() >= 1 / valid;
  }

  /** One wants as many hosts as would decide it, should all that are out agree with the most. */
  #reconsider(job: Job): void {
    const most = Math.max(0, ...Array.from(job.groups.values(), ({ length }) => length));
    if (most + job.out < job.quorum) this.#waiting.add(job);
    else this.#waiting.delete(job);
  }

  #validate({ groups }: Job, canonical: Digest): void {
    for (const [digest, peers] of groups) {
      for (const peer of peers) {
        const valid = digest === canonical ? (this.#valid.get(peer) ?? 0) + 1 : 0;
        this.#valid.set(peer, valid);
      }
    }
  }
}
