/**
 * Signatures that can't be forged, without a key: the class is known to this file alone, so that a
 * signature made anywhere else, or one put under another text, is none.
 */

import type { PeerId } from '../../../src/model/ids.ts';
import type { Offer, SignedOffer } from '../../../src/model/offer.ts';
import type { PeerRecord, SignedRecord } from '../../../src/model/peer-record.ts';
import type { Signed } from '../../../src/model/signed.ts';

const nothing = new Uint8Array();

class Signature implements Signed {
  // Nobody but `wire/` looks at bytes.
  readonly payload = nothing;
  readonly publicKey = nothing;
  readonly signature = nothing;
  readonly #signer: PeerId;
  readonly #content: Offer | PeerRecord;

  constructor(signer: PeerId, content: Offer | PeerRecord) {
    this.#signer = signer;
    this.#content = content;
  }

  static fits(signed: Signed, signer: PeerId, content: Offer | PeerRecord): boolean {
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

export function isGenuineOffer({ offer, signed }: SignedOffer): boolean {
  return Signature.fits(signed, offer.requester, offer);
}

export function isGenuineRecord({ record, signed }: SignedRecord): boolean {
  return Signature.fits(signed, record.peer, record);
}
