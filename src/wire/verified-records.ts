/**
 * Peer records whose signatures were checked already. The same records come again and again, with
 * every shuffle that passes through, and a check costs 70 us. A record is the same if its payload,
 * key and signature are, byte for byte: nothing that a stranger sends stands for what was verified.
 *
 * Of each key there is one record, so that a peer takes one place however many it signs. Only what
 * was verified comes in. Whoever makes up keys to push the others out pays with a signature for
 * each, and gains no more than that the others are checked again.
 */

import type { SignedRecord } from '../model/peer-record.ts';
import type { Signed } from '../model/signed.ts';

export class VerifiedRecords {
  readonly #countMax: number;
  /** By key, the one unused for longest first. */
  readonly #records = new Map<string, SignedRecord>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  find(signed: Signed): SignedRecord | undefined {
    const name = nameOf(signed.publicKey);
    const known = this.#records.get(name);
    if (known === undefined || !isEqual(known.signed, signed)) return undefined;
    // Moves it to the young end: a Map iterates in the order of insertion.
    this.#records.delete(name);
    this.#records.set(name, known);
    return known;
  }

  /** To be called with verified records only. An older one does not take a newer one's place. */
  add(record: SignedRecord): void {
    const name = nameOf(record.signed.publicKey);
    const known = this.#records.get(name);
    if (known !== undefined && known.record.sequence > record.record.sequence) return;
    this.#records.delete(name);
    this.#records.set(name, record);
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= this.#countMax) break;
      this.#records.delete(oldest);
    }
  }
}

function nameOf(publicKey: Uint8Array): string {
  return Buffer.from(publicKey).toString('latin1');
}

function isEqual(one: Signed, other: Signed): boolean {
  return (
    Buffer.compare(one.payload, other.payload) === 0 &&
    Buffer.compare(one.publicKey, other.publicKey) === 0 &&
    Buffer.compare(one.signature, other.signature) === 0
  );
}
