/**
 * Names what a chunk's result is the result of: one digest of program, setup, input and memory. A
 * volunteer signs it with the result, so that whoever has these can compute the chunk again and
 * know that it was the same work. The memory is a part of it because a program can find out how
 * much it may have: else who returned what is right could be shown to be wrong with another limit.
 */

import { hash } from 'node:crypto';

import { digest, type Digest } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { ProgramRef } from '../model/program.ts';
import { digestOf } from './digest.ts';

/** The way to a chunk's work digest for one program: @param input canonical CBOR. */
export type WorkDigests = (input: Uint8Array) => Digest;

/** What is the same for all chunks of a job. */
export type WorkOfJob = Pick<ProgramRef, 'program' | 'setup'> & {
  readonly limits: Pick<ChunkLimits, 'memoryBytesMax'>;
};

const digestBytes = 32;

/** About 1 us for small inputs. */
export function workDigests(work: WorkOfJob): WorkDigests {
  const workOf = workDigestsByInput(work);
  return (input) => workOf(digestOf(input));
}

/** The same, for who knows of the inputs nothing but their digests. */
export function workDigestsByInput({
  program,
  setup,
  limits,
}: WorkOfJob): (inputDigest: Digest) => Digest {
  const bytes = Buffer.alloc(3 * digestBytes + 8);
  bytes.write(program, 0, 'hex');
  if (setup !== undefined) bytes.write(setup.digest, digestBytes, 'hex');
  bytes.writeBigUInt64BE(BigInt(limits.memoryBytesMax), 3 * digestBytes);
  return (inputDigest) => {
    bytes.write(inputDigest, 2 * digestBytes, 'hex');
    return digest(hash('sha256', bytes, 'hex'));
  };
}
