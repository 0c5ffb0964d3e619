/**
 * How much a peer is given at a time, by what became of its leases. A lease that expired or a chunk
 * that failed is no lie: the machine may be slow, small, or off. But work that is leased to who
 * never finishes it keeps others waiting.
 *
 * As TCP does with what it may send: each lease that comes to nothing halves what the peer may
 * hold, each result adds one. Who fails now and then does not notice; who always does holds one
 * lease, and is back where it was when it has recovered. Not kept: a restart forgives.
 */

import type { PeerId } from '../../model/ids.ts';
import { limits } from '../../model/limits.ts';
import { BoundedMap } from '../bounded-map.ts';

export class Reliability {
  /** Of peers that may hold less than all. */
  readonly #windows = new BoundedMap<PeerId, number>(limits.contributorsMax);

  /** How many leases it may hold, at least 1. */
  window(peer: PeerId): number {
    return Math.floor(this.#windows.get(peer) ?? limits.leasesHeldMax);
  }

  finished(peer: PeerId): void {
    const window = this.#windows.get(peer);
    if (window === undefined) return;
    if (window + 1 >= limits.leasesHeldMax) this.#windows.delete(peer);
    else this.#windows.put(peer, window + 1);
  }

  failed(peer: PeerId): void {
    const window = this.#windows.get(peer) ?? limits.leasesHeldMax;
    this.#windows.put(peer, Math.max(window / 2, 1));
  }
}
