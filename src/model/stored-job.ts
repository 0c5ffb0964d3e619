/** A job as a store keeps it. */

import type { Digest, JobId } from './ids.ts';
import type { JobReport, JobSpec, JobState } from './job.ts';

export type StoredJob = {
  readonly job: JobId;
  readonly spec: JobSpec;
  readonly state: JobState;
  readonly report?: JobReport;
  /** Why it failed, for a person. */
  readonly failure?: string;
  /** The final result, once done. */
  readonly output?: StoredOutput;
  /** Blobs of a WASI program's data files, which are kept as long as the job is known. */
  readonly data?: readonly Digest[];
  /** Once done, beside what peers have signed. */
  readonly certificates?: Certificates;
  /** While it is being split: the files that it is split from. */
  readonly files?: readonly InputFile[];
  /** All its chunks are in pages. */
  readonly isSplit?: true;
  /** All blobs of it, and what peers have signed, were let go to keep under the disk limit. */
  readonly isTrimmed?: true;
};

/** A file that a job is split from: another one with its name is told by the rest. */
export type InputFile = {
  readonly path: string;
  readonly bytes: number;
  /** Unix time. */
  readonly modifiedMs: number;
};

/** What is kept of a job's chunks so that it can be audited: blobs. */
export type Certificates = {
  /** Of the accepted results, 32 bytes each, in the order of the chunks. */
  readonly digests: Digest;
  /** Of all chunks, as `KeptInputs` writes them; absent where they were too large to be kept. */
  readonly inputs?: Digest;
};

export type StoredOutput = {
  /** `bytes` for a Uint8Array, `text` for a string, `json` for anything else. */
  readonly kind: 'bytes' | 'text' | 'json';
  readonly blob: Digest;
  /**
   * Where the parts of joined results end: a blob of one float64 (little-endian) a chunk. Absent
   * for what `merge` made and for more than `partsMax` chunks.
   */
  readonly parts?: Digest;
};
