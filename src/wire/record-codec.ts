/**
 * Peer records: signed once by their peer, then passed on as the very bytes that were signed. Who
 * it is that a record speaks of is derived from its key, never from what is said.
 */

import type { KeyObject } from 'node:crypto';

import { limits } from '../model/limits.ts';
import type { PeerRecord, SignedRecord } from '../model/peer-record.ts';
import type { Signed } from '../model/signed.ts';
import {
  addressesField,
  featuresField,
  parse,
  type Shape,
  sized,
  Violation,
  whole,
} from './bounds.ts';
import type { Signed__Output } from './generated/manyhands/v1/Signed.ts';
import { type PeerKey, peerKeyOf } from './peer-key.ts';
import { loadPeerProto } from './proto.ts';
import { signatureBytesMax, signBytes, verifyBytes } from './signing.ts';
import { VerifiedRecords } from './verified-records.ts';

/**
 * The last addresses and features are left out as far as the bounds demand. What is returned says
 * what was signed.
 * @param own the peer's key; its id must be the record's peer
 */
export function signRecord(record: PeerRecord, own: PeerKey, privateKey: KeyObject): SignedRecord {
  if (record.peer !== own.peer) throw new Error(`record of ${record.peer}, not of ${own.peer}`);
  const payloadBytesMax = limits.recordBytesMax - own.spki.length - signatureBytesMax;
  const addresses = record.addresses.slice(0, limits.peerAddressesMax);
  const features = record.features.slice(0, limits.featuresMax);
  const bounded = { ...record, addresses, features };
  let payload = encodeRecord(bounded);
  while (payload.length > payloadBytesMax) {
    // One address says where to go; what its peer can do then counts for more than another.
    if (addresses.length > 1) addresses.pop();
    else features.pop();
    payload = encodeRecord(bounded);
  }
  const signature = signBytes(privateKey, 'manyhands/v1/peer-record', payload);
  return { record: bounded, signed: { payload, publicKey: own.spki, signature } };
}

function encodeRecord({ addresses, features, sequence, expiresAtMs }: PeerRecord): Uint8Array {
  return loadPeerProto().peerRecord.serialize({
    addresses: [...addresses],
    features: [...features],
    sequence,
    expiresAtMs,
  });
}

/**
 * As many as pass a peer of a large grid in some minutes, 1 to 2 KiB each; a guess. Dropping the
 * one unused for longest costs 100 us when it returns.
 */
const verified = new VerifiedRecords(4096);

const recordShape: Shape = { counts: { 1: limits.peerAddressesMax, 2: limits.featuresMax } };

/** @throws {Violation} */
export function readSignedRecord(signed: Signed__Output | Signed): SignedRecord {
  const { payload, publicKey, signature } = signed;
  const besideBytes = publicKey.length + signature.length;
  sized(payload, 1, limits.recordBytesMax - besideBytes, 'a signed peer record');
  const known = verified.find(signed);
  if (known !== undefined) return known;
  const signer = peerKeyOf(publicKey);
  if (signer === undefined) throw new Violation("a record's public key is not an ECDSA P-256 key");
  if (!verifyBytes(signer.key, 'manyhands/v1/peer-record', payload, signature)) {
    throw new Violation("a record's signature does not fit its key");
  }
  const proto = parse(payload, 'PeerRecord', recordShape, loadPeerProto().peerRecord.deserialize);
  const record = {
    record: {
      peer: signer.peer,
      addresses: addressesField(proto.addresses),
      features: featuresField(proto.features, 'features'),
      sequence: whole(proto.sequence, 0, Number.MAX_SAFE_INTEGER, 'sequence'),
      expiresAtMs: whole(proto.expiresAtMs, 0, Number.MAX_SAFE_INTEGER, 'expires_at_ms'),
    },
    // Copies: a record is kept for long, and a view would keep the frame that it came in.
    signed: {
      payload: new Uint8Array(payload),
      publicKey: signer.spki,
      signature: new Uint8Array(signature),
    },
  };
  verified.add(record);
  return record;
}
