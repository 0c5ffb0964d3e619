/**
 * A peer that signs its results, so that a journal can tell whose they are: its id is the digest of
 * a real public key, the same for each number. The signatures are empty. Whoever looks at one has
 * checked it when it came, which is up to the transport.
 */

import { createECDH } from 'node:crypto';

import type { PeerId } from '../../../src/model/ids.ts';
import type { ResultFrame } from '../../../src/model/replica.ts';
import type { Signed } from '../../../src/model/signed.ts';
import { peerKeyOf } from '../../../src/wire/peer-key.ts';
import { encodeStatement } from '../../../src/wire/statement-codec.ts';

/** SubjectPublicKeyInfo of a P-256 key, up to the point (RFC 5480). */
const SPKI_HEAD = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
const SCALAR_BYTES = 32;

const nothing = new Uint8Array();

export class Signer {
  readonly peer: PeerId;
  readonly #spki: Uint8Array;

  /** @param number from 1 */
  constructor(number: number) {
    const key = createECDH('prime256v1');
    key.setPrivateKey(Buffer.from(number.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex'));
    this.#spki = Buffer.concat([SPKI_HEAD, key.getPublicKey()]);
    const peer = peerKeyOf(this.#spki)?.peer;
    if (peer === undefined) throw new Error(`${number} makes no key`);
    this.peer = peer;
  }

  /** @param frame of at most `statementReplicasMax` replicas */
  sign(frame: ResultFrame): Signed {
    return { payload: encodeStatement(frame), publicKey: this.#spki, signature: nothing };
  }
}
