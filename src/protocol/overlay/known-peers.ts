/**
 * Peers that this one has met, in this run or earlier ones, and where: the way back into the grid
 * when the passive view has gone, and the way in after a restart without an entrance. Unlike the
 * passive view nobody else can fill it: each was a neighbour, at an address that this peer had
 * dialled itself, or for a minute at least.
 *
 * What is kept for the next start are these and, behind the present neighbours, the passive view.
 */

import type { PeerId } from '../../model/ids.ts';
import { limits } from '../../model/limits.ts';
import type { KnownPeer, SignedRecord } from '../../model/peer-record.ts';
import { BoundedMap } from '../bounded-map.ts';

/** A machine that was not seen for so long has likely moved; a guess. */
const AGE_MS_MAX = 30 * 24 * 3_600_000;

export type Met = {
  readonly record: SignedRecord;
  /** The address that this peer has dialled, if it did. */
  readonly dialled: string | undefined;
};

export class KnownPeers {
  readonly #self: PeerId;
  /** The last seen last. */
  readonly #peers = new BoundedMap<PeerId, KnownPeer>(limits.knownPeersMax);

  /** @param known of earlier runs, the last seen first */
  constructor(self: PeerId, known: readonly KnownPeer[]) {
    this.#self = self;
    for (const peer of known.slice(0, limits.knownPeersMax).reverse()) this.#put(peer);
  }

  /** The last seen first. */
  lastFirst(unixMs: number): KnownPeer[] {
    const peers = [...this.#peers.values()].filter(
      ({ seenAtMs }) => seenAtMs > unixMs - AGE_MS_MAX,
    );
    return peers.reverse();
  }

  /** It was a neighbour until now. */
  met(met: Met, unixMs: number): void {
    this.#put(knownFrom(met, unixMs));
  }

  /** It misbehaved. */
  forget(peer: PeerId): void {
    this.#peers.delete(peer);
  }

  /** For the next start: neighbours first, then the passive view, then the others. */
  toKeep(neighbours: Iterable<Met>, passive: Iterable<SignedRecord>, unixMs: number): KnownPeer[] {
    const kept = new Map<PeerId, KnownPeer>();
    const keep = (known: KnownPeer) => {
      if (kept.size >= limits.knownPeersMax || known.addresses.length === 0) return;
      if (!kept.has(known.peer)) kept.set(known.peer, known);
    };
    for (const neighbour of neighbours) keep(knownFrom(neighbour, unixMs));
    for (const { record } of passive) {
      const { peer, addresses, sequence } = record;
      if (record.expiresAtMs > unixMs) {
        keep({ peer, addresses, seenAtMs: Math.min(sequence, unixMs) });
      }
    }
    for (const known of this.lastFirst(unixMs)) keep(known);
    return [...kept.values()];
  }

  #put(known: KnownPeer): void {
    if (known.peer === this.#self || known.addresses.length === 0) return;
    this.#peers.put(known.peer, known);
  }
}

/** Where it was found comes first: what it says of itself may hold in its own network only. */
function knownFrom({ record: { record }, dialled }: Met, seenAtMs: number): KnownPeer {
  const { peer } = record;
  if (dialled === undefined) return { peer, addresses: record.addresses, seenAtMs };
  const others = record.addresses.filter((address) => address !== dialled);
  const addresses = [dialled, ...others].slice(0, limits.peerAddressesMax);
  return { peer, addresses, seenAtMs };
}
