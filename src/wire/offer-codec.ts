/**
 * Offers: signed once by their requester, then forwarded as the very bytes that were signed.
 * Whoever gets one checks the signature and derives the requester from the key, never from what is
 * said.
 */

import type { KeyObject } from 'node:crypto';

import { limits } from '../model/limits.ts';
import type { ChunkLimits } from '../model/job.ts';
import type { Offer, SignedOffer } from '../model/offer.ts';
import type { ProgramRef } from '../model/program.ts';
import type { Signed } from '../model/signed.ts';
import {
  addressesField,
  cut,
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
import type { ChunkLimits__Output } from './generated/manyhands/v1/ChunkLimits.ts';
import type { Offer__Output } from './generated/manyhands/v1/Offer.ts';
import type { Signed__Output } from './generated/manyhands/v1/Signed.ts';
import { type PeerKey, peerKeyOf } from './peer-key.ts';
import { loadPeerProto } from './proto.ts';
import { blobField, blobProto } from './setup-codec.ts';
import { signBytes, verifyBytes } from './signing.ts';

/** @param own the requester's key; its id must be the offer's requester */
export function signOffer(offer: Offer, own: PeerKey, privateKey: KeyObject): SignedOffer {
  if (offer.requester !== own.peer)
    throw new Error(`offer of ${offer.requester}, not of ${own.peer}`);
  const payload = encodeOffer(offer);
  const signature = signBytes(privateKey, 'manyhands/v1/offer', payload);
  return { offer, signed: { payload, publicKey: own.spki, signature } };
}

function encodeOffer(offer: Offer): Uint8Array {
  return loadPeerProto().offer.serialize({
    jobId: Buffer.from(offer.job, 'hex'),
    addresses: offer.addresses.slice(0, limits.peerAddressesMax),
    name: cut(printable(offer.name, 'one-line'), limits.nameCharsMax),
    runtime: runtimeProtos[offer.runtime],
    programDigest: Buffer.from(offer.program, 'hex'),
    programBytes: offer.programBytes,
    limits: offer.limits,
    sequence: offer.sequence,
    replicasOpen: offer.replicasOpen,
    closed: offer.closed,
    expiresAtMs: offer.expiresAtMs,
    setup: offer.setup === undefined ? null : blobProto(offer.setup),
  });
}

export const runtimeProtos = { javascript: 'RUNTIME_JAVASCRIPT', wasi: 'RUNTIME_WASI' } as const;

const offerShape: Shape = { counts: { 2: limits.peerAddressesMax } };

/**
 * @returns undefined for an offer that only a later version understands
 * @throws {Violation}
 */
export function readSignedOffer(signed: Signed__Output | Signed): SignedOffer | undefined {
  const { payload, publicKey, signature } = signed;
  sized(payload, 1, limits.offerBytesMax - publicKey.length - signature.length, 'a signed offer');
  const signer = peerKeyOf(publicKey);
  if (signer === undefined) throw new Violation("an offer's public key is not an ECDSA P-256 key");
  if (!verifyBytes(signer.key, 'manyhands/v1/offer', payload, signature)) {
    throw new Violation("an offer's signature does not fit its key");
  }
  const proto = parse(payload, 'Offer', offerShape, loadPeerProto().offer.deserialize);
  const program = programFields(proto);
  if (program === undefined) return undefined;
  return {
    offer: {
      job: jobIdField(proto.jobId),
      requester: signer.peer,
      addresses: addressesField(proto.addresses),
      name: textField(proto.name, limits.nameCharsMax, 'name', 'one-line'),
      ...program,
      limits: limitsField(proto.limits),
      sequence: whole(proto.sequence, 0, Number.MAX_SAFE_INTEGER, 'sequence'),
      replicasOpen: whole(proto.replicasOpen, 0, Number.MAX_SAFE_INTEGER, 'replicas_open'),
      closed: proto.closed,
      expiresAtMs: whole(proto.expiresAtMs, 0, Number.MAX_SAFE_INTEGER, 'expires_at_ms'),
    },
    // Copies: an offer is kept for long, and a view would keep the frame that it came in.
    signed: {
      payload: new Uint8Array(payload),
      publicKey: signer.spki,
      signature: new Uint8Array(signature),
    },
  };
}

type ProgramProto = Pick<Offer__Output, 'runtime' | 'programDigest' | 'programBytes' | 'setup'>;

/** @returns undefined for a runtime of a later version, which arrives as a number */
export function programFields(proto: ProgramProto): ProgramRef | undefined {
  const runtime: Offer__Output['runtime'] | number = proto.runtime;
  const program = digestField(proto.programDigest, 'program_digest');
  switch (runtime) {
    case 'RUNTIME_JAVASCRIPT': {
      if (proto.setup !== null) throw new Violation('a JavaScript program has no setup');
      const programBytes = whole(proto.programBytes, 1, limits.scriptBytesMax, 'program_bytes');
      return { runtime: 'javascript', program, programBytes };
    }
    case 'RUNTIME_WASI': {
      const programBytes = whole(proto.programBytes, 1, limits.moduleBytesMax, 'program_bytes');
      const setup = blobField(proto.setup, limits.setupBytesMax, 'the setup');
      return { runtime: 'wasi', program, programBytes, setup };
    }
    case 'RUNTIME_UNSPECIFIED':
      throw new Violation('runtime is not set');
    default:
      return undefined;
  }
}

const uint32Max = 2 ** 32 - 1;

export function limitsField(proto: ChunkLimits__Output | null): ChunkLimits {
  if (proto === null) throw new Violation('limits are not set');
  const { wallMsMax, memoryBytesMax, resultBytesMax, stderrBytesMax } = proto;
  return {
    wallMsMax: whole(wallMsMax, 1, uint32Max, 'wall_ms_max'),
    memoryBytesMax: whole(memoryBytesMax, 1, Number.MAX_SAFE_INTEGER, 'memory_bytes_max'),
    resultBytesMax: whole(resultBytesMax, 1, limits.resultBytesMax, 'result_bytes_max'),
    stderrBytesMax: whole(stderrBytesMax, 0, limits.stderrBytesMax, 'stderr_bytes_max'),
  };
}
