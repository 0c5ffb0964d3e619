/** A job, what its chunks' right results are, and what has become of it at its requester. */

import { type Digest, digest, type JobId, jobId, type PeerId } from '../../../src/model/ids.ts';
import type { JobFailure, JobReport, JobSpec } from '../../../src/model/job.ts';
import type { AcceptedResult } from '../../../src/protocol/events.ts';
import { chunkLimitsOf, givenLimits, specOf } from '../protocol-fixtures.ts';

export type JobOptions = {
  readonly chunks: number;
  /** Time of a chunk on a usual thread. */
  readonly chunkMs: number;
  readonly quorum: number;
  /** Until `split` has yielded the last of them; the first come at once. */
  readonly splitMs: number;
};

/** A job allows its chunks so many times what they usually take: slow peers compute, too. */
const WALL_TIMES = 10;

export type JobState = 'running' | 'accepted' | 'failed' | 'cancelled' | 'lost';

export class SimulatedJob {
  readonly id: JobId;
  readonly spec: JobSpec;
  readonly chunks: number;
  readonly chunkMs: number;
  readonly splitMs: number;
  /** Chunks that there are so far. */
  yielded = 0;
  /** Canonical results that were stored. */
  readonly results = new Map<number, Digest>();
  /** `lost` when its requester crashed. */
  state: JobState = 'running';
  /** Its requester has crashed, before its end or afterwards. */
  isOrphan = false;
  failure: JobFailure | undefined;
  report: JobReport | undefined;
  endedAtMs: number | undefined;

  constructor(number: number, requester: PeerId, { chunks, chunkMs, quorum, splitMs }: JobOptions) {
    this.id = jobId(number.toString(16).padStart(64, '0'));
    const wallMsMax = Math.min(WALL_TIMES * Math.ceil(chunkMs), givenLimits.wallMsMax);
    this.spec = specOf({
      requester,
      trust: { quorum },
      name: `job ${number}`,
      limits: chunkLimitsOf({ wallMsMax }),
    });
    this.chunks = chunks;
    this.chunkMs = chunkMs;
    this.splitMs = splitMs;
  }

  /** @throws {Error} for a job that has ended, a chunk that has a result, or that there is not */
  store(results: readonly AcceptedResult[]): void {
    if (this.state !== 'running') throw new Error(`stored for a job that is ${this.state}`);
    for (const { chunk, digest: stored } of results) {
      if (chunk < 0 || chunk >= this.yielded) throw new Error(`there is no chunk ${chunk}`);
      if (this.results.has(chunk)) throw new Error(`chunk ${chunk} was stored twice`);
      this.results.set(chunk, stored);
    }
  }

  /** Chunks whose stored result is wrong. */
  wrong(): number[] {
    return [...this.results].flatMap(([chunk, stored]) =>
      stored === rightDigest(this.id, chunk) ? [] : [chunk],
    );
  }
}

/** What an honest peer's result of a chunk has for a digest. */
export function rightDigest(job: JobId, chunk: number): Digest {
  return digestFrom('a', job, chunk);
}

/** What those who lie together say. */
export function agreedLie(job: JobId, chunk: number): Digest {
  return digestFrom('b', job, chunk);
}

/** A lie of one's own, unlike all others. */
export function ownLie(job: JobId, number: number): Digest {
  return digestFrom('c', job, number);
}

function digestFrom(kind: string, job: JobId, number: number): Digest {
  return digest(kind + job.slice(-55) + number.toString(16).padStart(8, '0'));
}
