/** Valid messages of every kind, for tests to send, change and break. */

import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

import { type Digest, digest, type JobId, jobId, type PeerId } from '../../src/model/ids.ts';
import type { OverlayMessage } from '../../src/model/messages.ts';
import type { Offer } from '../../src/model/offer.ts';
import type { PeerRecord, SignedRecord } from '../../src/model/peer-record.ts';
import type { SignedReceipt } from '../../src/model/receipt.ts';
import type { ReplicaResult } from '../../src/model/replica.ts';
import type { Decoded } from '../../src/wire/bounds.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { signOffer } from '../../src/wire/offer-codec.ts';
import { type PeerKey, peerKeyOf } from '../../src/wire/peer-key.ts';
import { signReceipt } from '../../src/wire/receipt-codec.ts';
import { signRecord } from '../../src/wire/record-codec.ts';

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

export function someRecord(peer: KeyPair, changes: Partial<PeerRecord> = {}): SignedRecord {
  const record: PeerRecord = {
    peer: peer.peer,
    addresses: ['peer.example:7000', '[fd00::1]:7000'],
    features: ['computes'],
    sequence: 1_790_000_000_000,
    expiresAtMs: 1_790_003_600_000,
    ...changes,
  };
  return signRecord(record, peer, peer.privateKey);
}

export function someReceipt(requester: KeyPair, peer = someKey().peer): SignedReceipt {
  const receipt = {
    requester: requester.peer,
    peer,
    job: someJob,
    name: 'primes',
    chunks: 12,
    computeSeconds: 3.000_25,
    issuedAtMs: 1_790_000_000_000,
  };
  return signReceipt(receipt, requester, requester.privateKey);
}

/** One of each type, and more where they differ. */
export function everyOverlayMessage(peer: KeyPair): readonly OverlayMessage[] {
  const record = someRecord(peer);
  const records = [record, someRecord(someKey(), { addresses: [], features: [] })];
  const path = [someKey().peer, peer.peer];
  const id = Number.MAX_SAFE_INTEGER;
  const name = { requester: peer.peer, job: someJob, sequence: 7 };
  const offer = signOffer(someOffer(peer, { closed: true }), peer, peer.privateKey);
  return [
    { type: 'join', record },
    { type: 'neighbour', record, priority: 'high' },
    { type: 'neighbour', record, priority: 'low' },
    { type: 'visit', record },
    { type: 'accept', record, peers: records },
    { type: 'refuse', peers: [] },
    { type: 'forward-join', record, ttl: 8 },
    { type: 'disconnect' },
    { type: 'shuffle', id, ttl: 0, path, records },
    { type: 'shuffle-reply', id: 0, path, records: [] },
    { type: 'gossip', offer, hops: 255 },
    { type: 'have', offers: [{ name, hops: 0 }] },
    { type: 'graft', offers: [name, { ...name, sequence: 0 }] },
    { type: 'want', offers: [] },
    { type: 'prune' },
    { type: 'ping', id },
    { type: 'pong', id: 0 },
    { type: 'probe', id: 1, record },
    { type: 'probe-result', id: 1, reached: true },
    { type: 'probe-result', id: 2, reached: false },
  ];
}

/** Some 100 KB on the wire. */
export function largeMessage(requester: PeerId, hops = 0): OverlayMessage {
  const name = { requester, job: someJob, sequence: 1 };
  return { type: 'have', offers: times(1000, { name, hops }) };
}

/** For comparing what holds bytes, whether they are a Buffer or not. */
export function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) =>
      part instanceof Uint8Array ? Array.from(part) : part,
    ).replaceAll(/\{"type":"Buffer","data":(\[[^\]]*\])\}/g, '$1'),
  );
}

export function someResult(lease: number, value: Uint8Array = randomBytes(32)): ReplicaResult {
  const bytes = new Uint8Array(value);
  return {
    lease,
    chunk: lease * 2,
    outcome: { type: 'result', digest: digestOf(bytes), value: bytes },
    computeMs: 1.25,
    work: someDigest,
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
