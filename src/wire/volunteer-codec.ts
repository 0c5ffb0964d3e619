/**
 * What a volunteer says to a requester: bytes <-> model. Results travel as a signed statement of
 * digests beside the values, so that the statement can be kept and shown without the values.
 */

import type { KeyObject } from 'node:crypto';

import { unreachable } from '../model/errors.ts';
import type { JobId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { VolunteerMessage } from '../model/messages.ts';
import {
  type FailureKind,
  failureKinds,
  type Outcome,
  type ReplicaResult,
} from '../model/replica.ts';
import {
  atMost,
  cut,
  type Decoded,
  decoding,
  digestField,
  jobIdField,
  parse,
  printable,
  type Shape,
  sized,
  textField,
  Violation,
  whole,
} from './bounds.ts';
import { digestOf } from './digest.ts';
import { fillFrames } from './frame-filling.ts';
import type { FailureKind as FailureKindProto } from './generated/manyhands/v1/FailureKind.ts';
import type { ReplicaResult as ReplicaProto } from './generated/manyhands/v1/ReplicaResult.ts';
import type { ReplicaResult__Output } from './generated/manyhands/v1/ReplicaResult.ts';
import type { Results__Output } from './generated/manyhands/v1/Results.ts';
import { type HelloFrame, helloShape, ourHello, readHello } from './hello.ts';
import { pingFrame, readPing } from './ping-codec.ts';
import { loadPeerProto } from './proto.ts';
import { signBytes, verifyBytes } from './signing.ts';

export function encodeVolunteerHello(): Buffer {
  return loadPeerProto().work.Compute.requestSerialize({ hello: ourHello() });
}

/** One frame, or more when there are too many results for one; each is signed by itself. */
export function encodeVolunteer(
  message: VolunteerMessage,
  privateKey: KeyObject,
): readonly Buffer[] {
  const serialize = loadPeerProto().work.Compute.requestSerialize;
  switch (message.type) {
    case 'ask':
      return [serialize({ ask: { jobId: Buffer.from(message.job, 'hex'), count: message.count } })];
    case 'results': {
      const { job, replicas } = message.frame;
      return fillFrames(replicas, replicaBytes).map((some) => encodeResults(job, some, privateKey));
    }
    case 'ping':
    case 'pong':
      return [serialize(pingFrame(message))];
    default:
      return unreachable(message);
  }
}

function replicaBytes({ outcome }: ReplicaResult): number {
  if (outcome.type === 'result') return outcome.value.length;
  return outcome.type === 'failure' ? outcome.failure.detail.length : 0;
}

function encodeResults(
  job: JobId,
  replicas: readonly ReplicaResult[],
  privateKey: KeyObject,
): Buffer {
  const { work, resultStatement } = loadPeerProto();
  const statement = resultStatement.serialize({
    jobId: Buffer.from(job, 'hex'),
    replicas: replicas.map((replica) => replicaProto(replica)),
  });
  const signature = signBytes(privateKey, 'manyhands/v1/results', statement);
  const values = replicas.map(({ outcome }) => (outcome.type === 'result' ? outcome.value : empty));
  return work.Compute.requestSerialize({ results: { statement, signature, values } });
}

const empty = new Uint8Array(0);

function replicaProto({ lease, chunk, outcome, computeMs }: ReplicaResult): ReplicaProto {
  const computeUs = Math.round(computeMs * 1000);
  switch (outcome.type) {
    case 'result':
      return { leaseId: lease, chunk, digest: Buffer.from(outcome.digest, 'hex'), computeUs };
    case 'failure': {
      const detail = cut(printable(outcome.failure.detail, 'lines'), limits.reasonCharsMax);
      const kind = kindProtos[outcome.failure.kind];
      return { leaseId: lease, chunk, failure: { kind, detail }, computeUs };
    }
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

/** @param volunteer the public key of the certificate at the stream's other end */
export function decodeVolunteer(
  bytes: Uint8Array,
  volunteer: KeyObject,
): Decoded<HelloFrame | VolunteerMessage> {
  return decoding(() => {
    const proto = parse(
      bytes,
      'ComputeRequest',
      requestShape,
      loadPeerProto().work.Compute.requestDeserialize,
    );
    if (proto.results) return readResults(proto.results, volunteer);
    if (proto.ask) {
      const count = whole(proto.ask.count, 0, 2 ** 32 - 1, 'count');
      return { type: 'ask', job: jobIdField(proto.ask.jobId), count };
    }
    return proto.hello ? readHello(proto.hello) : readPing(proto);
  });
}

const requestShape: Shape = {
  nested: { 1: helloShape, 3: { counts: { 3: limits.frameItemsMax } } },
};
const statementShape: Shape = { counts: { 2: limits.frameItemsMax } };

function readResults(results: Results__Output, volunteer: KeyObject): VolunteerMessage {
  const { statement, signature, values } = results;
  if (!verifyBytes(volunteer, 'manyhands/v1/results', statement, signature)) {
    throw new Violation("the results' signature does not fit the volunteer's certificate");
  }
  const proto = parse(
    statement,
    'ResultStatement',
    statementShape,
    loadPeerProto().resultStatement.deserialize,
  );
  const replicas = atMost(proto.replicas, limits.frameItemsMax, 'replicas');
  if (values.length !== replicas.length) {
    throw new Violation(`${replicas.length} replicas came with ${values.length} values`);
  }
  return {
    type: 'results',
    frame: {
      job: jobIdField(proto.jobId),
      replicas: replicas.map((replica, at) => readReplica(replica, values[at] ?? empty)),
    },
  };
}

function readReplica(proto: ReplicaResult__Output, value: Uint8Array): ReplicaResult {
  return {
    lease: whole(proto.leaseId, 0, Number.MAX_SAFE_INTEGER, 'lease_id'),
    chunk: whole(proto.chunk, 0, limits.jobChunksMax - 1, 'chunk'),
    outcome: readOutcome(proto, value),
    computeMs: whole(proto.computeUs, 0, Number.MAX_SAFE_INTEGER, 'compute_us') / 1000,
  };
}

function readOutcome(proto: ReplicaResult__Output, value: Uint8Array): Outcome {
  if (proto.outcome === 'digest' && proto.digest !== undefined) {
    const digest = digestOf(sized(value, 1, limits.resultBytesMax, 'a value'));
    if (digest !== digestField(proto.digest, 'digest')) {
      throw new Violation('the digest of a value is not the one that was signed');
    }
    // A copy: a view would keep the whole frame in memory until its last chunk is decided.
    return { type: 'result', digest, value: new Uint8Array(value) };
  }
  sized(value, 0, 0, 'the value of a replica without result');
  if (proto.returned) return { type: 'returned' };
  if (!proto.failure) throw new Violation('a replica has no outcome');
  const kind = kinds.get(proto.failure.kind);
  if (kind === undefined) throw new Violation('the kind of a failure is not known');
  const detail = textField(proto.failure.detail, limits.reasonCharsMax, 'detail', 'lines');
  return { type: 'failure', failure: { kind, detail } };
}
