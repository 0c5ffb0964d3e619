/**
 * What intruders share. They are one party: whom or what offer one of them knows, all know at once,
 * and each tells its neighbours of the others only. Keys are free, so they also have the records of
 * peers that they made up: rightly signed, and at addresses where nobody is, or somebody else.
 */

import { type PeerId, peerId } from '../../../../src/model/ids.ts';
import type { Offer, SignedOffer } from '../../../../src/model/offer.ts';
import type { SignedRecord } from '../../../../src/model/peer-record.ts';
import { type Random, sample } from '../../../../src/protocol/random.ts';
import { signRecord } from '../signature.ts';

/** On a clock that is right (`drifting-clock.ts`). */
const BEGINNING_UNIX_MS = 1_800_000_000_000;
const RECORD_VALID_MS = 3_600_000;
/** The last ones that were heard of: enough for all that is said over and over. */
const OFFERS_MAX = 512;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

export type ConspiracyOptions = {
  readonly random: Random;
  readonly nowMs: () => number;
  /** Called with each offer that an intruder signs for itself. */
  readonly onOffer: (offer: Offer) => void;
  /** Called with each record that was signed by whom it is of. */
  readonly onRecord: (record: SignedRecord) => void;
};

export class Conspiracy {
  readonly random: Random;
  readonly onOffer: (offer: Offer) => void;
  /** Of intruders. */
  readonly members = new Map<PeerId, SignedRecord>();
  /** Of peers that were made up. */
  readonly madeUp = new Map<PeerId, SignedRecord>();
  /** Records of correct peers, the first that came of each. */
  readonly victims = new Map<PeerId, SignedRecord>();
  /** Offers of correct peers, the last one last. */
  readonly offers: SignedOffer[] = [];
  readonly #nowMs: () => number;
  readonly #onRecord: (record: SignedRecord) => void;
  readonly #heard = new Set<Offer>();
  readonly #ears: ((offer: SignedOffer) => void)[] = [];

  constructor({ random, nowMs, onOffer, onRecord }: ConspiracyOptions) {
    this.random = random;
    this.onOffer = onOffer;
    this.#nowMs = nowMs;
    this.#onRecord = onRecord;
  }

  get unixMs(): number {
    return Math.round(BEGINNING_UNIX_MS + this.#nowMs());
  }

  recordOf(peer: PeerId, address: string): SignedRecord {
    const { unixMs } = this;
    const expiresAtMs = unixMs + RECORD_VALID_MS;
    const addresses = [address];
    const record = { peer, addresses, features: [], sequence: unixMs, expiresAtMs };
    const signed = signRecord(peer, record);
    this.#onRecord(signed);
    return signed;
  }

  /** Somebody who is not there. */
  makeUp(address: string): void {
    const peer = this.#newId();
    this.madeUp.set(peer, this.recordOf(peer, address));
  }

  learn(records: readonly SignedRecord[]): void {
    for (const record of records) {
      const { peer } = record.record;
      if (this.members.has(peer) || this.madeUp.has(peer) || this.victims.has(peer)) continue;
      this.victims.set(peer, record);
    }
  }

  /** An offer of a correct peer. All are told, once. */
  hear(signed: SignedOffer): void {
    const { offer } = signed;
    if (this.members.has(offer.requester) || this.#heard.has(offer)) return;
    this.#heard.add(offer);
    this.offers.push(signed);
    if (this.offers.length > OFFERS_MAX) this.offers.shift();
    for (const ear of this.#ears) ear(signed);
  }

  onHeard(ear: (offer: SignedOffer) => void): void {
    this.#ears.push(ear);
  }

  /** Records to tell: of members, and as many of the made up. */
  lies(countMax: number): SignedRecord[] {
    const members = sample(this.random, [...this.members.values()], countMax >> 1);
    return [
      ...members,
      ...sample(this.random, [...this.madeUp.values()], countMax - members.length),
    ];
  }

  #newId(): PeerId {
    const letters = Array.from({ length: 52 }, () => BASE32[Math.floor(this.random.next() * 32)]);
    return peerId(letters.join(''));
  }
}
