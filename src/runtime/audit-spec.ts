/** The spec of a job as an audit file has it, which may have been written by anybody. */

import type { AuditHeader } from '../model/audit.ts';
import { reasonOf } from '../model/errors.ts';
import { jobId, type JobId } from '../model/ids.ts';
import type { JobSpec } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import { decodeSpec } from '../storage/stored-job.ts';
import { digestOf } from '../wire/digest.ts';
import { limitsField } from '../wire/offer-codec.ts';

/** @returns the spec with the id that it has, or why there is none */
export function specOfJob({
  spec: bytes,
}: AuditHeader): { readonly spec: JobSpec; readonly id: JobId } | { readonly reason: string } {
  try {
    const spec = decodeSpec(bytes);
    const reason = offenceOf(spec);
    return reason === undefined ? { spec, id: jobId(digestOf(bytes)) } : { reason };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

/** Whatever is calculated with has to be a number that can be calculated with. */
function offenceOf({ trust, limits: chunk, chunksMax, name }: JobSpec): string | undefined {
  const { quorum, credibility } = trust;
  if (!isWhole(quorum, 1, limits.quorumMax)) return `its quorum is ${quorum}`;
  if (!isWhole(chunksMax, 1, limits.jobChunksMax)) return `it allows ${chunksMax} chunks`;
  if (Array.from(name).length > limits.nameCharsMax) return 'its name is too long';
  // As of an offer, by which volunteers had them.
  limitsField(chunk);
  if (credibility === undefined) return undefined;
  const { errorRate, assumeFaulty } = credibility;
  if (!(errorRate >= limits.errorRateMin && errorRate <= limits.errorRateMax)) {
    return `its error rate is ${errorRate}`;
  }
  if (!(assumeFaulty >= limits.faultyShareMin && assumeFaulty <= limits.faultyShareMax)) {
    return `it assumes a share of ${assumeFaulty} to be faulty`;
  }
  return undefined;
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}
