/**
 * Names what a chunk's result is the result of: one digest of program, setup and input. A volunteer
 * signs it with the result, so that whoever has these bytes can compute the chunk again and know
 * that it was the same work.
 */

import { hash } from 'node:crypto';

import { digest, type Digest } from '../model/ids.ts';
import type { ProgramRef } from '../model/program.ts';

/** The way to a chunk's work digest for one program: @param input canonical CBOR. */
export type WorkDigests = (input: Uint8Array) => Digest;

const digestBytes = 32;

/** About 1 us for small inputs. */
export function workDigests({
  program,
  setup,
}: Pick<ProgramRef, 'program' | 'setup'>): WorkDigests {
  const bytes = Buffer.alloc(3 * digestBytes);
  bytes.write(program, 0, 'hex');
  if (setup !== undefined) bytes.write(setup.digest, digestBytes, 'hex');
  return (input) => {
    bytes.set(hash('sha256', input, 'buffer'), 2 * digestBytes);
    return digest(hash('sha256', bytes, 'hex'));
  };
}
