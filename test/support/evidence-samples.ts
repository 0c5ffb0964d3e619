/** Evidence with real signatures, for tests to send, change and break. */

import type { Accusation, SignedEvidence } from '../../src/model/evidence.ts';
import type { Digest } from '../../src/model/ids.ts';
import type { Signed } from '../../src/model/signed.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { signEvidence } from '../../src/wire/evidence-codec.ts';
import { signStatements } from '../../src/wire/statement-codec.ts';
import { workDigests } from '../../src/wire/work-digest.ts';
import { chunkLimitsOf, startUnixMs } from './protocol-fixtures.ts';
import { type KeyPair, someDigest, someJob, someKey, someResult } from './wire-samples.ts';

const value = Uint8Array.of(0x18, 0x2a);
export const evidenceChunk = 17;
export const rightDigest = digestOf(Uint8Array.of(1));
export const wrongDigest = digestOf(Uint8Array.of(2));

const work = {
  program: { runtime: 'javascript', program: someDigest, programBytes: 1234 },
  limits: chunkLimitsOf(),
  input: { digest: digestOf(value), bytes: value.length, value },
} as const;
const workName = workDigests({ ...work.program, limits: work.limits })(value);

/** What a peer signs of the chunk, between two others. */
export function statementOf(
  peer: KeyPair,
  digest: Digest,
  { chunk = evidenceChunk, name = workName, job = someJob } = {},
): Signed {
  const outcome = { type: 'result', digest, value: Uint8Array.of() } as const;
  const about = { lease: 2, chunk, outcome, computeMs: 1, work: name };
  const replicas = [someResult(1000), about, someResult(1001)];
  const [statement] = signStatements({ job, replicas }, peer, peer.privateKey);
  if (statement === undefined) throw new Error('no statement');
  return statement;
}

export function accusationOf(culprit: KeyPair, changes: Partial<Accusation> = {}): Accusation {
  return {
    ...work,
    addresses: ['accuser.example:7000'],
    chunk: evidenceChunk,
    statement: statementOf(culprit, wrongDigest),
    accepted: rightDigest,
    witnesses: [statementOf(someKey(), rightDigest)],
    issuedAtMs: startUnixMs,
    ...changes,
  };
}

export function someEvidence(accuser: KeyPair, culprit = someKey()): SignedEvidence {
  return signEvidence(accusationOf(culprit), accuser, accuser.privateKey);
}
