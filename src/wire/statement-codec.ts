/**
 * What a volunteer signs of its results: which chunk of which job, what was computed, and the
 * digest that came out. Values and what is told of failures stay outside, so that a statement is
 * small and can be kept and shown: as a part of a certificate, or as evidence.
 */

import type { KeyObject } from 'node:crypto';

import { unreachable } from '../model/errors.ts';
import type { Digest, JobId, PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import {
  type FailureKind,
  failureKinds,
  type ReplicaResult,
  type ResultFrame,
} from '../model/replica.ts';
import type { Signed } from '../model/signed.ts';
import {
  atMost,
  decoding,
  digestField,
  jobIdField,
  parse,
  type Shape,
  sized,
  Violation,
  whole,
} from './bounds.ts';
import { fillFrames } from './frame-filling.ts';
import type { FailureKind as FailureKindProto } from './generated/manyhands/v1/FailureKind.ts';
import type { ReplicaResult as ReplicaProto } from './generated/manyhands/v1/ReplicaResult.ts';
import type { ReplicaResult__Output } from './generated/manyhands/v1/ReplicaResult.ts';
import { type PeerKey, peerKeyOf } from './peer-key.ts';
import { loadPeerProto } from './proto.ts';
import { signBytes, verifyBytes } from './signing.ts';

type Said =
  | { readonly type: 'digest'; readonly digest: Digest; readonly work: Digest }
  | { readonly type: 'failure'; readonly kind: FailureKind }
  | { readonly type: 'returned' };

/** A replica as its statement has it. */
export type SaidReplica = {
  readonly lease: number;
  readonly chunk: number;
  readonly said: Said;
  readonly computeMs: number;
};

export type Statement = { readonly job: JobId; readonly replicas: readonly SaidReplica[] };

/** As many as it takes. */
export function signStatements(
  { job, replicas }: ResultFrame,
  { spki }: PeerKey,
  privateKey: KeyObject,
): readonly Signed[] {
  return fillFrames(replicas, limits.statementReplicasMax, () => 0).map((some) => {
    const payload = encodeStatement({ job, replicas: some });
    const signature = signBytes(privateKey, 'manyhands/v1/results', payload);
    return { payload, publicKey: spki, signature };
  });
}

/** @param frame of at most `statementReplicasMax` replicas */
export function encodeStatement({ job, replicas }: ResultFrame): Buffer {
  return loadPeerProto().resultStatement.serialize({
    jobId: Buffer.from(job, 'hex'),
    replicas: replicas.map((replica) => replicaProto(replica)),
  });
}

function replicaProto({ lease, chunk, outcome, computeMs, work }: ReplicaResult): ReplicaProto {
  const computeUs = Math.round(computeMs * 1000);
  switch (outcome.type) {
    case 'result': {
      if (work === undefined) throw new Error(`the result of chunk ${chunk} says not of what`);
      const digest = Buffer.from(outcome.digest, 'hex');
      return { leaseId: lease, chunk, digest, computeUs, workDigest: Buffer.from(work, 'hex') };
    }
    case 'failure':
      return {
        leaseId: lease,
        chunk,
        failure: { kind: kindProtos[outcome.failure.kind] },
        computeUs,
      };
    case 'returned':
      return { leaseId: lease, chunk, returned: {}, computeUs };
    default:
      return unreachable(outcome);
  }
}

const kindProtos: Readonly<Record<FailureKind, FailureKindProto>> = {
  'timed-out': 'FAILURE_KIND_TIMED_OUT',
  'out-of-memory': 'FAILURE_KIND_OUT_OF_MEMORY',
  threw: 'FAILURE_KIND_THREW',
  exited: 'FAILURE_KIND_EXITED',
  'result-too-large': 'FAILURE_KIND_RESULT_TOO_LARGE',
  'forbidden-import': 'FAILURE_KIND_FORBIDDEN_IMPORT',
  'not-deterministic': 'FAILURE_KIND_NOT_DETERMINISTIC',
};

const kinds = new Map<FailureKindProto, FailureKind>(
  failureKinds.map((kind) => [kindProtos[kind], kind]),
);

const statementShape: Shape = { counts: { 2: limits.statementReplicasMax } };

/**
 * A statement that was kept or shown.
 * @returns it and whose it is
 * @throws {Violation}
 */
export function readShownStatement(signed: Signed): Statement & { readonly peer: PeerId } {
  const signer = peerKeyOf(signed.publicKey);
  if (signer === undefined)
    throw new Violation("a statement's public key is not an ECDSA P-256 key");
  return { peer: signer.peer, ...readSignedStatement(signed, signer.key) };
}

/** @throws {Violation} */
export function readSignedStatement({ payload, signature }: Signed, key: KeyObject): Statement {
  sized(payload, 0, limits.statementBytesMax, 'a statement');
  if (!verifyBytes(key, 'manyhands/v1/results', payload, signature)) {
    throw new Violation("the signature of results does not fit their peer's key");
  }
  return readStatement(payload);
}

/**
 * One of this peer's store: its signature was checked when it came, and is not checked again.
 * @returns undefined for one that was damaged since
 */
export function readKeptStatement({
  payload,
  publicKey,
}: Signed): (Statement & { readonly peer: PeerId }) | undefined {
  const read = decoding(() => {
    const peer = peerKeyOf(publicKey)?.peer;
    return peer === undefined ? undefined : { peer, ...readStatement(payload) };
  });
  return read.type === 'message' ? read.message : undefined;
}

function readStatement(payload: Uint8Array): Statement {
  const { resultStatement } = loadPeerProto();
  const proto = parse(payload, 'ResultStatement', statementShape, resultStatement.deserialize);
  const replicas = atMost(proto.replicas, limits.statementReplicasMax, 'replicas');
  return { job: jobIdField(proto.jobId), replicas: replicas.map((said) => readSaid(said)) };
}

function readSaid(proto: ReplicaResult__Output): SaidReplica {
  return {
    lease: whole(proto.leaseId, 0, Number.MAX_SAFE_INTEGER, 'lease_id'),
    chunk: whole(proto.chunk, 0, limits.jobChunksMax - 1, 'chunk'),
    said: readOutcome(proto),
    computeMs: whole(proto.computeUs, 0, Number.MAX_SAFE_INTEGER, 'compute_us') / 1000,
  };
}

function readOutcome(proto: ReplicaResult__Output): Said {
  if (proto.outcome === 'digest' && proto.digest !== undefined) {
    return {
      type: 'digest',
      digest: digestField(proto.digest, 'digest'),
      work: digestField(proto.workDigest, 'work_digest'),
    };
  }
  if (proto.returned) return { type: 'returned' };
  if (!proto.failure) throw new Violation('a replica has no outcome');
  const kind = kinds.get(proto.failure.kind);
  if (kind === undefined) throw new Violation('the kind of a failure is not known');
  return { type: 'failure', kind };
}
