/**
 * What it costs a requester to check who computed what: one signature for each statement of a
 * volunteer, however many results it has. No network: frames are made first and then checked.
 */

import { generateKeyPairSync } from 'node:crypto';

import { jobId } from '../src/model/ids.ts';
import { limits } from '../src/model/limits.ts';
import type { ReplicaResult } from '../src/model/replica.ts';
import { digestOf } from '../src/wire/digest.ts';
import { peerKeyOf } from '../src/wire/peer-key.ts';
import { verifyBytes } from '../src/wire/signing.ts';
import { decodeVolunteer, encodeVolunteer } from '../src/wire/volunteer-codec.ts';
import { workDigests } from '../src/wire/work-digest.ts';
import { type Benchmark, type Figure, median } from './support.ts';

const RESULTS_PER_SECOND = 10_000;
const ROUNDS = 9;
/** Results that each round checks. */
const RESULTS = 6_400;

const job = jobId('ab'.repeat(32));
const workOf = workDigests({
  program: digestOf(Buffer.from('a program')),
  limits: { memoryBytesMax: 2 ** 28 },
});
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = peerKeyOf(publicKey.export({ format: 'der', type: 'spki' }));
if (spki === undefined) throw new Error('a fresh key is no peer key');
const volunteer = spki;

export const signatures: Benchmark = {
  about:
    `of one core at ${RESULTS_PER_SECOND.toLocaleString('en')} results/s of 32 bytes; ` +
    `medians of ${ROUNDS}`,
  run: () =>
    Promise.resolve([
      { ...signaturesOf(limits.statementReplicasMax), aim: { atMost: 3 } },
      signaturesOf(16),
      signaturesOf(1),
      frameOf(limits.statementReplicasMax),
      inputs(),
    ]),
};

function signaturesOf(perStatement: number): Figure {
  const statements = frames(perStatement).map((frame) => {
    const decoded = decodeVolunteer(frame, volunteer);
    const results = decoded.type === 'message' ? decoded.message : undefined;
    if (results?.type !== 'results' || results.frame.signed === undefined) {
      throw new Error('a frame of results was expected');
    }
    return results.frame.signed;
  });
  const share = shareOf(() => {
    for (const { payload, signature } of statements) {
      verifyBytes(volunteer.key, 'manyhands/v1/results', payload, signature);
    }
  });
  return { what: `signatures, ${perStatement} results each`, value: share, unit: '%' };
}

/** With all that is checked and copied besides. */
function frameOf(perStatement: number): Figure {
  const made = frames(perStatement);
  const share = shareOf(() => {
    for (const frame of made) decodeVolunteer(frame, volunteer);
  });
  return { what: `whole frames, ${perStatement} results each`, value: share, unit: '%' };
}

/** A requester hashes each chunk's input, to see that what was signed is about it. */
function inputs(): Figure {
  const input = new Uint8Array(32);
  const share = shareOf(() => {
    for (let count = 0; count < RESULTS; count++) workOf(input);
  });
  return { what: 'digests of the work', value: share, unit: '%' };
}

function frames(perStatement: number): readonly Buffer[] {
  const replicas = Array.from({ length: perStatement }, (_, at): ReplicaResult => {
    const value = Buffer.alloc(32, at);
    const outcome = { type: 'result', digest: digestOf(value), value } as const;
    return { lease: at, chunk: at, outcome, computeMs: 1, work: workOf(value) };
  });
  const message = { type: 'results', frame: { job, replicas } } as const;
  return Array.from({ length: RESULTS / perStatement }, () =>
    encodeVolunteer(message, privateKey),
  ).flat();
}

/** In percent of the time that passes. @param work on as many results as a round has */
function shareOf(work: () => void): number {
  const tookMs = Array.from({ length: ROUNDS }, () => {
    const startedMs = performance.now();
    work();
    return performance.now() - startedMs;
  });
  return (median(tookMs) / RESULTS) * RESULTS_PER_SECOND * (100 / 1000);
}
