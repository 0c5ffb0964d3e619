/** What a requester says to its volunteers: bytes <-> model. */

import { unreachable } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { RequesterMessage } from '../model/messages.ts';
import type { LeasedChunk } from '../model/replica.ts';
import {
  atMost,
  type Decoded,
  decoding,
  jobIdField,
  parse,
  type Shape,
  sized,
  whole,
} from './bounds.ts';
import { fillFrames } from './frame-filling.ts';
import type { Acknowledge__Output } from './generated/manyhands/v1/Acknowledge.ts';
import type { ComputeResponse__Output } from './generated/manyhands/v1/ComputeResponse.ts';
import type { Lease__Output } from './generated/manyhands/v1/Lease.ts';
import { type HelloFrame, helloShape, ourHello, readHello } from './hello.ts';
import { pingFrame, readPing } from './ping-codec.ts';
import { loadPeerProto } from './proto.ts';
import { readSignedReceipt } from './receipt-codec.ts';

export function encodeRequesterHello(): Buffer {
  return loadPeerProto().work.Compute.responseSerialize({ hello: ourHello() });
}

/** One frame, or more when there are too many leases or ids for one. */
export function encodeRequester(message: RequesterMessage): readonly Buffer[] {
  const serialize = loadPeerProto().work.Compute.responseSerialize;
  if (message.type === 'ping' || message.type === 'pong') return [serialize(pingFrame(message))];
  if (message.type === 'receipt') return [serialize({ receipt: message.receipt.signed })];
  const jobId = Buffer.from(message.job, 'hex');
  switch (message.type) {
    case 'leases':
      return fillFrames(message.chunks, limits.frameItemsMax, leaseBytes).map((chunks) => {
        const leases = chunks.map(({ lease, chunk, input }) => ({ leaseId: lease, chunk, input }));
        return serialize({ leases: { jobId, leaseMs: message.leaseMs, leases } });
      });
    case 'acknowledge':
      return fillFrames(message.leases, limits.frameItemsMax, idBytes).map((leaseIds) =>
        serialize({ acknowledge: { jobId, leaseIds: [...leaseIds] } }),
      );
    case 'revoke':
      return fillFrames(message.leases, limits.frameItemsMax, idBytes).map((leaseIds) =>
        serialize({ revoke: { jobId, leaseIds: [...leaseIds] } }),
      );
    case 'job-ended':
      return [serialize({ jobEnded: { jobId } })];
    default:
      return unreachable(message);
  }
}

function leaseBytes({ input }: LeasedChunk): number {
  return input.length;
}

function idBytes(): number {
  return 8;
}

export function decodeRequester(bytes: Uint8Array): Decoded<HelloFrame | RequesterMessage> {
  return decoding(() =>
    readResponse(
      parse(
        bytes,
        'ComputeResponse',
        responseShape,
        loadPeerProto().work.Compute.responseDeserialize,
      ),
    ),
  );
}

const idsShape: Shape = { counts: { 2: limits.frameItemsMax } };
const responseShape: Shape = {
  nested: {
    1: helloShape,
    2: { counts: { 3: limits.frameItemsMax } },
    3: idsShape,
    4: idsShape,
  },
};

const uint32Max = 2 ** 32 - 1;

function readResponse(proto: ComputeResponse__Output): HelloFrame | RequesterMessage | undefined {
  if (proto.leases) {
    const { jobId, leaseMs, leases } = proto.leases;
    return {
      type: 'leases',
      job: jobIdField(jobId),
      leaseMs: whole(leaseMs, 1, uint32Max, 'lease_ms'),
      chunks: atMost(leases, limits.frameItemsMax, 'leases').map((lease) => readLease(lease)),
    };
  }
  if (proto.acknowledge) return { type: 'acknowledge', ...readIds(proto.acknowledge) };
  if (proto.revoke) return { type: 'revoke', ...readIds(proto.revoke) };
  if (proto.jobEnded) return { type: 'job-ended', job: jobIdField(proto.jobEnded.jobId) };
  if (proto.receipt) return { type: 'receipt', receipt: readSignedReceipt(proto.receipt) };
  return proto.hello ? readHello(proto.hello) : readPing(proto);
}

function readLease({ leaseId, chunk, input }: Lease__Output): LeasedChunk {
  return {
    lease: whole(leaseId, 0, Number.MAX_SAFE_INTEGER, 'lease_id'),
    chunk: whole(chunk, 0, limits.jobChunksMax - 1, 'chunk'),
    // A copy: a view would keep the whole frame in memory until its last chunk is computed.
    input: new Uint8Array(sized(input, 1, limits.chunkInputBytesMax, 'input')),
  };
}

function readIds({ jobId, leaseIds }: Acknowledge__Output): {
  job: ReturnType<typeof jobIdField>;
  leases: readonly number[];
} {
  for (const id of atMost(leaseIds, limits.frameItemsMax, 'lease_ids')) {
    whole(id, 0, Number.MAX_SAFE_INTEGER, 'lease_id');
  }
  return { job: jobIdField(jobId), leases: leaseIds };
}
