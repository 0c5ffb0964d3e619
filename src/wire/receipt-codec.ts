/**
 * Receipts: signed by a requester, kept and shown as the very bytes that were signed. Who it is
 * that thanks is derived from the key, never from what is said.
 */

import type { KeyObject } from 'node:crypto';

import { limits } from '../model/limits.ts';
import type { Receipt, SignedReceipt } from '../model/receipt.ts';
import type { Signed } from '../model/signed.ts';
import {
  cut,
  jobIdField,
  parse,
  peerIdField,
  printable,
  sized,
  textField,
  Violation,
  whole,
} from './bounds.ts';
import type { Signed__Output } from './generated/manyhands/v1/Signed.ts';
import { type PeerKey, peerKeyOf } from './peer-key.ts';
import { loadPeerProto } from './proto.ts';
import { signBytes, verifyBytes } from './signing.ts';

/** The last moment that JavaScript's dates know (ECMA-262, section 21.4.1.1). */
const UNIX_MS_MAX = 8.64e15;

/** @param own the requester's key; its id must be the receipt's requester */
export function signReceipt(receipt: Receipt, own: PeerKey, privateKey: KeyObject): SignedReceipt {
  if (receipt.requester !== own.peer)
    throw new Error(`receipt of ${receipt.requester}, not of ${own.peer}`);
  const payload = encodeReceipt(receipt);
  const signature = signBytes(privateKey, 'manyhands/v1/receipt', payload);
  return { receipt, signed: { payload, publicKey: own.spki, signature } };
}

function encodeReceipt(receipt: Receipt): Uint8Array {
  const { peer, job, name, chunks, computeSeconds, issuedAtMs } = receipt;
  return loadPeerProto().receipt.serialize({
    peer,
    jobId: Buffer.from(job, 'hex'),
    name: cut(printable(name, 'one-line'), limits.nameCharsMax),
    chunks,
    // The sum of what the volunteer said, who may have said anything.
    computeUs: Math.min(Math.round(computeSeconds * 1e6), Number.MAX_SAFE_INTEGER),
    issuedAtMs,
  });
}

/** @throws {Violation} */
export function readSignedReceipt(signed: Signed__Output | Signed): SignedReceipt {
  const { payload, publicKey, signature } = signed;
  const besideBytes = publicKey.length + signature.length;
  sized(payload, 1, limits.receiptBytesMax - besideBytes, 'a signed receipt');
  const signer = peerKeyOf(publicKey);
  if (signer === undefined) throw new Violation("a receipt's public key is not an ECDSA P-256 key");
  if (!verifyBytes(signer.key, 'manyhands/v1/receipt', payload, signature)) {
    throw new Violation("a receipt's signature does not fit its key");
  }
  const proto = parse(payload, 'Receipt', {}, loadPeerProto().receipt.deserialize);
  return {
    receipt: {
      requester: signer.peer,
      peer: peerIdField(proto.peer, 'peer'),
      job: jobIdField(proto.jobId),
      name: textField(proto.name, limits.nameCharsMax, 'name', 'one-line'),
      chunks: whole(proto.chunks, 1, limits.jobChunksMax, 'chunks'),
      computeSeconds: whole(proto.computeUs, 0, Number.MAX_SAFE_INTEGER, 'compute_us') / 1e6,
      issuedAtMs: whole(proto.issuedAtMs, 0, UNIX_MS_MAX, 'issued_at_ms'),
    },
    // Copies: a view would keep the frame that it came in.
    signed: {
      payload: new Uint8Array(payload),
      publicKey: signer.spki,
      signature: new Uint8Array(signature),
    },
  };
}
