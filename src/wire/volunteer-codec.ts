/**
 * What a volunteer says to a requester: bytes <-> model. Results travel as a signed statement of
 * digests beside the values, so that the statement can be kept and shown without the values. Large
 * values have been put before (`put-codec.ts`), and are left out here.
 */

import type { KeyObject } from 'node:crypto';

import { unreachable } from '../model/errors.ts';
import type { Digest, JobId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { VolunteerMessage } from '../model/messages.ts';
import type { Outcome, ReplicaResult } from '../model/replica.ts';
import {
  atMost,
  cut,
  type Decoded,
  decoding,
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
import type { Hold__Output } from './generated/manyhands/v1/Hold.ts';
import type { Results__Output } from './generated/manyhands/v1/Results.ts';
import { type HelloFrame, helloShape, ourHello, readHello } from './hello.ts';
import { pingFrame, readPing } from './ping-codec.ts';
import type { PeerKey } from './peer-key.ts';
import { loadPeerProto } from './proto.ts';
import { signBytes } from './signing.ts';
import { encodeStatement, readSignedStatement, type SaidReplica } from './statement-codec.ts';

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
      const frames = fillFrames(replicas, limits.statementReplicasMax, replicaBytes);
      return frames.map((some) => encodeResults(job, some, privateKey));
    }
    case 'hold': {
      const jobId = Buffer.from(message.job, 'hex');
      return [serialize({ hold: { jobId, leaseIds: [...message.leases] } })];
    }
    case 'ping':
    case 'pong':
      return [serialize(pingFrame(message))];
    default:
      return unreachable(message);
  }
}

/** Whether its value has to be put before the frame that names it. */
export function isLarge({ outcome }: ReplicaResult): boolean {
  return outcome.type === 'result' && outcome.value.length > limits.inlineValueBytesMax;
}

function replicaBytes(replica: ReplicaResult): number {
  const { outcome } = replica;
  if (outcome.type === 'result') return isLarge(replica) ? 0 : outcome.value.length;
  return outcome.type === 'failure' ? outcome.failure.detail.length : 0;
}

function encodeResults(
  job: JobId,
  replicas: readonly ReplicaResult[],
  privateKey: KeyObject,
): Buffer {
  const statement = encodeStatement({ job, replicas });
  const signature = signBytes(privateKey, 'manyhands/v1/results', statement);
  const values = replicas.map((replica) => (isLarge(replica) ? empty : besideOf(replica.outcome)));
  return loadPeerProto().work.Compute.requestSerialize({
    results: { statement, signature, values },
  });
}

/** What travels beside the statement. */
function besideOf(outcome: Outcome): Uint8Array {
  switch (outcome.type) {
    case 'result':
      return outcome.value;
    case 'failure':
      return Buffer.from(cut(printable(outcome.failure.detail, 'lines'), limits.reasonCharsMax));
    case 'returned':
      return empty;
    default:
      return unreachable(outcome);
  }
}

const empty = new Uint8Array(0);

/** A replica whose value was put before: not computed, unless that is there. */
type PutReplica = {
  /** Among the replicas of the frame. */
  readonly index: number;
  readonly digest: Digest;
  readonly work: Digest;
};

export type ResultsMessage = Extract<VolunteerMessage, { type: 'results' }> & {
  readonly put: readonly PutReplica[];
};

export type DecodedVolunteer = Exclude<VolunteerMessage, { type: 'results' }> | ResultsMessage;

/** @param volunteer the key of the certificate at the stream's other end */
export function decodeVolunteer(
  bytes: Uint8Array,
  volunteer: PeerKey,
): Decoded<HelloFrame | DecodedVolunteer> {
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
    if (proto.hold) return readHold(proto.hold);
    return proto.hello ? readHello(proto.hello) : readPing(proto);
  });
}

const requestShape: Shape = {
  nested: {
    1: helloShape,
    3: { counts: { 3: limits.statementReplicasMax } },
    6: { counts: { 2: limits.holdMax } },
  },
};

function readHold({ jobId, leaseIds }: Hold__Output): DecodedVolunteer {
  for (const id of atMost(leaseIds, limits.holdMax, 'lease_ids')) {
    whole(id, 0, Number.MAX_SAFE_INTEGER, 'lease_id');
  }
  return { type: 'hold', job: jobIdField(jobId), leases: leaseIds };
}

function readResults(results: Results__Output, volunteer: PeerKey): ResultsMessage {
  const { statement, signature, values } = results;
  const signed = { payload: statement, publicKey: volunteer.spki, signature };
  const { job, replicas } = readSignedStatement(signed, volunteer.key);
  if (values.length !== replicas.length) {
    throw new Violation(`${replicas.length} replicas came with ${values.length} values`);
  }
  const put = replicas.flatMap(({ said }, index) =>
    said.type === 'digest' && values[index]?.length === 0
      ? [{ index, digest: said.digest, work: said.work }]
      : [],
  );
  return {
    type: 'results',
    put,
    frame: {
      job,
      replicas: replicas.map((said, at) => readReplica(said, values[at] ?? empty)),
      // Copies: a view would keep the frame with all its values.
      signed: {
        payload: new Uint8Array(statement),
        publicKey: volunteer.spki,
        signature: new Uint8Array(signature),
      },
    },
  };
}

function readReplica(
  { lease, chunk, computeMs, said }: SaidReplica,
  value: Uint8Array,
): ReplicaResult {
  switch (said.type) {
    case 'digest': {
      if (value.length === 0) return { lease, chunk, outcome: { type: 'returned' }, computeMs };
      const digest = digestOf(sized(value, 1, limits.inlineValueBytesMax, 'a value'));
      if (digest !== said.digest) {
        throw new Violation('the digest of a value is not the one that was signed');
      }
      // A copy: a view would keep the whole frame in memory until its last chunk is decided.
      const outcome = { type: 'result', digest, value: new Uint8Array(value) } as const;
      return { lease, chunk, outcome, computeMs, work: said.work };
    }
    case 'failure': {
      const text = utf8.decode(sized(value, 0, detailBytesMax, 'a detail'));
      const detail = textField(text, limits.reasonCharsMax, 'detail', 'lines');
      return {
        lease,
        chunk,
        outcome: { type: 'failure', failure: { kind: said.kind, detail } },
        computeMs,
      };
    }
    case 'returned':
      sized(value, 0, 0, 'the value of what was not computed');
      return { lease, chunk, outcome: { type: 'returned' }, computeMs };
    default:
      return unreachable(said);
  }
}

const utf8 = new TextDecoder();

/** UTF-8 has up to 4 bytes for a character. */
const detailBytesMax = 4 * limits.reasonCharsMax;
