/** The records of an audit file, and the seal that its requester puts under them. */

import type { KeyObject } from 'node:crypto';

import type { AuditHeader, AuditPeer, AuditRecord, AuditSeal } from '../model/audit.ts';
import { unreachable } from '../model/errors.ts';
import type { JobId, PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Signed } from '../model/signed.ts';
import { digestField, jobIdField, parse, peerIdField, sized, Violation, whole } from './bounds.ts';
import type { AuditHeader__Output } from './generated/manyhands/v1/AuditHeader.ts';
import type { AuditPeer__Output } from './generated/manyhands/v1/AuditPeer.ts';
import type { AuditRecord as RecordProto } from './generated/manyhands/v1/AuditRecord.ts';
import type { AuditRecord__Output } from './generated/manyhands/v1/AuditRecord.ts';
import type { AuditStatement__Output } from './generated/manyhands/v1/AuditStatement.ts';
import { type PeerKey, peerKeyOf } from './peer-key.ts';
import { loadPeerProto } from './proto.ts';
import { signBytes, verifyBytes } from './signing.ts';

const DIGEST_BYTES = 32;
/** With names of `pieceFilesMax` files, each of `pathCharsMax`, it has some 2.6 MB. */
const SPEC_BYTES_MAX = 3 * 1024 * 1024;
/** Digests in one record: 256 KiB. */
export const auditDigestsMax = 8192;
export const auditPieceBytesMax = limits.blobPieceBytes;
/** Of a whole record: a header with the longest spec is the largest. */
export const auditRecordBytesMax = SPEC_BYTES_MAX + 1024;
const COUNTED_BYTES_MAX = Math.ceil(limits.statementReplicasMax / 8);
/** The seal's parts have 120 bytes. */
const SEAL_BYTES_MAX = 256;

export function encodeAuditRecord(record: AuditRecord): Buffer {
  return loadPeerProto().auditRecord.serialize(recordProto(record));
}

function recordProto(record: AuditRecord): RecordProto {
  switch (record.type) {
    case 'header': {
      const { job, spec, chunks, inputs = '' } = record;
      const inputsDigest = hex(inputs);
      return { header: { jobId: hex(job), spec, chunks, inputsDigest } };
    }
    case 'peer': {
      const { peer, returned, accepted, isCaught: caught, passed } = record;
      // Up, so that nobody falls below what he was believed on.
      const passedThousandths = Math.ceil(passed * 1000);
      return { peer: { peer, returned, accepted, caught, passedThousandths } };
    }
    case 'digests':
      return { digests: { digests: record.digests } };
    case 'equivalent': {
      const { chunk, digest, of } = record;
      return { equivalent: { chunk, digest: hex(digest), of: hex(of) } };
    }
    case 'statement': {
      const { signed, counted } = record;
      return { statement: { signed, ...(counted !== undefined && { counted }) } };
    }
    case 'blob': {
      const { digest, piece, isLast: last } = record;
      return { blob: { digest: hex(digest), piece, last } };
    }
    case 'seal':
      return { seal: { ...record.signed } };
    default:
      return unreachable(record);
  }
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex');
}

/** @throws {Violation} */
export function decodeAuditRecord(bytes: Uint8Array): AuditRecord {
  const { auditRecord } = loadPeerProto();
  const proto = parse(bytes, 'AuditRecord', {}, auditRecord.deserialize);
  return readHead(proto) ?? readBody(proto);
}

function readHead({ header, peer, digests }: AuditRecord__Output): AuditRecord | undefined {
  if (header) return { type: 'header', ...readHeader(header) };
  if (peer) return { type: 'peer', ...readPeer(peer) };
  if (!digests) return undefined;
  const { length } = sized(digests.digests, 0, auditDigestsMax * DIGEST_BYTES, 'a page of digests');
  if (length % DIGEST_BYTES !== 0) throw new Violation('a page ends in the middle of a digest');
  return { type: 'digests', digests: digests.digests };
}

function readBody({ equivalent, statement, blob, seal }: AuditRecord__Output): AuditRecord {
  if (equivalent) {
    return {
      type: 'equivalent',
      chunk: whole(equivalent.chunk, 0, limits.jobChunksMax - 1, 'chunk'),
      digest: digestField(equivalent.digest, 'digest'),
      of: digestField(equivalent.of, 'of'),
    };
  }
  if (statement) return { type: 'statement', ...readStatement(statement) };
  if (blob) {
    const { digest, piece, last: isLast } = blob;
    sized(piece, 0, auditPieceBytesMax, 'a piece of a blob');
    return { type: 'blob', digest: digestField(digest, 'digest'), piece, isLast };
  }
  if (seal) return { type: 'seal', signed: seal };
  throw new Violation('it is no record that is known');
}

function readHeader({ jobId, spec, chunks, inputsDigest }: AuditHeader__Output): AuditHeader {
  return {
    job: jobIdField(jobId),
    spec: sized(spec, 1, SPEC_BYTES_MAX, 'spec'),
    chunks: whole(chunks, 0, limits.jobChunksMax, 'chunks'),
    ...(inputsDigest.length > 0 && { inputs: digestField(inputsDigest, 'inputs_digest') }),
  };
}

function readPeer(proto: AuditPeer__Output): AuditPeer {
  const { returned, accepted, passedThousandths, caught: isCaught } = proto;
  return {
    peer: peerIdField(proto.peer, 'peer'),
    returned: whole(returned, 0, Number.MAX_SAFE_INTEGER, 'returned'),
    accepted: whole(accepted, 0, Number.MAX_SAFE_INTEGER, 'accepted'),
    isCaught,
    passed: whole(passedThousandths, 0, Number.MAX_SAFE_INTEGER, 'passed_thousandths') / 1000,
  };
}

function readStatement({ signed, counted }: AuditStatement__Output): {
  readonly signed: Signed;
  readonly counted?: Uint8Array;
} {
  if (signed === null) throw new Violation('a statement is not there');
  if (counted.length === 0) return { signed };
  return { signed, counted: sized(counted, 1, COUNTED_BYTES_MAX, 'counted') };
}

export function signAuditSeal(
  job: JobId,
  { records, digest, header }: AuditSeal,
  { spki }: PeerKey,
  privateKey: KeyObject,
): Signed {
  const payload = loadPeerProto().auditSeal.serialize({
    jobId: hex(job),
    records,
    digest: hex(digest),
    headerDigest: hex(header),
  });
  const signature = signBytes(privateKey, 'manyhands/v1/audit', payload);
  return { payload, publicKey: spki, signature };
}

/**
 * @returns it and whose it is
 * @throws {Violation}
 */
export function readAuditSeal({
  payload,
  publicKey,
  signature,
}: Signed): AuditSeal & { readonly job: JobId; readonly peer: PeerId } {
  const signer = peerKeyOf(publicKey);
  if (signer === undefined) throw new Violation("the seal's key is not an ECDSA P-256 key");
  sized(payload, 1, SEAL_BYTES_MAX, 'the seal');
  if (!verifyBytes(signer.key, 'manyhands/v1/audit', payload, signature)) {
    throw new Violation("the seal's signature does not fit its key");
  }
  const proto = parse(payload, 'AuditSeal', {}, loadPeerProto().auditSeal.deserialize);
  return {
    peer: signer.peer,
    job: jobIdField(proto.jobId),
    records: whole(proto.records, 0, Number.MAX_SAFE_INTEGER, 'records'),
    digest: digestField(proto.digest, 'digest'),
    header: digestField(proto.headerDigest, 'header_digest'),
  };
}
