/**
 * Signatures that can't be forged, without a key: the class is known to this file alone, so that a
 * signature made anywhere else, or one put under another text, is none.
 */

import type { Evidence, SignedEvidence } from '../../../src/model/evidence.ts';
import type { Digest, PeerId } from '../../../src/model/ids.ts';
import type { Offer, SignedOffer } from '../../../src/model/offer.ts';
import type { PeerRecord, SignedRecord } from '../../../src/model/peer-record.ts';
import type { Receipt, SignedReceipt } from '../../../src/model/receipt.ts';
import type { Signed } from '../../../src/model/signed.ts';

type Content = Evidence | Offer | PeerRecord | Receipt;

const nothing = new Uint8Array();

class Signature implements Signed {
  // Nobody but `wire/` looks at bytes.
  readonly payload = nothing;
  readonly publicKey = nothing;
  readonly signature = nothing;
  readonly #signer: PeerId;
  readonly #content: Content;

  constructor(signer: PeerId, content: Content) {
    this.#signer = signer;
    this.#content = content;
  }

  static fits(signed: Signed, signer: PeerId, content: Content): boolean {
    return #content in signed && signed.#content === content && signed.#signer === signer;
  }
}

/** What comes of it is worth nothing when the offer names somebody else as its requester. */
export function signOffer(signer: PeerId, offer: Offer): SignedOffer {
  return { offer, signed: new Signature(signer, offer) };
}

/** The same for a record of another peer. */
export function signRecord(signer: PeerId, record: PeerRecord): SignedRecord {
  return { record, signed: new Signature(signer, record) };
}

/** The same for a receipt of another requester. */
export function signReceipt(signer: PeerId, receipt: Receipt): SignedReceipt {
  return { receipt, signed: new Signature(signer, receipt) };
}

/** The same for evidence of another accuser. What the accused has signed is taken on trust here. */
export function signEvidence(signer: PeerId, id: Digest, evidence: Evidence): SignedEvidence {
  return { id, evidence, signed: new Signature(signer, evidence) };
}

export function isGenuineEvidence({ evidence, signed }: SignedEvidence): boolean {
  return Signature.fits(signed, evidence.accuser, evidence);
}

export function isGenuineOffer({ offer, signed }: SignedOffer): boolean {
  return Signature.fits(signed, offer.requester, offer);
}

export function isGenuineRecord({ record, signed }: SignedRecord): boolean {
  return Signature.fits(signed, record.peer, record);
}

export function isGenuineReceipt({ receipt, signed }: SignedReceipt): boolean {
  return Signature.fits(signed, receipt.requester, receipt);
}
