/**
 * The neighbours: few open links, each agreed on by both sides.
 *
 * Some of them this peer chose, from what it knows; the others were imposed on it, by whoever
 * dialled it, or by a newcomer's walk that ended here. Strangers can impose as many as they like.
 * So once three are imposed, the next one only takes the place of another of them, and two stay
 * that this peer chose. Of the imposed the newest makes room: a crowd of strangers pushes itself
 * out, and not those who were here before. Eviction at random, as in the paper, was rejected for
 * that reason.
 */

import type { PeerId } from '../../model/ids.ts';
import { addressPrefixes, hostPrefix } from '../../model/network-prefix.ts';
import type { SignedRecord } from '../../model/peer-record.ts';
import type { OwnRecord } from './own-record.ts';
import { PrefixTally } from './prefix-tally.ts';
import type { Random } from '../random.ts';
import { WalkPaces } from './walk-pace.ts';

/** HyParView's active view for 10,000 peers: log10(n) + 1. */
const NEIGHBOURS_MAX = 5;
/** The rest of a full view is this peer's own choice. */
const IMPOSED_MAX = 3;
/** Of one network prefix; a guess: a hostile network is not the majority. */
const PER_PREFIX_MAX = 2;

export type Neighbour = {
  readonly peer: PeerId;
  /** Its IP address as it is seen from here. */
  readonly remote: string;
  /** The address that this peer dialled, if it did. */
  readonly dialled: string | undefined;
  readonly imposed: boolean;
  readonly sinceMs: number;
};

type Entry = Neighbour & { readonly paces: WalkPaces; readonly prefixes: readonly string[] };

export class ActiveView {
  readonly #own: OwnRecord;
  readonly #random: Random;
  readonly #records = new Map<PeerId, SignedRecord>();
  /** The newest last. */
  readonly #entries = new Map<PeerId, Entry>();
  readonly #tally = new PrefixTally(PER_PREFIX_MAX);

  constructor(own: OwnRecord, random: Random) {
    this.#own = own;
    this.#random = random;
  }

  get records(): ReadonlyMap<PeerId, SignedRecord> {
    return this.#records;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Neighbours that it has room for. */
  get room(): number {
    return NEIGHBOURS_MAX - this.#records.size;
  }

  has(peer: PeerId): boolean {
    return this.#entries.has(peer);
  }

  get(peer: PeerId): Neighbour | undefined {
    return this.#entries.get(peer);
  }

  /** Whether a neighbour says that it is at one of the addresses. */
  isAt(addresses: readonly string[]): boolean {
    for (const { record } of this.#records.values()) {
      if (addresses.some((address) => record.addresses.includes(address))) return true;
    }
    return false;
  }

  paces(peer: PeerId): WalkPaces | undefined {
    return this.#entries.get(peer)?.paces;
  }

  /**
   * Whether its networks leave it a place.
   * @param remote its IP address, where that is known already
   */
  admits(addresses: readonly string[], remote?: string): boolean {
    return this.#tally.admits(this.#prefixesOf(addresses, remote));
  }

  /** Room must have been made. */
  add(neighbour: Neighbour, record: SignedRecord): void {
    const prefixes = this.#prefixesOf(record.record.addresses, neighbour.remote);
    this.#records.set(neighbour.peer, record);
    this.#entries.set(neighbour.peer, { ...neighbour, paces: new WalkPaces(), prefixes });
    this.#tally.add(prefixes);
  }

  remove(peer: PeerId): void {
    const entry = this.#entries.get(peer);
    if (entry === undefined) return;
    this.#tally.remove(entry.prefixes);
    this.#entries.delete(peer);
    this.#records.delete(peer);
  }

  /** Takes a newer record of a neighbour in the place of the one it had. */
  refresh(record: SignedRecord): void {
    const known = this.#records.get(record.record.peer);
    if (known === undefined || known.record.sequence >= record.record.sequence) return;
    this.#records.set(record.record.peer, record);
  }

  /** A neighbour by chance, none of the excepted ones. */
  any(except: readonly PeerId[]): PeerId | undefined {
    let count = 0;
    for (const peer of this.#records.keys()) if (!except.includes(peer)) count += 1;
    let index = Math.floor(this.#random.next() * count);
    for (const peer of this.#records.keys()) {
      if (!except.includes(peer) && index-- === 0) return peer;
    }
    return undefined;
  }

  /** Who of a full view makes room for one that is imposed. */
  leastForImposed(): PeerId | undefined {
    const imposed = this.#peers(true);
    return imposed.length >= IMPOSED_MAX ? imposed.at(-1) : this.any([]);
  }

  /** Who of a full view makes room for one that this peer chose. */
  leastForChosen(): PeerId | undefined {
    const imposed = this.#peers(true);
    return imposed.length > IMPOSED_MAX ? imposed.at(-1) : this.#peers(false)[0];
  }

  /** Whether this peer chose fewer of them than it should. */
  get imposedTooMany(): boolean {
    return this.#peers(true).length > IMPOSED_MAX;
  }

  #peers(imposed: boolean): PeerId[] {
    const entries = [...this.#entries.values()].filter((entry) => entry.imposed === imposed);
    return entries.map(({ peer }) => peer);
  }

  /**
   * What is seen counts and not what is said: else whoever names addresses in others' networks
   * would take their places. Where nothing is seen yet, or somebody nearby, what is said does. The
   * IP address by itself as well: one in this peer's own network is not beyond counting.
   */
  #prefixesOf(addresses: readonly string[], remote: string | undefined): readonly string[] {
    const seen = remote === undefined ? undefined : hostPrefix(remote);
    if (seen === undefined) return this.#own.foreign(addressPrefixes(addresses));
    return [...this.#own.foreign([seen]), `ip ${remote}`];
  }
}
