/**
 * A peer's public key and the id that it gives the peer. Keys are parsed once and kept: the same
 * few requesters sign every offer that passes through.
 */

import { createPublicKey, hash, type KeyObject } from 'node:crypto';

import { peerId, type PeerId } from '../model/ids.ts';

export type PeerKey = {
  readonly peer: PeerId;
  readonly key: KeyObject;
  /** SubjectPublicKeyInfo, DER: the bytes that the id is the digest of. */
  readonly spki: Uint8Array;
};

/** @returns undefined if the bytes are not an ECDSA P-256 key in its one canonical encoding */
export function peerKeyOf(spki: Uint8Array): PeerKey | undefined {
  if (spki.length !== spkiBytes) return undefined;
  const bytes = Buffer.from(spki);
  const name = bytes.toString('latin1');
  const known = keys.get(name);
  if (known !== undefined) {
    // Moves it to the young end: a Map iterates in the order of insertion.
    keys.delete(name);
    keys.set(name, known);
    return known;
  }
  const key = parseKey(bytes);
  if (key === undefined) return undefined;
  const peerKey = { peer: peerIdOf(bytes), key, spki: bytes };
  keys.set(name, peerKey);
  for (const oldest of keys.keys()) {
    if (keys.size <= keysMax) break;
    keys.delete(oldest);
  }
  return peerKey;
}

/** An uncompressed point on P-256; a compressed one would give the same key a second id. */
const spkiBytes = 91;

/** About 1 KiB each. Dropping the one unused for longest costs 30 us when it returns. */
const keysMax = 1024;
const keys = new Map<string, PeerKey>();

function parseKey(spki: Buffer): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const isP256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return isP256 && key.export({ format: 'der', type: 'spki' }).equals(spki) ? key : undefined;
  } catch {
    return undefined;
  }
}

function peerIdOf(spki: Uint8Array): PeerId {
  return peerId(base32(hash('sha256', spki, 'buffer')));
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648 base32 in lower case without padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((pending >> bits) & 31);
    }
    pending &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet.charAt((pending << (5 - bits)) & 31);
}
