/** Valid messages of every kind, for tests to send, change and break. */

import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

import { type Digest, digest, type JobId, jobId } from '../../src/model/ids.ts';
import type { Offer } from '../../src/model/offer.ts';
import type { ReplicaResult } from '../../src/model/replica.ts';
import type { Decoded } from '../../src/wire/bounds.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { type PeerKey, peerKeyOf } from '../../src/wire/peer-key.ts';

export const someJob: JobId = jobId('ab'.repeat(32));
export const someDigest: Digest = digest('cd'.repeat(32));

export type KeyPair = PeerKey & { readonly privateKey: KeyObject };

export function someKey(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const peerKey = peerKeyOf(publicKey.export({ format: 'der', type: 'spki' }));
  if (peerKey === undefined) throw new Error('a fresh key is no key');
  return { ...peerKey, privateKey };
}

export function someOffer(requester: PeerKey, changes: Partial<Offer> = {}): Offer {
  return {
    job: someJob,
    requester: requester.peer,
    addresses: ['peer.example:7000', '10.0.0.1:7000', '[fd00::1]:7000'],
    name: 'primes',
    runtime: 'javascript',
    program: someDigest,
    programBytes: 1234,
    limits: {
      wallMsMax: 60_000,
      memoryBytesMax: 2 ** 28,
      resultBytesMax: 2 ** 20,
      stderrBytesMax: 2 ** 16,
    },
    sequence: 3,
    replicasOpen: 17,
    closed: false,
    expiresAtMs: 1_800_000_000_000,
    ...changes,
  };
}

export function someResult(lease: number, value: Uint8Array = randomBytes(32)): ReplicaResult {
  const bytes = new Uint8Array(value);
  return {
    lease,
    chunk: lease * 2,
    outcome: { type: 'result', digest: digestOf(bytes), value: bytes },
    computeMs: 1.25,
  };
}

/** What was decoded, when it is a message of the type expected. */
export function messageOf<M extends { readonly type: string }, Type extends M['type']>(
  decoded: Decoded<M>,
  type: Type,
): Extract<M, { type: Type }> {
  if (decoded.type === 'message' && isOf(decoded.message, type)) return decoded.message;
  throw new Error(`expected a message of type ${type}, got ${JSON.stringify(decoded)}`);
}

function isOf<M extends { readonly type: string }, Type extends M['type']>(
  message: M,
  type: Type,
): message is Extract<M, { type: Type }> {
  return message.type === type;
}

export function times<T>(length: number, value: T): T[] {
  return Array.from({ length }, () => value);
}
