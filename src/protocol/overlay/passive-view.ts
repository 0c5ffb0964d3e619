/**
 * Peers that could be neighbours, by hearsay: a random sample of the grid that shuffles keep fresh,
 * to replace lost neighbours from. Nobody here was asked whether it is there.
 *
 * When it is full somebody goes for each that comes, at random, so that no stranger can foresee who
 * stays. What strangers tell can wash it through all the same, at the pace of shuffles; therefore
 * peers that this one has met are kept apart (`known-peers.ts`).
 *
 * A network with its share full makes room by one of its own, so that nobody can keep others out by
 * records that name addresses in their networks. Peers of this peer's own networks and those with
 * addresses that only mean something nearby count as one network that may take free places as well:
 * a laboratory has no other.
 */

import type { PeerId } from '../../model/ids.ts';
import { addressPrefixes } from '../../model/network-prefix.ts';
import type { SignedRecord } from '../../model/peer-record.ts';
import { isFresh, type OwnRecord } from './own-record.ts';
import { PrefixTally } from './prefix-tally.ts';
import type { Random } from '../random.ts';

/**
 * Twice HyParView's 30: after a crash of 90 % a view of 30 is all dead with a chance of 4 %, one of
 * 60 with 0.2 %.
 */
export const PASSIVE_MAX = 60;
/** Of one network prefix: a tenth; a guess. */
export const PASSIVE_PER_PREFIX_MAX = 6;

/** In the place of a prefix. */
const HOME = 'home';

type Place = { readonly peer: PeerId; readonly network: string };

export class PassiveView {
  readonly #own: OwnRecord;
  readonly #random: Random;
  readonly #records = new Map<PeerId, SignedRecord>();
  /** The same peers, in no order: one by chance is had without going through all. */
  readonly #places: Place[] = [];
  readonly #tally = new PrefixTally(PASSIVE_PER_PREFIX_MAX);
  #revision = 0;

  constructor(own: OwnRecord, random: Random) {
    this.#own = own;
    this.#random = random;
  }

  /** Rises with everything new. */
  get revision(): number {
    return this.#revision;
  }

  /** Some may have expired. */
  get records(): ReadonlyMap<PeerId, SignedRecord> {
    return this.#records;
  }

  get(peer: PeerId): SignedRecord | undefined {
    return this.#records.get(peer);
  }

  /**
   * Takes it, if it is newer than what is known.
   * @param record a fresh one of another peer that is no neighbour
   * @param sacrifices who goes first when there is no room; those that went are taken out
   */
  add(record: SignedRecord, sacrifices: PeerId[] = []): void {
    const { peer, addresses, sequence } = record.record;
    if (addresses.length === 0) return;
    const known = this.#records.get(peer);
    if (known !== undefined && known.record.sequence >= sequence) return;
    // What it had has been outdated by itself.
    if (known !== undefined) this.remove(peer);
    const network = this.#networkOf(addresses);
    const isFull = this.#places.length >= PASSIVE_MAX;
    const hasShare = this.#tally.admits([network]);
    if (!hasShare && (isFull || network !== HOME)) this.#makeRoomIn(network, sacrifices);
    else if (isFull) this.#makeRoom(sacrifices);
    this.#places.push({ peer, network });
    this.#records.set(peer, record);
    this.#tally.add([network]);
    this.#revision += 1;
  }

  remove(peer: PeerId): void {
    if (!this.#records.has(peer)) return;
    this.#removePlace(this.#places.findIndex((place) => place.peer === peer));
  }

  /** Up to `count` fresh ones in random order; those that have expired are dropped on the way. */
  sample(count: number, unixMs: number): SignedRecord[] {
    const taken: SignedRecord[] = [];
    for (let index = 0; index < this.#places.length && taken.length < count;) {
      const record = this.#draw(index);
      if (record !== undefined && isFresh(record, unixMs)) {
        taken.push(record);
        index += 1;
      } else this.#removePlace(index);
    }
    return taken;
  }

  /** All in random order. The one just given may be removed, and nothing added. */
  *shuffled(): Generator<SignedRecord> {
    for (let index = 0; index < this.#places.length;) {
      const record = this.#draw(index);
      if (record === undefined) return;
      yield record;
      // Where it was removed there is another one now.
      if (this.#places[index]?.peer === record.record.peer) index += 1;
    }
  }

  /** One by chance of the places from `index` on, which is put there. */
  #draw(index: number): SignedRecord | undefined {
    const other = index + Math.floor(this.#random.next() * (this.#places.length - index));
    const here = this.#places[index];
    const drawn = this.#places[other];
    if (here === undefined || drawn === undefined) return undefined;
    this.#places[other] = here;
    this.#places[index] = drawn;
    return this.#records.get(drawn.peer);
  }

  #makeRoom(sacrifices: PeerId[]): void {
    for (let peer = sacrifices.pop(); peer !== undefined; peer = sacrifices.pop()) {
      if (!this.#records.has(peer)) continue;
      this.remove(peer);
      return;
    }
    const index = Math.floor(this.#random.next() * this.#places.length);
    this.#removePlace(index);
  }

  /** Of one network that has a peer here. */
  #makeRoomIn(network: string, sacrifices: PeerId[]): void {
    const members = this.#places.filter((place) => place.network === network);
    const sacrificed = members.find(({ peer }) => sacrifices.includes(peer));
    const member = sacrificed ?? members[Math.floor(this.#random.next() * members.length)];
    if (member === undefined) return;
    if (sacrificed !== undefined) sacrifices.splice(sacrifices.indexOf(member.peer), 1);
    this.remove(member.peer);
  }

  /** Of several prefixes one counts, so that a record takes one place however many it names. */
  #networkOf(addresses: readonly string[]): string {
    return this.#own.foreign(addressPrefixes(addresses))[0] ?? HOME;
  }

  #removePlace(index: number): void {
    const place = this.#places[index];
    const last = this.#places.pop();
    if (place === undefined || last === undefined) return;
    if (index < this.#places.length) this.#places[index] = last;
    this.#records.delete(place.peer);
    this.#tally.remove([place.network]);
  }
}
