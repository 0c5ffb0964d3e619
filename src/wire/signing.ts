/**
 * Signatures over exact bytes, in a context: the same bytes signed as an offer are no signature as
 * results. ECDSA P-256 with SHA-256, DER, over the context as ASCII, one zero byte, the payload.
 */

import { sign, verify, type KeyObject } from 'node:crypto';

/** What a signed payload is. */
export type SigningContext =
  | 'manyhands/v1/audit'
  | 'manyhands/v1/evidence'
  | 'manyhands/v1/offer'
  | 'manyhands/v1/peer-record'
  | 'manyhands/v1/receipt'
  | 'manyhands/v1/results';

/** About 26 us: sign frames, not single results. */
export function signBytes(key: KeyObject, context: SigningContext, payload: Uint8Array): Buffer {
  return sign('sha256', statement(context, payload), key);
}

/** About 69 us. False for anything that is no valid signature, well formed or not. */
export function verifyBytes(
  key: KeyObject,
  context: SigningContext,
  payload: Uint8Array,
  signature: Uint8Array,
): boolean {
  // A DER signature of P-256 has at most 72 bytes; what is longer isn't worth the parser's time.
  if (signature.length > signatureBytesMax) return false;
  return verify('sha256', statement(context, payload), key, signature);
}

export const signatureBytesMax = 72;

const prefixes: Readonly<Record<SigningContext, Buffer>> = {
  'manyhands/v1/evidence': Buffer.from('manyhands/v1/evidence\0', 'ascii'),
  'manyhands/v1/audit': Buffer.from('manyhands/v1/audit\0', 'ascii'),
  'manyhands/v1/offer': Buffer.from('manyhands/v1/offer\0', 'ascii'),
  'manyhands/v1/peer-record': Buffer.from('manyhands/v1/peer-record\0', 'ascii'),
  'manyhands/v1/receipt': Buffer.from('manyhands/v1/receipt\0', 'ascii'),
  'manyhands/v1/results': Buffer.from('manyhands/v1/results\0', 'ascii'),
};

function statement(context: SigningContext, payload: Uint8Array): Buffer {
  return Buffer.concat([prefixes[context], payload]);
}
