/** Names, specs and offers for tests of the machines: as short as the machines allow. */

import { digest, jobId, peerId } from '../../src/model/ids.ts';
import type { Digest, JobId, PeerId } from '../../src/model/ids.ts';
import type { ChunkLimits, Contribution, JobSpec } from '../../src/model/job.ts';
import type { Offer, SignedOffer } from '../../src/model/offer.ts';
import type { PeerRecord, SignedRecord } from '../../src/model/peer-record.ts';
import type { Receipt, SignedReceipt } from '../../src/model/receipt.ts';
import type { LeasedChunk, Outcome, ReplicaResult } from '../../src/model/replica.ts';
import type { FailureKind, Lease } from '../../src/model/replica.ts';
import type { Effect, Now } from '../../src/protocol/events.ts';

/** @param name letters; it is what the id begins with */
export function peerNamed(name: string): PeerId {
  return peerId(name.padEnd(52, '2'));
}

/** Peers whose ids differ, as many as wanted. */
export function peerNumbered(number: number): PeerId {
  const letters = Array.from(String(number), (figure) => 'abcdefghij'[Number(figure)]).join('');
  return peerNamed(`p${letters}`);
}

export function digestNumbered(number: number): Digest {
  return digest(number.toString(16).padStart(64, '0'));
}

export function jobNumbered(number: number): JobId {
  return jobId(`a${number.toString(16).padStart(63, '0')}`);
}

export const self = peerNamed('self');
export const anna = peerNamed('anna');
export const bert = peerNamed('bert');
export const cora = peerNamed('cora');
export const dora = peerNamed('dora');

/** Far from 0, as a machine's clocks are. */
export const startUnixMs = 1_800_000_000_000;

export function at(ms: number): Now {
  return { ms, unixMs: startUnixMs + ms };
}

/** What jobs want here, and less than what peers give. */
export function chunkLimitsOf(changes: Partial<ChunkLimits> = {}): ChunkLimits {
  return {
    wallMsMax: 1_000,
    memoryBytesMax: 2 ** 26,
    resultBytesMax: 1_000,
    stderrBytesMax: 1_000,
    ...changes,
  };
}

/** What peers give a chunk here. */
export const givenLimits: ChunkLimits = {
  wallMsMax: 60_000,
  memoryBytesMax: 2 ** 29,
  resultBytesMax: 2 ** 20,
  stderrBytesMax: 2 ** 16,
};

/** Of a peer that has done nothing else. */
export function contributionOf(peer: PeerId, changes: Partial<Contribution> = {}): Contribution {
  const none = { leased: 0, returned: 0, accepted: 0, lost: 0, late: 0, failed: 0, expired: 0 };
  return { peer, ...none, computeSeconds: 0, ...changes };
}

export function specOf(changes: Partial<JobSpec> = {}): JobSpec {
  return {
    name: 'squares',
    runtime: 'javascript',
    program: digestNumbered(0xf00d),
    programBytes: 100,
    steps: { type: 'script', script: digestNumbered(0xf00d) },
    params: Uint8Array.of(),
    trust: { quorum: 2 },
    comparison: 'digest',
    limits: chunkLimitsOf(),
    chunksMax: 1_000_000,
    requester: self,
    createdAtMs: startUnixMs,
    ...changes,
  };
}

export function offerOf(changes: Partial<Offer> = {}): SignedOffer {
  const { name, runtime, program, programBytes, limits } = specOf();
  const offer: Offer = {
    job: jobNumbered(1),
    requester: anna,
    addresses: ['anna:1'],
    name,
    runtime,
    program,
    programBytes,
    limits,
    sequence: 1,
    replicasOpen: 10,
    closed: false,
    expiresAtMs: startUnixMs + 60_000,
    ...changes,
  };
  return signedOf(offer);
}

/** The machines never look at a signature: the wire has checked it. */
export function signedOf(offer: Offer): SignedOffer {
  const nothing = Uint8Array.of();
  return { offer, signed: { payload: nothing, publicKey: nothing, signature: nothing } };
}

/** @param peer that speaks of itself; it has one address unless something else is said */
export function recordOf(peer: PeerId, changes: Partial<PeerRecord> = {}): SignedRecord {
  const record: PeerRecord = {
    peer,
    addresses: [`${peer.slice(0, 4)}:1`],
    features: [],
    sequence: startUnixMs,
    expiresAtMs: startUnixMs + 3_600_000,
    ...changes,
  };
  const nothing = Uint8Array.of();
  return { record, signed: { payload: nothing, publicKey: nothing, signature: nothing } };
}

/** From Anna to this peer, unless something else is said. */
export function receiptOf(changes: Partial<Receipt> = {}): SignedReceipt {
  const receipt: Receipt = {
    requester: anna,
    peer: self,
    job: jobNumbered(1),
    name: 'squares',
    chunks: 3,
    computeSeconds: 0.5,
    issuedAtMs: startUnixMs,
    ...changes,
  };
  const bytes = Uint8Array.of(1);
  return { receipt, signed: { payload: bytes, publicKey: bytes, signature: bytes } };
}

export function valueOf(number: number): Uint8Array {
  return Uint8Array.of(number & 255);
}

export function resultOf(lease: Lease, number = lease.chunk): ReplicaResult {
  const outcome = {
    type: 'result',
    digest: digestNumbered(number),
    value: valueOf(number),
  } as const;
  return replicaOf(lease, outcome);
}

export function failureOf(lease: Lease, kind: FailureKind = 'threw'): ReplicaResult {
  return replicaOf(lease, { type: 'failure', failure: { kind, detail: `it ${kind}` } });
}

export function returnOf(lease: Lease): ReplicaResult {
  return replicaOf(lease, { type: 'returned' }, 0);
}

function replicaOf({ lease, chunk }: Lease, outcome: Outcome, computeMs = 10): ReplicaResult {
  return { lease, chunk, outcome, computeMs };
}

/** Leases as a volunteer gets them, numbered from `first`. */
export function leasedChunks(first: number, count: number): LeasedChunk[] {
  return Array.from({ length: count }, (_, index) => ({
    lease: first + index,
    chunk: first + index,
    input: valueOf(first + index),
  }));
}

export function ofType<Type extends Effect['type']>(
  effects: readonly Effect[],
  type: Type,
): Extract<Effect, { type: Type }>[] {
  const isWanted = (effect: Effect): effect is Extract<Effect, { type: Type }> =>
    effect.type === type;
  return effects.filter(isWanted);
}
